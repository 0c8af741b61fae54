"""Redriving executions and their Map Runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.engine.memory import MemorySession, Ran, machine, run

WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix": "r"}}


@pytest.fixture
def broken(tmp_path: Path) -> Any:
    """A machine whose children read a marker object: they fail until a test puts it there."""
    reading = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": "in", "Key.$": "$"},
        "ResultSelector": {"found": True},
        "Next": "After",
    }
    processor = machine(
        Before={"Type": "Pass", "End": False, "Next": "Read"}, Read=reading, After={"Type": "Pass", "End": True}
    )
    del processor["States"]["Before"]["End"]

    def start(*, kind: str = "STANDARD", mend: bool = True, inspect: Any = None, **fields: Any) -> Ran:
        config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
        state = {"Type": "Map", "Label": "L", "ItemProcessor": {**config, **processor}, "End": True, **fields}

        def prepare(session: MemorySession) -> None:
            session.s3.objects["in", "a"] = b"x"
            session.s3.objects["in", "d"] = b"x"

        async def again(engine: Any, execution: Any) -> None:
            await asyncio.wait([execution.task])
            if mend:
                engine.session.s3.objects["in", "b"] = b"x"
                engine.session.s3.objects["in", "c"] = b"x"
            engine.redrive(execution)

        items = ["a", "b", "c", "d"]
        return run(machine(M=state), items, data_dir=tmp_path, prepare=prepare, during=again, inspect=inspect)

    return start


@pytest.mark.aws("recorded")
def test_a_redrive_goes_on_with_the_same_map_run_and_runs_only_what_did_not_succeed(broken: Any) -> None:
    ran = broken(MaxConcurrency=1, ToleratedFailureCount=1, ResultWriter=WRITER)
    assert ran.execution.status == "SUCCEEDED", ran.execution.cause
    kinds = [kind for _previous, kind in ran.types]
    assert kinds[-6:] == [
        "ExecutionRedriven",
        "MapRunRedriven",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]
    redriven = kinds.index("ExecutionRedriven")
    assert ran.types[redriven][0] == redriven, "it follows the last event of the failed run"
    started = kinds.index("MapStateStarted") + 1
    assert ran.types[redriven + 1][0] == started, "MapRunRedriven follows MapStateStarted"
    assert kinds.count("MapStateEntered") == 1
    counts = ran.map_run["executionCounts"]
    assert (counts["succeeded"], counts["failed"], counts["pending"], counts["pendingRedrive"]) == (4, 0, 0, 0)
    assert ran.map_run["redriveCount"] == 1
    folder = ran.output["ResultWriterDetails"]["Key"].removesuffix("/manifest.json")
    assert folder.endswith("/Redrive-1")
    manifest = ran.s3.json("out", f"{folder}/manifest.json")["ResultFiles"]
    assert [file["Key"].rsplit("/", 2)[-2:] for file in manifest["SUCCEEDED"]][-1] == ["Redrive-1", "SUCCEEDED_0.json"]
    entries = [entry for file in manifest["SUCCEEDED"] for entry in ran.s3.json("out", file["Key"])]
    assert sorted(entry["Input"] for entry in entries) == ['"a"', '"b"', '"c"', '"d"'], "each item succeeds once"
    assert manifest["FAILED"] == []
    assert {entry["Input"]: entry["RedriveCount"] for entry in entries} == {'"a"': 0, '"b"': 1, '"c"': 1, '"d"': 0}


@pytest.mark.aws("recorded")
def test_a_standard_child_goes_on_from_the_state_that_failed(broken: Any) -> None:
    histories: list[list[str]] = []

    async def look(engine: Any, execution: Any) -> None:
        (arn,) = execution.map_runs
        children = await engine.children.page(arn, status=None, before=(1e18, ""), limit=10)
        histories.extend([event["type"] for event in child.history()] for child in children)

    ran = broken(MaxConcurrency=1, ToleratedFailureCount=1, inspect=look)
    assert ran.output == [{"found": True}] * 4
    redriven = next(kinds for kinds in histories if "ExecutionRedriven" in kinds)
    assert redriven.count("PassStateEntered") == 2, "Before and After, once each"
    assert redriven.count("TaskScheduled") == 2
    assert redriven[-1] == "ExecutionSucceeded"


@pytest.mark.aws("documented")
def test_express_children_start_again_under_the_same_arn(broken: Any) -> None:
    ran = broken(kind="EXPRESS", ToleratedFailureCount=1, ResultWriter=WRITER)
    assert ran.execution.status == "SUCCEEDED"
    failed, succeeded = (
        {entry["Input"]: entry["ExecutionArn"] for entry in ran.s3.json(*where)}
        for name in ("/FAILED_0.json", "/Redrive-1/SUCCEEDED_0.json")
        for where in ran.s3.objects
        if where[1].endswith(name)
    )
    assert failed
    assert failed.items() <= succeeded.items(), "a child that failed succeeds under its own ARN"


@pytest.mark.aws("documented")
def test_a_redrive_that_fails_again_can_be_counted_and_stays_redrivable(broken: Any) -> None:
    ran = broken(mend=False)
    assert ran.execution.status == "FAILED"
    assert ran.execution.redrives == 1
    assert ran.execution.describe()["redriveStatus"] == "REDRIVABLE"


@pytest.mark.aws("documented")
def test_a_parallel_runs_only_its_failed_branch_again(tmp_path: Path) -> None:
    reading = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": "in", "Key": "late"},
        "ResultSelector": {"found": True},
        "End": True,
    }
    branches = [machine(Quick={"Type": "Pass", "Result": "once", "End": True}), machine(Slow=reading)]
    definition = machine(All={"Type": "Parallel", "Branches": branches, "End": True})

    async def again(engine: Any, execution: Any) -> None:
        await asyncio.wait([execution.task])
        engine.session.s3.objects["in", "late"] = b"x"
        engine.redrive(execution)

    ran = run(definition, data_dir=tmp_path, during=again)
    assert ran.output == ["once", {"found": True}]
    kinds = [kind for _previous, kind in ran.types]
    assert kinds.count("PassStateEntered") == 1, "a branch that is done is not run again"
    assert kinds.count("TaskScheduled") == 2
    assert kinds.count("TaskStateEntered") == 1
