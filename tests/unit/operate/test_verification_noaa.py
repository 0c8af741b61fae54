"""The verifier of `noaa` finds every kind of corruption, planted one at a time in a right run."""

from __future__ import annotations

import gzip
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
from operate.verification import noaa
from operate.verification.files import RunFiles
from operate.verification.noaa_source import inventory
from operate.verification.stations import expected, read_all, stations_in

if TYPE_CHECKING:
    from operate.verification.check import Check
    from operate.verification.stations import Expected, Record

ARN = "arn:aws:states:us-east-1:000000000000:mapRun:noaa/Listing:0001"
FOLDER = "out/0001"
BATCH = 3
HEADER = "ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"


def key_of(number: int) -> str:
    return f"csv/by_station/S{number:010}.csv"


def record(number: int) -> Record:
    """The item of a station; number 3 has no precipitation."""
    made: Record = {
        "station": f"S{number:010}",
        "source": key_of(number),
        "etag": f"etag{number}",
        "modified": 1_700_000_000_000 + number,
        "observations": 0 if number == 3 else 10,
    }
    return made if number == 3 else {**made, "PRCP": 100 + number, "date": "20010203", "flagged_PRCP": 90 + number}


FAILING = key_of(7)
STATIONS = range(8)
EXPECTED: dict[str, Expected] = {key_of(n): "EmptyObject" if key_of(n) == FAILING else record(n) for n in STATIONS}
PLANTED = {key_of(n): (None, None) if n == 3 else (100 + n, 100 + n) for n in STATIONS if key_of(n) != FAILING}
ALL_ITEMS = Counts(total=8, succeeded=8, results_written=8)
ALL_CHILDREN = Counts(total=3, succeeded=3, results_written=3)


def entry(name: str, keys: list[str], *, status: str = "SUCCEEDED") -> dict[str, Any]:
    failed = [{"key": key, "error": "EmptyObject", "cause": "no bytes"} for key in keys if key == FAILING]
    answer = {"items": len(keys), "outcomes": {"written": len(keys) - len(failed)}, "failed": failed}
    made = {"Input": orjson.dumps({"Items": [{"Key": key} for key in keys]}).decode(), "Name": name, "Status": status}
    return {**made, "Output": orjson.dumps(answer).decode()} if status == "SUCCEEDED" else made


@dataclass
class Run:
    """A correct run over STATIONS, to be spoilt in one respect."""

    succeeded: list[dict[str, Any]] = field(
        default_factory=lambda: [
            entry(f"child-{at}", [key_of(n) for n in STATIONS[at : at + BATCH]]) for at in range(0, 8, BATCH)
        ]
    )
    failed: list[dict[str, Any]] = field(default_factory=list)
    table: dict[str, Record] = field(
        default_factory=lambda: {key_of(n): record(n) for n in STATIONS if key_of(n) != FAILING}
    )
    items: Counts = ALL_ITEMS
    executions: Counts = ALL_CHILDREN

    def answer(self, child: int) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads(self.succeeded[child]["Output"])
        return answer

    def put_answer(self, child: int, **changes: Any) -> None:
        self.succeeded[child]["Output"] = orjson.dumps({**self.answer(child), **changes}).decode()

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

    def gathered(self) -> noaa.Ran:
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
        return noaa.gather(RunFiles(map_run=self.map_run, manifest=read, store=store))

    def checks(self) -> list[Check]:
        truth = noaa.Truth(expected=EXPECTED, planted=PLANTED)
        return noaa.verify(truth, self.map_run, self.gathered(), self.table.values())

    def failures(self) -> dict[str, str]:
        return {check.name: check.detail for check in self.checks() if not check.ok}

    def failures_without_files(self, *failed: int) -> dict[str, str]:
        truth = noaa.Truth(expected=EXPECTED, planted=PLANTED)
        output = [{"failed": number} for number in failed]
        checks = noaa.verify_without_files(truth, self.map_run, output, self.table.values())
        return {check.name: check.detail for check in checks if not check.ok}


ONCE = "every station file is processed once"
ITEMS = "item counts agree"
CHILDREN = "child execution counts agree"
FAILED = "items failed that had to"
TABLE = "every item of the table is right"
PLANTED_TRUTH = "the table agrees with the generator's truth"
UNPROCESSED = "failed and pending items are in files"


def test_a_right_run_passes_every_check_and_names_what_failed():
    checks = {check.name: check for check in Run().checks()}
    assert all(check.ok for check in checks.values()), "nothing was spoilt"
    assert set(checks) == {ONCE, ITEMS, CHILDREN, FAILED, TABLE, PLANTED_TRUTH, UNPROCESSED}
    assert checks[FAILED].detail == f"1 failed: {FAILING}: EmptyObject"
    assert checks[TABLE].detail == "7 items recomputed from their files"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRCP", 104),
        ("PRCP", None),
        ("date", "20010204"),
        ("flagged_PRCP", 1),
        ("observations", 11),
        ("source", key_of(5)),
        ("etag", "of another version"),
        ("modified", 1),
        ("surprise", 1),
    ],
)
def test_any_field_that_is_wrong_is_found(name: str, value: str | int | None):
    run = Run()
    run.table[key_of(2)].pop(name, None)
    if value is not None:
        run.table[key_of(2)][name] = value
    failures = run.failures()
    assert TABLE in failures
    assert f"1 wrong, e.g. S0000000002 has {name} {'absent' if value is None else value} for" in failures[TABLE]


