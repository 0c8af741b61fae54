"""The verifier of `claims` finds every kind of corruption, planted one at a time in a right run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import obstore
import orjson
import pytest
from obstore.store import MemoryStore

from handlers.claims.packed import pack
from operate import results
from operate.execution import Counts, MapRun
from operate.verification import claims
from operate.verification.claim_rules import Rules
from operate.verification.files import RunFiles
from operate.verification.tables import fetch

if TYPE_CHECKING:
    from operate.verification.check import Check

ARN = "arn:aws:states:us-east-1:000000000000:mapRun:claims/Claims:0001"
FOLDER = "out/0001"
RULES = Rules(version="3", limit=Decimal(5_000), currency="USD", evidence=1, evidence_words="a letter")
REASONS = {
    "limit_reached": "The total reaches 5,000 USD, and a letter is missing.",
    "total_missing": "No total below 5,000 USD, and a letter is missing.",
}


def claim(number: int, value: str | None = "100.10", *, support: int = 0, **changes: Any) -> str:
    """A claim as its file writes it."""
    total = {"currency": "USD"} if value is None else {"value": "@", "currency": "USD"}
    made = {
        "resourceType": "Claim",
        "id": f"c-{number}",
        "status": "active",
        "type": {"coding": [{"code": "institutional"}]},
        "created": "2020-01-02",
        "patient": {"reference": "urn:p"},
        "supportingInfo": [{"sequence": n} for n in range(support)],
        "total": total,
        **changes,
    }
    return json.dumps(made, indent=1).replace('"@"', value or "")


def key_of(number: int) -> str:
    return f"claims/claims-{number:06}.json"


INVALID = claim(9, id="not an id")
TEXTS = {1: claim(1), 2: claim(2, "5000"), 3: claim(3, None), 4: claim(4, "90000.00", support=2), 5: claim(5)}
FILES = {
    key_of(1): f"[{TEXTS[1]}, {TEXTS[2]}]",
    key_of(2): f"[{TEXTS[1]}, {TEXTS[3]}]",  # of the same batch: a duplicate
    key_of(3): f"[{TEXTS[4]}, {INVALID}]",
    key_of(4): f"[{TEXTS[5]}, {TEXTS[4][:40]}",
}
BATCHES = ((key_of(1), key_of(2)), (key_of(3), key_of(4)))
ANSWERS: tuple[dict[str, Any], ...] = (
    {
        "load": {"items": 2, "outcomes": {"loaded": 2}, "claims": 3, "duplicates": 1, "failed": []},
        "rules": {
            "claims": 3,
            "approved": 1,
            "rejected": {"limit_reached": 1, "total_missing": 1},
            "unchanged": 0,
            "failed": [],
        },
    },
    {
        "load": {
            "items": 2,
            "outcomes": {"loaded_in_part": 1},
            "claims": 2,
            "duplicates": 0,
            "failed": [
                {"key": key_of(4), "error": "Truncated", "cause": "ends"},
                {"key": key_of(3), "claim": 1, "field": "id", "error": "InvalidClaim", "cause": "must be"},
            ],
        },
        "rules": {"claims": 2, "approved": 2, "rejected": {}, "unchanged": 0, "failed": []},
    },
)
DECIDED = {1: None, 2: "limit_reached", 3: "total_missing", 4: None, 5: None}
PLANTED = [  # key, id, cents, entries, decision, edge: of the files that the generator left whole
    (key_of(1), "c-1", 10_010, None, "Approved", None),
    (key_of(1), "c-2", 500_000, None, "Rejected", "at_limit"),
    (key_of(2), "c-1", 10_010, None, "Approved", "duplicate"),
    (key_of(2), "c-3", None, None, "Rejected", "no_value"),
]


def item(number: int) -> dict[str, dict[str, Any]]:
    said = orjson.loads(TEXTS[number])
    code = DECIDED[number]
    value = {"total": {"N": "5E+3" if number == 2 else str(said["total"]["value"])}} if number != 3 else {}
    source = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}[number]
    return value | {
        "id": {"S": f"c-{number}"},
        "claim": {"B": pack(TEXTS[number].encode())},
        "source": {"S": key_of(source)},
        "status": {"S": "active"},
        "type": {"S": "institutional"},
        "created": {"S": "2020-01-02"},
        "currency": {"S": "USD"},
        "patient": {"S": "urn:p"},
        "supporting_info": {"N": "2" if number == 4 else "0"},
        "decision": {"S": "Rejected" if code else "Approved"},
        "reason": {"S": REASONS[code] if code else "fine"},
        "rule_version": {"S": "3"},
        "decided_at": {"S": "2026-01-01T00:00:00.000Z"},
    }


@dataclass
class Run:
    """A correct run over FILES, to be spoilt in one respect."""

    files: dict[str, str] = field(default_factory=lambda: dict(FILES))
    answers: list[dict[str, Any]] = field(default_factory=lambda: orjson.loads(orjson.dumps(ANSWERS)))
    table: dict[int, dict[str, Any]] = field(default_factory=lambda: {n: item(n) for n in TEXTS})
    planted: list[tuple[Any, ...]] = field(default_factory=lambda: list(PLANTED))
    rules: Rules = RULES
    unsuccessful: int = 0  # of the batches, the last ones
    due: set[str] = field(default_factory=lambda: set(FILES))

    @property
    def map_run(self) -> MapRun:
        good, bad = len(BATCHES) - self.unsuccessful, self.unsuccessful
        return MapRun(
            arn=ARN,
            status="SUCCEEDED",
            max_concurrency=500,
            items=Counts(total=4, succeeded=2 * good, failed=2 * bad, results_written=4),
            executions=Counts(total=2, succeeded=good, failed=bad, results_written=2),
            started=datetime(2026, 1, 1, tzinfo=UTC),
            stopped=datetime(2026, 1, 1, 0, 1, tzinfo=UTC),
        )

    def gathered(self) -> claims.Ran:
        store, source = MemoryStore(), MemoryStore()
        for key, text in self.files.items():
            obstore.put(source, key, text.encode())
        listed: dict[str, list[dict[str, Any]]] = {"SUCCEEDED": [], "FAILED": [], "PENDING": []}
        good = len(BATCHES) - self.unsuccessful
        for status, numbers in (("SUCCEEDED", range(good)), ("FAILED", range(good, len(BATCHES)))):
            found = [self._entry(number, status) for number in numbers]
            if found:
                body = orjson.dumps(found)
                obstore.put(store, f"{FOLDER}/{status}_0.json", body)
                listed[status].append({"Key": f"{FOLDER}/{status}_0.json", "Size": len(body)})
        kept = {"body": [], "failed": ANSWERS[1]["load"]["failed"]}
        obstore.put(store, "work/run/1.json", orjson.dumps(kept))
        manifest = {"DestinationBucket": "b", "MapRunArn": ARN, "ResultFiles": listed}
        obstore.put(store, f"{FOLDER}/manifest.json", orjson.dumps(manifest))
        read = results.read_manifest(store, bucket="b", key=f"{FOLDER}/manifest.json")
        return claims.gather(RunFiles(map_run=self.map_run, manifest=read, store=store), source, self.rules)

    def _entry(self, number: int, status: str) -> dict[str, Any]:
        items = [{"Key": key, "Size": 5} for key in BATCHES[number]]
        made = {"Input": orjson.dumps({"Items": items}).decode(), "Name": f"child-{number}", "Status": status}
        output = orjson.dumps(self.answers[number]).decode()
        return {**made, "Output": output} if status == "SUCCEEDED" else {**made, "Error": "E", "Cause": "C"}

    def checks(self) -> list[Check]:
        ran = self.gathered()
        held = [each for each in self.table.values() if each["id"]["S"] in ran.claims]
        return claims.verify(self.due, self.map_run, ran, held, self.planted, self.rules)

    def failures(self) -> dict[str, str]:
        return {check.name: check.detail for check in self.checks() if not check.ok}


ONCE = "every file is processed once"
ITEMS = "item counts agree"
CHILDREN = "child execution counts agree"
FAILED = "files and claims failed that had to"
DECISIONS = "decisions by reason are those of the rules"
TABLE = "every item of the table is right"
REASON = "each rejection says why"
TRUTH = "the table agrees with the generator's truth"
UNPROCESSED = "failed and pending items are in files"


def test_a_right_run_passes_every_check_and_tells_what_became_of_the_claims():
    checks = {check.name: check for check in Run().checks()}
    assert [check for check in checks.values() if not check.ok] == [], "nothing was spoilt"
    assert set(checks) == {ONCE, ITEMS, CHILDREN, FAILED, DECISIONS, TABLE, REASON, TRUTH, UNPROCESSED}
    assert checks[DECISIONS].detail == (
        "approved 3; rejected: limit_reached 1, total_missing 1; failed: InvalidClaim 1, Truncated 1"
    )
    assert checks[FAILED].detail == (
        f"1 files and 1 claims failed: {key_of(3)}: InvalidClaim 1 id; {key_of(4)}: Truncated"
    )
    assert checks[ITEMS].detail.endswith("5 claims, 1 duplicates in one batch")
    assert checks[TRUTH].detail == "4 claims; 1 at_limit, 1 duplicate, 1 no_value planted"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("total", {"N": "100.1000000000000001"}),
        ("total", {"S": "100.10"}),
        ("total", None),
        ("supporting_info", {"N": "1"}),
        ("currency", {"S": "EUR"}),
        ("status", None),
        ("type", {"S": "pharmacy"}),
        ("created", {"S": "2020-01-03"}),
        ("patient", None),
        ("provider", {"S": "urn:x"}),
        ("source", {"S": key_of(3)}),
        ("decision", {"S": "Rejected"}),
        ("decision", None),
        ("rule_version", {"S": "2"}),
        ("decided_at", {"S": "yesterday"}),
        ("claim", {"B": pack(TEXTS[2].encode())}),
        ("claim", {"B": pack(TEXTS[1].replace("100.10", "100.1").encode())}),
        ("claim", {"B": b"not packed"}),
        ("claim", None),
    ],
)
def test_an_item_that_differs_in_one_attribute_is_found(name: str, value: dict[str, Any] | None):
    run = Run()
    run.table[1] = {key: held for key, held in run.table[1].items() if key != name} | ({name: value} if value else {})
    failures = run.failures()
    assert failures.keys() == {TABLE, TRUTH}
    assert failures[TABLE].startswith(f"0 missing; 1 wrong, e.g. c-1: {name}"), failures[TABLE]


def test_a_claim_that_is_not_there_is_found():
    run = Run()
    del run.table[5]
    assert run.failures() == {TABLE: "1 missing, e.g. c-5; 0 wrong"}


def test_a_file_of_the_source_that_no_child_had_is_found():
    run = Run(due={*FILES, key_of(5)})
    failures = run.failures()
    assert failures.keys() == {ONCE, ITEMS}
    assert failures[ONCE] == f"1 missing, e.g. {key_of(5)}"


def test_a_file_that_is_not_of_the_source_is_found():
    assert run_with(lambda run: run.due.remove(key_of(2)))[ONCE] == f"1 not of the source, e.g. {key_of(2)}"


def run_with(spoil: Callable[[Run], object]) -> dict[str, str]:
    run = Run()
    spoil(run)
    return run.failures()


@pytest.mark.parametrize(
    ("name", "value", "checks"),
    [
        ("items", 1, {ITEMS}),
        ("outcomes", {"loaded": 1, "loaded_in_part": 1}, {ITEMS}),
        ("outcomes", {"loaded": 1}, {ITEMS}),
        ("claims", 4, {ITEMS}),
        ("duplicates", 0, {ITEMS}),
        ("failed", [{"key": key_of(1), "error": "NotJson", "cause": "x"}], {ITEMS, FAILED}),
    ],
)
def test_what_the_function_that_loads_miscounts_is_found(name: str, value: Any, checks: set[str]):
    assert run_with(lambda run: run.answers[0]["load"].update({name: value})).keys() == checks


@pytest.mark.parametrize(
    ("name", "value", "checks"),
    [
        ("claims", 2, {ITEMS}),
        ("approved", 2, {DECISIONS}),
        ("rejected", {"limit_reached": 2}, {DECISIONS}),
        ("rejected", {"limit_reached": 1, "other_currency": 1}, {DECISIONS}),
        ("failed", [{"claim": "c-1", "error": "ClaimNotFound", "cause": "x"}], {FAILED}),
    ],
)
def test_what_the_function_that_decides_miscounts_is_found(name: str, value: Any, checks: set[str]):
    assert run_with(lambda run: run.answers[0]["rules"].update({name: value})).keys() == checks


@pytest.mark.parametrize(
    ("failure", "name", "value"),
    [(0, "error", "NotJson"), (1, "claim", 0), (1, "field", "status"), (1, "error", "Other")],
)
def test_a_failure_under_another_name_or_place_is_found(failure: int, name: str, value: Any):
    spoilt = run_with(lambda run: run.answers[1]["load"]["failed"][failure].update({name: value}))
    assert spoilt.keys() == {FAILED}
    assert spoilt[FAILED].startswith("2 wrong")


def test_a_failure_that_is_not_told_is_found():
    assert (
        f"{key_of(3)}: InvalidClaim 1 id was not told"
        in run_with(lambda run: run.answers[1]["load"]["failed"].pop())[FAILED]
    )


def test_failures_that_were_too_many_for_the_answer_are_read_where_they_lie():
    run = Run()
    run.answers[1]["load"] |= {"failed": [], "failed_at": {"bucket": "b", "key": "work/run/1.json"}}
    assert run.failures() == {}


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("The total reaches 5,000 USD.", "does not say it"),
        ("A letter is missing: a letter.", "does not say it"),
        (REASONS["total_missing"], "says several things"),
    ],
)
def test_a_reason_that_does_not_say_why_is_found(reason: str, told: str):
    failures = run_with(lambda run: run.table[2].update(reason={"S": reason}))
    assert failures.keys() == {REASON}
    assert told in failures[REASON]


def test_other_rules_decide_otherwise_and_the_truth_is_then_of_totals_alone():
    run = Run(rules=Rules(version="3", limit=Decimal(5_001), currency="USD", evidence=1, evidence_words="a letter"))
    assert run.failures().keys() == {DECISIONS, TABLE, REASON, TRUTH}, "c-2 is below this limit"
    run.table[2] |= {"decision": {"S": "Approved"}, "reason": {"S": "fine"}}
    run.table[3]["reason"] = {"S": "No total below 5,001 USD, and a letter is missing."}
    run.answers[0]["rules"] |= {"approved": 2, "rejected": {"total_missing": 1}}
    assert run.failures() == {}


@pytest.mark.parametrize(
    "row",
    [
        (key_of(1), "c-1", 10_011, None, "Approved", None),
        (key_of(1), "c-1", 10_010, 1, "Approved", None),
        (key_of(1), "c-1", 10_010, None, "Rejected", None),
        (key_of(1), "c-7", 10_010, None, "Approved", None),
    ],
)
def test_a_table_that_the_truth_contradicts_is_found(row: tuple[Any, ...]):
    assert run_with(lambda run: run.planted.__setitem__(0, row)).keys() == {TRUTH}


def test_a_claim_that_the_generator_wrote_and_its_file_no_longer_has_is_found():
    assert run_with(lambda run: run.planted.append((key_of(2), "c-5", 10_010, None, "Approved", None))).keys() == {
        TRUTH
    }


def test_files_of_children_that_failed_are_not_judged_and_are_in_the_files():
    run = Run(unsuccessful=1)
    del run.table[4], run.table[5]
    assert run.failures() == {}


def test_a_file_deleted_before_its_turn_must_have_been_told():
    run = Run()
    del run.files[key_of(2)]
    run.answers[0] = {
        "load": {
            "items": 2,
            "outcomes": {"loaded": 1},
            "claims": 2,
            "duplicates": 0,
            "failed": [{"key": key_of(2), "error": "NoSuchKey", "cause": "gone"}],
        },
        "rules": {"claims": 2, "approved": 1, "rejected": {"limit_reached": 1}, "unchanged": 0, "failed": []},
    }
    run.planted = run.planted[:2]
    assert run.failures() == {}


def test_one_id_with_other_content_in_one_batch_must_have_failed_and_in_two_batches_either_may_stand():
    other = claim(1, "7.00")
    run = Run(files={**FILES, key_of(2): f"[{other}, {TEXTS[3]}]"}, planted=[])
    failures = run.failures()
    assert f"{key_of(2)}: InvalidClaim c-1 id was not told" in failures[FAILED]
    run = Run(files={**FILES, key_of(4): f"[{TEXTS[5]}, {other}, {TEXTS[4][:40]}"}, planted=[])
    run.answers[1]["load"]["claims"] = run.answers[1]["rules"]["claims"] = 3
    run.answers[1]["rules"]["approved"] = 3
    assert run.failures() == {}, "the item of c-1 is that of the first batch"
    run.table[1] |= {"claim": {"B": pack(other.encode())}, "total": {"N": "7"}, "source": {"S": key_of(4)}}
    assert run.failures() == {}, "or of the second"


class Table:
    """Answers BatchGetItem, leaving half of what is asked over while ``busy``."""

    def __init__(self, busy: int) -> None:
        self.busy = busy
        self.asked: list[int] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        keys = RequestItems["t"]["Keys"]
        assert RequestItems["t"]["ConsistentRead"] is True
        self.asked.append(len(keys))
        self.busy -= 1
        cut = len(keys) // 2 if self.busy >= 0 else len(keys)
        left = {"t": {"Keys": keys[cut:], "ConsistentRead": True}} if keys[cut:] else {}
        return {"Responses": {"t": keys[:cut]}, "UnprocessedKeys": left}


def test_items_are_fetched_a_hundred_at_a_time_and_what_is_left_over_again():
    table = Table(busy=2)
    ids = [str(number) for number in range(1_950)]
    assert sorted(int(each["id"]["S"]) for each in fetch(table, "t", "id", ids)) == list(range(1_950))
    assert max(table.asked) == 100
    assert len(table.asked) == 22, "twenty requests, and again for what two of them left over"
