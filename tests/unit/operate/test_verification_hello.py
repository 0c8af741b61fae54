"""The verifier of `hello` finds every kind of corruption, planted one at a time in right results."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import obstore
import orjson
import polars as pl
import pytest
from obstore.store import MemoryStore

from operate import results
from operate.execution import Counts, MapRun
from operate.verification import hello
from operate.verification.files import RunFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from operate.verification.check import Check

ARN = "arn:aws:states:us-east-1:000000000000:mapRun:hello/Reviews:0001"
FOLDER = "out/0001"
BATCH = 3


def review(number: int, rating: str) -> dict[str, str]:
    return {
        "item_id": str(number % 4),
        "user_id": str(number),
        "rating": rating,
        "timestamp": "2015-01-18",
        "model_attr": "Female&Male",
        "category": 'Headphones, "over-ear"',
        "brand": "",
        "year": "2013",
        "user_attr": "",
        "split": "0",
    }


REVIEWS = [review(number, f"{number % 5 + 1}.0") for number in range(20)]
REVIEWS.append(dict(REVIEWS[4]))  # a real duplicate: it must be there twice
ALL_ITEMS = Counts(total=21, succeeded=21, results_written=21)
ALL_CHILDREN = Counts(total=7, succeeded=7, results_written=7)
HIGH = [row for row in REVIEWS if row["rating"] in {"4.0", "5.0"}]


def entry(name: str, items: list[dict[str, str]], *, status: str = "SUCCEEDED") -> dict[str, Any]:
    kept = [row for row in items if row["rating"] in {"4.0", "5.0"}]
    return {
        "ExecutionArn": f"arn:aws:states:us-east-1:000000000000:express:hello/Reviews:0001:{name}",
        "Input": orjson.dumps({"Items": items}).decode(),
        "InputDetails": {"Included": True},
        "Name": name,
        "Output": orjson.dumps({"highrated": kept}).decode(),
        "Status": status,
    }


@dataclass
class Run:
    """A correct run over REVIEWS, to be spoilt in one respect."""

    succeeded: list[dict[str, Any]] = field(
        default_factory=lambda: [entry(f"child-{at}", REVIEWS[at : at + BATCH]) for at in range(0, len(REVIEWS), BATCH)]
    )
    failed: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    items: Counts = ALL_ITEMS
    executions: Counts = ALL_CHILDREN
    manifest_arn: str = ARN
    stray: str = ""
    drop: str = ""

    def rows(self, child: int) -> list[dict[str, str]]:
        return list(orjson.loads(self.succeeded[child]["Output"])["highrated"])

    def put_rows(self, child: int, rows: list[dict[str, Any]]) -> None:
        self.succeeded[child]["Output"] = orjson.dumps({"highrated": rows}).decode()

    def checks(self) -> list[Check]:
        store = MemoryStore()
        listed: dict[str, list[dict[str, Any]]] = {"SUCCEEDED": [], "FAILED": [], "PENDING": []}
        for status, found in zip(listed, (self.succeeded, self.failed, self.pending), strict=True):
            half = len(found) // 2 + 1
            for number, part in enumerate(part for part in (found[:half], found[half:]) if part):
                key = f"{FOLDER}/{status}_{number}.json"
                body = orjson.dumps(part)
                obstore.put(store, key, body)
                listed[status].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": "b", "MapRunArn": self.manifest_arn, "ResultFiles": listed}
        obstore.put(store, f"{FOLDER}/manifest.json", orjson.dumps(manifest))
        if self.stray:
            obstore.put(store, f"{FOLDER}/{self.stray}", b"[]")
        if self.drop:
            obstore.delete(store, f"{FOLDER}/{self.drop}")
        map_run = MapRun(
            arn=ARN,
            status="SUCCEEDED",
            max_concurrency=10_000,
            items=self.items,
            executions=self.executions,
            started=datetime(2026, 1, 1, tzinfo=UTC),
            stopped=datetime(2026, 1, 1, 0, 1, tzinfo=UTC),
        )
        return hello.verify(
            hello.Truth(reviews=len(REVIEWS), highly_rated=pl.LazyFrame(HIGH)),
            RunFiles(
                map_run=map_run,
                manifest=results.read_manifest(store, bucket="b", key=f"{FOLDER}/manifest.json"),
                store=store,
            ),
        )

    def failures(self) -> dict[str, str]:
        return {check.name: check.detail for check in self.checks() if not check.ok}


MISSING = "every highly rated review is there"
TWICE = "none is there twice"
ELSE = "nothing else is there"
ITEMS = "item counts agree"
CHILDREN = "child execution counts agree"
MANIFEST = "manifest and files agree"
UNPROCESSED = "failed and pending items are in files"
READABLE = "result files are complete and readable"


def test_a_right_run_passes_every_check() -> None:
    checks = Run().checks()
    assert all(check.ok for check in checks), "nothing was spoilt"
    assert {check.name for check in checks} == {MISSING, TWICE, ELSE, ITEMS, CHILDREN, MANIFEST, UNPROCESSED}


def test_the_order_of_children_rows_and_fields_does_not_matter() -> None:
    run = Run()
    run.put_rows(1, [dict(reversed(row.items())) for row in reversed(run.rows(1))])
    run.succeeded.reverse()
    assert run.failures() == {}, "a result file promises no order"


def drop_row(run: Run) -> None:
    run.put_rows(1, run.rows(1)[1:])


def double_row(run: Run) -> None:
    run.put_rows(1, [*run.rows(1), run.rows(1)[0]])


def drop_one_of_two_equal_rows(run: Run) -> None:
    run.put_rows(6, [row for row in run.rows(6) if row != REVIEWS[4]])


def change_value(run: Run) -> None:
    first, *others = run.rows(1)
    run.put_rows(1, [{**first, "brand": "Bose"}, *others])


def change_type(run: Run) -> None:
    first, *others = run.rows(1)
    run.put_rows(1, [{**first, "year": 2013}, *others])


def swap_two_values(run: Run) -> None:
    first, *others = run.rows(1)
    run.put_rows(1, [{**first, "brand": first["user_id"], "user_id": first["brand"]}, *others])


def add_low_rated(run: Run) -> None:
    run.put_rows(1, [*run.rows(1), REVIEWS[0]])


def double_child(run: Run) -> None:
    run.succeeded.append(run.succeeded[1])


def drop_child(run: Run) -> None:
    del run.succeeded[1]


def wrong_item_count(run: Run) -> None:
    run.items = replace(run.items, succeeded=20, failed=1)


def wrong_results_written(run: Run) -> None:
    run.items = replace(run.items, results_written=20)


def wrong_child_count(run: Run) -> None:
    run.executions = replace(run.executions, succeeded=6)


def other_map_run(run: Run) -> None:
    run.manifest_arn = ARN + "2"


def stray_file(run: Run) -> None:
    run.stray = "SUCCEEDED_9.json"


@pytest.mark.parametrize(
    ("spoil", "found_by"),
    [
        (drop_row, {MISSING}),
        (double_row, {TWICE}),
        (drop_one_of_two_equal_rows, {MISSING}),
        (change_value, {MISSING, ELSE}),
        (change_type, {MISSING, ELSE}),
        (swap_two_values, {MISSING, ELSE}),
        (add_low_rated, {ELSE}),
        (double_child, {TWICE, ITEMS, CHILDREN}),
        (drop_child, {MISSING, ITEMS, CHILDREN}),
        (wrong_item_count, {ITEMS, UNPROCESSED}),
        (wrong_results_written, {ITEMS}),
        (wrong_child_count, {CHILDREN}),
        (other_map_run, {MANIFEST}),
        (stray_file, {MANIFEST}),
    ],
)
def test_each_corruption_fails_its_own_checks_and_no_other(spoil: Callable[[Run], None], found_by: set[str]) -> None:
    run = Run()
    spoil(run)
    assert set(run.failures()) == found_by


def test_a_missing_row_is_shown() -> None:
    run = Run()
    lost = run.rows(1)[0]
    drop_row(run)
    assert run.failures()[MISSING] == f"1 of {len(HIGH)} missing, e.g. {','.join(lost.values())}"


def test_a_stranger_is_shown_with_its_child() -> None:
    run = Run()
    add_low_rated(run)
    assert f"{','.join(REVIEWS[0].values())} in child child-3" in run.failures()[ELSE]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda run: setattr(run, "drop", "SUCCEEDED_1.json"), "not in the bucket"),
        (lambda run: run.succeeded[2].update(Output="not JSON"), "not what the machine writes"),
        (lambda run: run.succeeded[2].update(Output='{"other":[]}'), "highrated"),
        (lambda run: run.succeeded[2].update(Status="FAILED"), "with status FAILED"),
        (lambda run: run.put_rows(1, [{**run.rows(1)[0], "extra": "x"}]), "other fields than"),
        (lambda run: run.put_rows(1, [{"rating": "5.0"}]), "other fields than"),
        (lambda run: run.succeeded[2].pop("Input"), "Input"),
    ],
)
def test_unreadable_results_are_one_failed_check(spoil: Callable[[Run], object], says: str) -> None:
    run = Run()
    spoil(run)
    assert list(run.failures()) == [READABLE]
    assert says in run.failures()[READABLE]


def with_a_failed_and_a_pending_child() -> Run:
    run = Run()
    failed = {**run.succeeded.pop(1), "Status": "FAILED", "Error": "States.Runtime", "Cause": "broken"}
    del failed["Output"]
    pending = run.succeeded.pop(1)
    run.failed = [failed]
    run.pending = [{"Input": pending["Input"], "InputDetails": {"Included": True}, "Status": "PENDING"}]
    run.items = Counts(total=21, succeeded=15, failed=3, pending=3, results_written=21)
    run.executions = Counts(total=7, succeeded=5, failed=1, pending=1, results_written=7)
    return run


def test_rows_of_failed_and_pending_children_are_accounted_for_by_their_files() -> None:
    run = with_a_failed_and_a_pending_child()
    assert run.failures() == {}, "nothing is lost: the rows are in the FAILED and PENDING files"
    details = {check.name: check.detail for check in run.checks()}
    assert details[UNPROCESSED] == "3 failed, 3 pending, e.g. child-3: States.Runtime: broken"


def test_rows_of_a_failed_child_without_a_file_are_missing() -> None:
    run = with_a_failed_and_a_pending_child()
    run.failed = []
    assert set(run.failures()) == {MISSING, ITEMS, CHILDREN, UNPROCESSED}