def test_a_missing_item_is_found():
    run = Run()
    del run.table[key_of(2)]
    assert "1 missing, e.g. S0000000002; 0 wrong" in run.failures()[TABLE]


def test_an_item_of_an_earlier_data_set_neither_harms_nor_helps():
    run = Run()
    run.table["another"] = {**record(2), "station": "S9"}
    (table,) = [check for check in run.checks() if check.name == TABLE]
    assert table.ok
    assert table.detail.endswith("; 1 items of other stations")
    run.table[key_of(2)] = {**record(2), "etag": "of the earlier object", "modified": 1_600_000_000_000}
    assert "S0000000002 has etag of the earlier object" in run.failures()[TABLE], (
        "the old item is no result of this run"
    )


def test_a_truth_that_the_file_does_not_have_is_found():
    run = Run()
    run.table[key_of(2)]["PRCP"] = 99
    assert "S0000000002 has 99, planted 102, 102 with flagged ones" in run.failures()[PLANTED_TRUTH]


def test_a_file_that_no_child_got_is_missing():
    run = Run()
    run.succeeded[0] = entry("child-0", [key_of(0), key_of(1)])
    failures = run.failures()
    assert failures[ONCE] == f"1 missing, e.g. {key_of(2)}"
    assert ITEMS in failures


def test_a_file_that_two_children_got_is_doubled():
    run = Run()
    run.succeeded[0] = entry("child-0", [key_of(n) for n in (0, 1, 2, 3)])
    assert run.failures()[ONCE] == f"1 doubled, e.g. {key_of(3)}"


def test_a_file_that_is_not_of_the_source_is_found():
    run = Run()
    run.succeeded[0] = entry("child-0", [key_of(0), key_of(1), key_of(2), "csv/by_station/X.csv"])
    assert run.failures()[ONCE] == "1 not of the source, e.g. csv/by_station/X.csv"


def test_an_answer_that_does_not_add_up_is_found():
    run = Run()
    run.put_answer(0, outcomes={"written": 2})
    assert "child-0: 3 items in, 3 told, 2 accounted for" in run.failures()[ITEMS]


def test_a_failure_that_need_not_have_been_is_found():
    run = Run()
    failed = [{"key": key_of(0), "error": "NotCsv", "cause": "?"}]
    run.put_answer(0, outcomes={"written": 2}, failed=failed)
    assert run.failures() == {FAILED: f"1 wrong, e.g. {key_of(0)} NotCsv, expected to be handled"}


def test_a_failure_that_was_not_told_is_found():
    run = Run()
    run.put_answer(2, outcomes={"written": 2}, failed=[])
    assert run.failures() == {FAILED: f"1 wrong, e.g. {FAILING} handled, expected EmptyObject"}


def test_a_failure_under_another_name_is_found():
    run = Run()
    run.put_answer(2, failed=[{"key": FAILING, "error": "NotCsv", "cause": "?"}])
    assert run.failures() == {FAILED: f"1 wrong, e.g. {FAILING} NotCsv, expected EmptyObject"}


def test_files_of_a_child_that_failed_are_accounted_for_and_not_looked_for_in_the_table():
    run = Run(items=Counts(total=8, succeeded=5, failed=3, results_written=8))
    run.executions = Counts(total=3, succeeded=2, failed=1, results_written=3)
    run.failed = [{**entry("child-0", [key_of(n) for n in range(3)], status="FAILED"), "Error": "TransientFailure"}]
    del run.succeeded[0], run.table[key_of(0)], run.table[key_of(1)]
    checks = {check.name: check for check in run.checks()}
    assert all(check.ok for check in checks.values())
    assert checks[UNPROCESSED].detail == "3 failed, 0 pending, e.g. child-0: TransientFailure: no cause"
    assert checks[TABLE].detail.startswith("4 items recomputed")


def test_counts_of_the_map_run_that_differ_from_the_files_are_found():
    assert ITEMS in Run(items=Counts(total=9, succeeded=9, results_written=9)).failures()
    assert set(Run(executions=Counts(total=4, succeeded=4)).failures()) == {CHILDREN}


