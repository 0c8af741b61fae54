"""What the engine stands: many children at once, endless ones, ones that are stopped, limits changed on the way."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.stepfunctions.maprun import children
from local.stepfunctions.run import simple
from tests.engine.memory import MemorySession, Ran, machine, run

pytestmark = [pytest.mark.aws("documented"), pytest.mark.long]

MANY = 10_000
WAIT_LONG = machine(W={"Type": "Wait", "Seconds": 600, "End": True})
CIRCLE = machine(
    A={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": False, "Next": "B"}], "Default": "Z"},
    B={"Type": "Pass", "Next": "A"},
    Z={"Type": "Succeed"},
)
WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix": "r"}}


def distributed(processor: dict[str, Any], kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
    return machine(M={"Type": "Map", "Label": "L", "ItemProcessor": {**config, **processor}, "End": True, **fields})


@pytest.fixture
def go(tmp_path: Path) -> Any:
    def start(definition: dict[str, Any], given: Any, **more: Any) -> Ran:
        return run(definition, given, data_dir=tmp_path, **more)

    return start


async def until(condition: Any) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - the engine has no event for what a test looks at
            await asyncio.sleep(0.01)


def counts_of(engine: Any) -> dict[str, int]:
    """The counts of all children, while there is one Map Run at most."""
    return next((found.record.describe()["executionCounts"] for found in engine.map_runs.values()), {"running": 0})


async def running(engine: Any, number: int) -> None:
    await until(lambda: counts_of(engine)["running"] >= number)


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_ten_thousand_children_wait_at_once_without_a_thread_each(go: Any, monkeypatch: Any, kind: str) -> None:
    seen: dict[str, int] = {}
    over = asyncio.Event()

    async def wait_until_over(_seconds: float) -> None:
        await over.wait()

    async def during(engine: Any, _execution: Any) -> None:
        await running(engine, MANY)
        seen.update(running=counts_of(engine)["running"], threads=threading.active_count())
        over.set()

    monkeypatch.setattr(simple, "asyncio", SimpleNamespace(sleep=wait_until_over))  # however slow the machine is
    threads = threading.active_count()
    ran = go(distributed(WAIT_LONG, kind, ResultWriter=WRITER), list(range(MANY)), during=during)
    assert seen["running"] == MANY, "all of them at the same time"
    assert seen["threads"] - threads < 8, "children are tasks of one loop"
    counts = ran.map_run["executionCounts"]
    assert (counts["succeeded"], counts["running"], counts["total"]) == (MANY, 0, MANY)
    (entries,) = [ran.s3.json(*where) for where in ran.s3.objects if where[1].endswith("SUCCEEDED_0.json")]
    assert sorted(int(entry["Input"]) for entry in entries) == list(range(MANY))


@pytest.mark.parametrize("number", [50, 2_000])
def test_a_stopped_execution_leaves_no_child_behind(go: Any, number: int) -> None:
    left: set[Any] = set()

    async def during(engine: Any, execution: Any) -> None:
        await running(engine, number)
        assert len(asyncio.all_tasks()) > number, "children are tasks"
        execution.stop("Enough", "stopped by the test")
        await asyncio.wait([execution.task])
        await until(lambda: not engine.tasks)
        left.update(asyncio.all_tasks() - {asyncio.current_task()})

    ran = go(distributed(WAIT_LONG, ResultWriter=WRITER), list(range(number)), during=during)
    assert ran.execution.status == "ABORTED"
    assert left == set(), "not one task of a child, of the Map Run or of the execution"
    assert ran.map_run["status"] == "ABORTED"
    assert ran.map_run["executionCounts"]["aborted"] == number
    assert ran.s3.parts == {}, "no upload is left open"


def test_a_raised_limit_starts_more_children_and_a_lowered_one_starts_no_more(go: Any) -> None:
    steps: list[int] = []

    async def during(engine: Any, execution: Any) -> None:
        await running(engine, 3)
        found = engine.map_runs[execution.map_runs[0]]
        for limit in (3, 20, 5):
            engine.change_map_run(found, {"maxConcurrency": limit})
            await asyncio.sleep(0.05)
            steps.append(counts_of(engine)["running"])
        assert found.record.describe()["maxConcurrency"] == 5
        execution.stop(None, None)

    go(distributed(WAIT_LONG, MaxConcurrency=3), list(range(100)), during=during)
    assert steps == [3, 20, 20], "what runs goes on when the limit falls below it"


def test_a_raised_tolerance_saves_a_map_run_that_would_fail(go: Any) -> None:
    fail_late = machine(W={"Type": "Wait", "SecondsPath": "$", "Next": "F"}, F={"Type": "Fail", "Error": "Bad"})

    async def during(engine: Any, execution: Any) -> None:
        await running(engine, 2)
        engine.change_map_run(engine.map_runs[execution.map_runs[0]], {"toleratedFailurePercentage": 100.0})

    assert go(distributed(fail_late, ToleratedFailureCount=0), [1, 1]).execution.status == "FAILED"
    changed = distributed(fail_late, ToleratedFailurePercentage=0)
    assert go(changed, [1, 1], during=during).execution.status == "SUCCEEDED"


def test_children_that_go_in_a_circle_time_out_and_let_others_run(go: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(children, "EXPRESS_SECONDS", 0.3)
    circling = machine(
        C={"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "A"}], "Default": "Z"},
        **CIRCLE["States"],
    )
    ran = go(distributed(circling, "EXPRESS", ToleratedFailurePercentage=100), [0, 1, 0, 1, 0])
    counts = ran.map_run["executionCounts"]
    assert (counts["succeeded"], counts["timedOut"]) == (3, 2)


def test_a_standard_child_that_goes_in_a_circle_ends_at_the_quota_of_events(go: Any) -> None:
    ran = go(distributed(CIRCLE, ToleratedFailurePercentage=100, ResultWriter=WRITER), [1])
    (entries,) = [ran.s3.json(*where) for where in ran.s3.objects if where[1].endswith("FAILED_0.json")]
    assert [entry["Error"] for entry in entries] == ["States.Runtime"]
    assert "25000" in entries[0]["Cause"]


def test_an_execution_that_goes_in_a_circle_can_be_stopped(go: Any) -> None:
    async def during(_engine: Any, execution: Any) -> None:
        await asyncio.sleep(0.01)
        execution.stop(None, None)

    assert go(CIRCLE, {}, during=during).execution.status == "ABORTED", "it gives way to the request"


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_memory_does_not_grow_with_the_number_of_children(go: Any, kind: str) -> None:
    held: list[int] = []
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSONL"},
        "Parameters": {"Bucket": "in", "Key": "rows.jsonl"},
    }
    keep = machine(P={"Type": "Pass", "End": True})
    definition = distributed(keep, kind, ItemReader=reader, ResultWriter=WRITER)

    async def inspect(engine: Any, _execution: Any) -> None:
        await engine.children.flush()
        engine.session.s3.objects.clear()  # the results themselves are S3's
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])

    few, many = 1_000, 8_000
    for number in (few, few, many):
        content = b"".join(b'{"id":%d}\n' % index for index in range(number))

        def prepare(session: MemorySession, content: bytes = content) -> None:
            session.s3.objects["in", "rows.jsonl"] = content

        tracemalloc.start()
        go(definition, {}, prepare=prepare, inspect=inspect)
        tracemalloc.stop()
    assert (held[2] - held[1]) / (many - few) < 100, "bytes for each child: less than its ARN alone would take"
