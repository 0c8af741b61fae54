"""The verifiers of `ssn_scan` find every kind of corruption, planted one at a time in a right run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import obstore
import orjson
import pytest
from obstore.store import MemoryStore

from operate import results
from operate.errors import ResultsError
from operate.execution import Counts, MapRun
from operate.verification import ssn_arrivals, ssn_scan
from operate.verification.files import RunFiles
from tests.unit.operate import answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from operate.verification.check import Check
    from operate.verification.ssn_scan import Found

ARN = "arn:aws:states:us-east-1:000000000000:mapRun:ssn/Objects:0001"
FOLDER = "out/0001"
BUCKET = "in"
FULL = "900-12-3456"


def key_of(number: int) -> str:
    return f"texts/{number}.txt"


PLANTED: dict[str, Found] = {key_of(n): (0, ()) for n in range(6)}
PLANTED |= {key_of(2): (2, ("1111", "2222")), key_of(4): (1, ("3333",))}
ALL = Counts(total=6, succeeded=6, results_written=6)


def output_of(key: str) -> dict[str, Any]:
    count, last_four = PLANTED[key]
    return {"count": count, "message": {"key": key, "found": {"ssn": {"last_four": list(last_four)}}}}


def object_entry(key: str, *, status: str = "SUCCEEDED", **more: str) -> dict[str, Any]:
    given = {"detail": {"bucket": {"name": BUCKET}, "object": {"key": key}}, "execution": "arn"}
    made = {"Name": key, "Status": status, "Input": answers.dumped(given)}
    return made | ({"Output": answers.dumped(output_of(key))} if status == "SUCCEEDED" else more)


def batch_entry(name: str, keys: list[str], *, failed: list[str]) -> dict[str, Any]:
    scanned = [key for key in keys if key not in failed]
    found = sum(PLANTED[key][0] > 0 for key in scanned)
    answer = {
        "items": len(keys),
        "outcomes": {"clean": len(scanned) - found, "found": found},
        "failed": [{"key": key, "error": "BrokenGzip", "cause": "cut"} for key in failed],
    }
    given = {"BatchInput": {"bucket": BUCKET}, "Items": [{"Key": key, "Size": 9} for key in keys]}
    return {"Name": name, "Status": "SUCCEEDED", "Input": answers.dumped(given), "Output": answers.dumped(answer)}


def item_of(key: str) -> dict[str, Any]:
    count, last_four = PLANTED[key]
    told = {"count": {"N": str(count)}, "last_four": {"L": [{"S": each} for each in last_four]}}
    return {"object": {"S": f"s3://{BUCKET}/{key}"}, "count": {"N": str(count)}, "found": {"M": {"ssn": {"M": told}}}}


@dataclass
class Run:
    """A right run over PLANTED, to be spoilt in one respect."""

    succeeded: list[dict[str, Any]] = field(default_factory=lambda: [object_entry(key) for key in PLANTED])
    failed: list[dict[str, Any]] = field(default_factory=list)
    table: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {f"s3://{BUCKET}/{key}": item_of(key) for key, found in PLANTED.items() if found[0]}
    )
    items: Counts = ALL
    executions: Counts = ALL

    def put_output(self, number: int, output: Any) -> None:
        self.succeeded[number]["Output"] = answers.dumped(output)

    def gathered(self) -> ssn_scan.Ran:
        store = MemoryStore()
        listed: dict[str, list[dict[str, Any]]] = {"SUCCEEDED": [], "FAILED": [], "PENDING": []}
        for status, found in (("SUCCEEDED", self.succeeded), ("FAILED", self.failed)):
            if found:
                body = orjson.dumps(found)
                obstore.put(store, f"{FOLDER}/{status}_0.json", body)
                listed[status].append({"Key": f"{FOLDER}/{status}_0.json", "Size": len(body)})
        manifest = {"DestinationBucket": "b", "MapRunArn": ARN, "ResultFiles": listed}
        obstore.put(store, f"{FOLDER}/manifest.json", orjson.dumps(manifest))
        read = results.read_manifest(store, bucket="b", key=f"{FOLDER}/manifest.json")
        return ssn_scan.gather(RunFiles(map_run=self.map_run, manifest=read, store=store))

    @property
    def map_run(self) -> MapRun:
        return MapRun(
            arn=ARN,
            status="SUCCEEDED",
            max_concurrency=1_000,
            items=self.items,
            executions=self.executions,
            started=datetime(2026, 1, 1, tzinfo=UTC),
            stopped=datetime(2026, 1, 1, 0, 1, tzinfo=UTC),
        )

    def checks(self) -> list[Check]:
        ran = self.gathered()
        excused = ran.unprocessed | ran.failed.keys()
        table = ssn_scan.table_check(PLANTED, self.table, bucket=BUCKET, excused=excused)
        return [*ssn_scan.verify(PLANTED, self.map_run, ran), table]

    def failures(self) -> dict[str, str]:
        return {check.name: check.detail for check in self.checks() if not check.ok}


ONCE = "every object is scanned once"
CHILDREN = "child execution counts agree"
ALONE = "no object failed alone"
FOUND = "children found what was planted"
LEAKS = "no full number in result files"
UNPROCESSED = "failed and pending items are in files"
TABLE = "findings are exactly those planted"


def test_a_right_run_passes_every_check():
    checks = {check.name: check for check in Run().checks()}
    assert all(check.ok for check in checks.values()), "nothing was spoilt"
    assert set(checks) == {ONCE, CHILDREN, ALONE, FOUND, LEAKS, UNPROCESSED, TABLE}
    assert checks[FOUND].detail == "2 objects with numbers of 6, planted in 2"
    assert checks[TABLE].detail == "2 findings, last four digits each"


def batches(*failed: str) -> Run:
    keys = list(PLANTED)
    entries = [batch_entry("one", keys[:4], failed=list(failed)), batch_entry("two", keys[4:], failed=[])]
    return Run(succeeded=entries, executions=Counts(total=2, succeeded=2, results_written=2))


def test_a_right_run_in_batches_passes_every_check():
    assert batches().failures() == {}


def test_an_object_that_failed_alone_is_told_and_excused_from_the_table():
    run = batches(key_of(2))
    del run.table[f"s3://{BUCKET}/{key_of(2)}"]
    assert run.failures() == {ALONE: f"1 failed, e.g. {key_of(2)}: BrokenGzip"}


def test_an_object_that_was_deleted_before_its_turn_is_told():
    run = Run()
    run.put_output(0, {"Error": "NoSuchKey", "Cause": "gone"})
    assert run.failures() == {ALONE: f"1 failed, e.g. {key_of(0)}: gone"}


def lose(run: Run) -> None:
    run.succeeded.pop(1)


def double(run: Run) -> None:
    run.succeeded[1] = object_entry(key_of(0))


def strange(run: Run) -> None:
    run.succeeded[1] = {**object_entry(key_of(1)), "Input": object_entry(key_of(1))["Input"].replace("/1.", "/x.")}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lose, "1 missing, e.g. texts/1.txt"),
        (double, "1 missing, e.g. texts/1.txt; 1 doubled, e.g. texts/0.txt"),
        (strange, "1 missing, e.g. texts/1.txt; 1 not of the source, e.g. texts/x.txt"),
    ],
)
def test_an_object_that_is_lost_doubled_or_strange_is_named(spoil: Callable[[Run], None], told: str):
    run = Run()
    spoil(run)
    assert run.failures()[ONCE] == told


def test_an_item_count_of_the_service_that_differs_is_found():
    assert "counts 7 items of 6" in Run(items=Counts(total=7, succeeded=7)).failures()[ONCE]


def test_a_child_count_of_the_service_that_differs_is_found():
    assert set(Run(executions=Counts(total=7, succeeded=7)).failures()) == {CHILDREN}


@pytest.mark.parametrize("count", [0, 1])
def test_an_object_that_children_say_otherwise_of_is_found(count: int):
    run = Run()
    run.put_output(2 if count == 0 else 0, {"count": count, "message": {}})
    assert set(run.failures()) == {FOUND}


def test_a_full_number_in_an_output_is_found_and_not_told():
    run = Run()
    run.put_output(2, {**output_of(key_of(2)), "number": FULL})
    assert run.failures() == {LEAKS: "1 entries hold one, e.g. texts/2.txt"}


def test_a_full_number_in_the_cause_of_a_failure_is_found():
    run = Run(failed=[object_entry(key_of(0), status="FAILED", Error="ValueError", Cause=f"at {FULL}")])
    run.succeeded.pop(0)
    run.items = run.executions = Counts(total=6, succeeded=5, failed=1)
    assert set(run.failures()) == {LEAKS}


def test_a_failed_child_that_the_service_does_not_count_is_found():
    run = Run(failed=[object_entry(key_of(0), status="FAILED", Error="ValueError", Cause="why")])
    run.succeeded.pop(0)
    assert set(run.failures()) == {CHILDREN, UNPROCESSED}


def without(run: Run) -> None:
    del run.table[f"s3://{BUCKET}/{key_of(4)}"]


def other_digits(run: Run) -> None:
    run.table[f"s3://{BUCKET}/{key_of(4)}"]["found"]["M"]["ssn"]["M"]["last_four"]["L"] = [{"S": "9999"}]


def other_order(run: Run) -> None:
    run.table[f"s3://{BUCKET}/{key_of(2)}"]["found"]["M"]["ssn"]["M"]["last_four"]["L"].reverse()


def other_identifier(run: Run) -> None:
    item = run.table[f"s3://{BUCKET}/{key_of(4)}"]
    item["found"]["M"] = {"ssn_plain": item["found"]["M"]["ssn"]}


def clean_told(run: Run) -> None:
    run.table[f"s3://{BUCKET}/{key_of(0)}"] = item_of(key_of(4))


@pytest.mark.parametrize("spoil", [without, other_digits, other_order, other_identifier, clean_told])
def test_a_finding_that_is_missing_or_other_than_planted_is_found(spoil: Callable[[Run], None]):
    run = Run()
    spoil(run)
    assert set(run.failures()) == {TABLE}
    assert run.failures()[TABLE].startswith("1 differ, e.g. texts/")


def test_items_of_other_objects_are_counted_and_not_judged():
    run = Run()
    run.table["s3://in/arrivals/x.txt"] = item_of(key_of(4))
    assert run.failures() == {}
    assert run.checks()[-1].detail.endswith("; 1 items of other objects")


@pytest.mark.parametrize(
    "output",
    [
        {"items": 5, "outcomes": {"clean": 5}, "failed": []},
        {"items": 1, "outcomes": {"clean": 0}, "failed": []},
        {"Error": "BrokenGzip", "Cause": "the machine does not catch it"},
    ],
)
def test_an_answer_that_does_not_add_up_is_no_result(output: dict[str, Any]):
    run = Run()
    run.put_output(0, output)
    with pytest.raises(ResultsError):
        run.gathered()


class Queues:
    """Counts messages as SQS does; the findings queue empties by one a look."""

    def __init__(self, waiting: int, dead: int) -> None:
        self.waiting, self.dead = waiting, dead

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803 - SQS's
        assert set(AttributeNames) == set(ssn_scan.IN_QUEUE), "messages that a consumer holds count too"
        number = self.dead if QueueUrl == "dead" else self.waiting
        if QueueUrl == "findings":
            self.waiting = max(0, self.waiting - 1)
        return {
            "Attributes": {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": str(number)}
        }


def drained(queues: Queues, at_most: float = 30.0) -> Check:
    return ssn_scan.await_drained(queues, {"queue_url": "findings", "dead_letter_url": "dead"}, at_most=at_most)


def test_the_consumer_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ssn_scan, "DRAIN_POLL_SECONDS", 0.001)
    assert drained(Queues(3, 0)).ok
    told = drained(Queues(3, 2))
    assert not told.ok
    assert told.detail == "no message left, 2 in the dead-letter queue"
    late = drained(Queues(10**9, 0), at_most=0.01)
    assert not late.ok
    assert "messages after 0 s" in late.detail


def arrivals(**changed: list[Any]) -> dict[str, list[Any]]:
    return {key: [answers.execution(output=output_of(key))] for key in PLANTED} | changed


def arrival_failures(found: dict[str, list[Any]]) -> dict[str, str]:
    return {check.name: check.detail for check in ssn_arrivals.verify(PLANTED, found) if not check.ok}


def test_objects_that_arrived_are_right_when_scanned_once_or_more_often():
    right = answers.execution(output=output_of(key_of(2)))
    assert arrival_failures(arrivals()) == {}
    assert arrival_failures(arrivals(**{key_of(2): [right, right]})) == {}, "EventBridge delivers at least once"


def test_each_way_in_which_arrivals_go_wrong_is_found():
    lost = arrivals()
    del lost[key_of(0)]
    assert set(arrival_failures(lost)) == {"every object is scanned as it arrives"}
    failed = answers.execution("FAILED", error="BrokenGzip", cause="cut")
    right = answers.execution(output=output_of(key_of(2)))
    assert set(arrival_failures(arrivals(**{key_of(2): [failed, right]}))) == {"no execution failed"}
    other = answers.execution(output={"count": 7, "message": {}})
    assert set(arrival_failures(arrivals(**{key_of(2): [other]}))) == {"executions found what was planted"}
    leaky = answers.execution(output={**output_of(key_of(2)), "number": FULL})
    assert set(arrival_failures(arrivals(**{key_of(2): [leaky]}))) == {"no full number in outputs"}
    named = answers.execution("FAILED", error="ValueError", cause=f"at {FULL}")
    assert "no full number in outputs" in arrival_failures(arrivals(**{key_of(2): [named, right]}))