def test_without_result_files_counts_and_the_table_are_judged():
    assert Run().failures_without_files(0, 0, 1) == {}
    assert "2 of 1 expected failures" in Run().failures_without_files(1, 0, 1)[ITEMS]
    assert "0 of 1 expected failures" in Run().failures_without_files(0, 0, 0)[ITEMS]
    spoilt = Run()
    spoilt.table[key_of(2)]["observations"] = 5
    assert set(spoilt.failures_without_files(0, 0, 1)) == {TABLE}
    missing = Run()
    del missing.table[key_of(2)]
    assert set(missing.failures_without_files(0, 0, 1)) == {TABLE}
    missing.items = Counts(total=8, succeeded=5, failed=3, results_written=0)
    assert missing.failures_without_files(0, 1) == {}, "no more are missing than children failed"


def rows(*lines: str) -> bytes:
    return (HEADER + "".join(f"{line}\n" for line in lines)).encode()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            rows(
                "S1,20000103,PRCP,7,,,X,",
                "S1,20000102,PRCP,7,T,,X,0700",
                "S1,20000101,PRCP,9000,,I,X,",
                "S1,20000101,TMAX,99999,,,X,",
                "S1,20000104,PRCP,0,,,X,",
            ),
            {"station": "S1", "observations": 3, "PRCP": 7, "date": "20000102", "flagged_PRCP": 9000},
        ),
        (rows(), {"station": "S1", "observations": 0}),
        (rows("S1,20000101,PRCP,5,,X,X,"), {"station": "S1", "observations": 0, "flagged_PRCP": 5}),
        (rows('"S1",20000101,"PRCP",5,,"",X,'), {"station": "S1", "observations": 1, "PRCP": 5, "date": "20000101"}),
        (b"", "EmptyObject"),
        (b"<html>no such page</html>\n", "NotCsv"),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "NotCsv"),
        (rows("S1,20000101,PRCP,heavy,,,X,"), "NotCsv"),
        (rows("S1,2000-01-01,PRCP,5,,,X,"), "NotCsv"),
        (rows("S2,20000101,PRCP,5,,,X,"), "WrongStation"),
    ],
)
def test_what_a_file_says_is_found_again_without_the_handler(data: bytes, found: Expected):
    assert expected(data, "S1") == found


def test_files_are_read_in_order_with_their_versions():
    store = MemoryStore()
    for number in range(20):
        obstore.put(store, f"p/S{number}.csv", rows(f"S{number},20000101,PRCP,{number},,,X,"))
    keys = [f"p/S{number}.csv" for number in (*range(20), 99)]
    came = list(read_all(store, ((key, None) for key in keys)))
    assert [key for key, _ in came] == keys
    meta = obstore.head(store, "p/S4.csv")
    assert came[4][1] == {
        "station": "S4",
        "observations": 1,
        "PRCP": 4,
        "date": "20000101",
        "source": "p/S4.csv",
        "etag": (meta["e_tag"] or "").strip('"'),
        "modified": int(meta["last_modified"].timestamp() * 1000),
    }
    assert came[-1][1] == "NoSuchKey"


def test_keys_that_mark_folders_are_empty_objects():
    found = dict(read_all(MemoryStore(), [("p/", 0), ("p//S1.csv", 7)]))
    assert found == {"p/": "EmptyObject", "p//S1.csv": "UnreadableKey"}


class Pages:
    """A table of three pages a segment."""

    def scan(self, **request: Any) -> dict[str, Any]:
        assert request["ConsistentRead"] is True
        page = request.get("ExclusiveStartKey", {"page": 0})["page"]
        last = {} if page == 2 else {"LastEvaluatedKey": {"page": page + 1}}
        name = f"{request['Segment']}-{page}"
        return {"Items": [{"station": {"S": name}, "PRCP": {"N": "12"}, "odd": {"N": "1.5"}}], **last}


def test_every_page_of_every_segment_of_the_table_is_read():
    found = list(stations_in(Pages(), "stations", segments=2))
    assert sorted(str(item["station"]) for item in found) == ["0-0", "0-1", "0-2", "1-0", "1-1", "1-2"]
    assert {item["PRCP"] for item in found} == {12}
    assert {item["odd"] for item in found} == {"N 1.5"}, "no value that is expected looks like it"


def test_an_inventory_is_read_in_its_order():
    store = MemoryStore()
    manifest = {"fileFormat": "CSV", "fileSchema": "Bucket, Key, Size", "files": [{"key": "i/a.gz"}, {"key": "i/b.gz"}]}
    obstore.put(store, "i/manifest.json", orjson.dumps(manifest))
    obstore.put(store, "i/a.gz", gzip.compress(b'"b","p/2.csv","20"\n"b","p/1.csv","10"\n'))
    obstore.put(store, "i/b.gz", gzip.compress(b'"b","p/3.csv","30"\n'))
    found = [(one.key, one.size) for one in inventory(store, "i/manifest.json")]
    assert found == [("p/2.csv", 20), ("p/1.csv", 10), ("p/3.csv", 30)]
    obstore.delete(store, "i/b.gz")
    with pytest.raises(ResultsError, match=r"i/manifest\.json, is not complete any more"):
        list(inventory(store, "i/manifest.json"))
