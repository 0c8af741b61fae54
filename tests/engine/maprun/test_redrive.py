"""Redriving executions and their Map Runs."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path
from typing import Any

import pytest

from local.stepfunctions.history import Event
from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.run.branch import Branch
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


class Breaking:
    """An S3 whose reads of ``numbers`` break for good after 600,000 bytes, until they are mended."""

    def __init__(self, s3: Any) -> None:
        self.broken = True
        original = s3.stream

        async def stream(operation: str, parameters: Any) -> Any:
            body = await original(operation, parameters)
            start = int(parameters.get("Range", "bytes=0-")[6:-1])
            if self.broken:
                body.content = body.content[start:600_000]
                body.parsed["ETag"] = '"e"'
                return BrokenBody(body)
            body.content = body.content[start:]
            return body

        s3.stream = stream


class BrokenBody:
    """A body that ends with a fault of the connection."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.parsed = body.parsed

    async def __aiter__(self) -> Any:
        async for piece in self._body:
            yield piece
        raise AwsError(
            service_id="S3", operation="GetObject", code="SdkClientException", message="gone", status=0, body={}
        )

    async def aclose(self) -> None:
        """Nothing to give up."""


@pytest.mark.parametrize(
    ("kind", "work", "runs"),
    [
        ("STANDARD", {"Type": "Pass"}, {2}),
        ("STANDARD", {"Type": "Wait", "Seconds": 0}, {1, 2}),  # those that have not ended by then are stopped
        ("EXPRESS", {"Type": "Wait", "Seconds": 0}, {2}),  # none can be stopped
    ],
)
def test_a_reader_that_fails_midway_loses_no_result_and_a_redrive_reads_the_rest(
    tmp_path: Path, kind: str, work: dict[str, Any], runs: set[int]
) -> None:
    rows = [f"{number},{'x' * 60}" for number in range(20_000)]
    breaking: list[Breaking] = []

    def prepare(session: MemorySession) -> None:
        session.s3.objects["in", "numbers"] = "\n".join(["n,text", *rows, ""]).encode()
        breaking.append(Breaking(session.s3))

    async def again(engine: Any, execution: Any) -> None:
        await asyncio.wait([execution.task])
        assert (execution.status, execution.error) == ("FAILED", "States.ItemReaderFailed"), execution.cause
        (arn,) = execution.map_runs
        counts = engine.map_runs[arn].record.items
        assert 0 < counts.succeeded + counts.aborted + counts.pending < 20_000, "some were read, and not all"
        breaking[0].broken = False
        engine.redrive(execution)

    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        **machine(Only={**work, "End": True}),
    }
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": "in", "Key": "numbers"},
    }
    state = {
        "Type": "Map",
        "ItemReader": reader,
        "ItemBatcher": {"MaxItemsPerBatch": 170},
        "ItemProcessor": processor,
        "ResultWriter": WRITER,
        "End": True,
    }
    ran = run(machine(M=state), data_dir=tmp_path, prepare=prepare, during=again)
    assert ran.execution.status == "SUCCEEDED", ran.execution.cause
    manifest = ran.s3.json("out", ran.output["ResultWriterDetails"]["Key"])["ResultFiles"]
    entries = [entry for file in manifest["SUCCEEDED"] for entry in ran.s3.json("out", file["Key"])]
    came = sorted(int(item["n"]) for entry in entries for item in json.loads(entry["Input"])["Items"])
    assert came == list(range(20_000)), "each row once"
    assert ran.map_run["itemCounts"]["succeeded"] == 20_000
    assert len(manifest["SUCCEEDED"]) in runs, "the runs that had results"


def failing_then_mended(tmp_path: Path, processor: dict[str, Any], items: list[Any], look: Any) -> Ran:
    """Run a distributed map over items while the object ``late`` is missing, put it there, and redrive."""
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {"Type": "Map", "ItemProcessor": {**config, **processor}, "ToleratedFailureCount": 0, "End": True}

    async def again(engine: Any, execution: Any) -> None:
        await asyncio.wait([execution.task])
        assert execution.status == "FAILED"
        await look(engine, execution)
        engine.session.s3.objects["in", "late"] = b"x"
        engine.redrive(execution)

    def prepare(session: MemorySession) -> None:
        session.s3.objects["in", "early"] = b"x"

    return run(machine(M=state), items, data_dir=tmp_path, prepare=prepare, during=again, inspect=look)


READ = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
    "ResultSelector": {"found": True},
    "End": True,
}


@pytest.mark.aws("documented")
def test_a_child_goes_on_within_its_parallel_and_its_map_with_its_variables(tmp_path: Path) -> None:
    reading = machine(Read={**READ, "Parameters": {"Bucket": "in", "Key.$": "$"}})
    branches = [
        machine(Once={"Type": "Pass", "Result": "once", "End": True}),
        machine(
            Each={"Type": "Map", "ItemsPath": "$.keys", "MaxConcurrency": 1, "ItemProcessor": reading, "End": True}
        ),
    ]
    processor = machine(
        Before={"Type": "Pass", "Assign": {"kept.$": "$.name"}, "Next": "All"},
        All={"Type": "Parallel", "Branches": branches, "ResultPath": "$.all", "Next": "After"},
        After={"Type": "Pass", "Parameters": {"kept.$": "$kept", "all.$": "$.all"}, "End": True},
    )
    histories: list[list[str]] = []

    async def look(engine: Any, execution: Any) -> None:
        (arn,) = execution.map_runs
        (child,) = await engine.children.page(arn, status=None, before=(1e18, ""), limit=10)
        events = child.history()
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        histories.append([event["type"] for event in events])

    ran = failing_then_mended(tmp_path, processor, [{"name": "n", "keys": ["early", "late", "early"]}], look)
    found = {"found": True}
    assert ran.output == [{"kept": "n", "all": ["once", [found, found, found]]}]
    failed, whole = histories
    assert failed[-1] == "ExecutionFailed"
    assert whole[: len(failed)] == failed, "the history goes on"
    assert whole[len(failed)] == "ExecutionRedriven"
    assert whole.count("PassStateEntered") == 3, "Before, Once and After, once each"
    assert whole.count("TaskScheduled") == 4, "early, late, late again, early: what was read is not read again"
    assert whole.count("ExecutionStarted") == 1


def living() -> tuple[int, int]:
    """How many branches and events there are in memory."""
    gc.collect()
    found = gc.get_objects()
    return sum(type(each) is Branch for each in found), sum(type(each) is Event for each in found)


def test_children_that_failed_take_no_memory(tmp_path: Path) -> None:
    processor = machine(Read={**READ, "Parameters": {"Bucket": "in", "Key": "late"}})
    before, after = living(), []

    async def look(engine: Any, execution: Any) -> None:
        await engine.children.find("nobody")  # it reads what was written before
        after.append(living())

    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {
        "Type": "Map",
        "ItemProcessor": {**config, **processor},
        "ToleratedFailurePercentage": 100,
        "ResultWriter": WRITER,
        "End": True,
    }
    ran = run(machine(M=state), list(range(2_000)), data_dir=tmp_path, inspect=look)
    assert ran.map_run["itemCounts"]["failed"] == 2_000
    ((branches, events),) = after
    assert branches - before[0] < 20, "they are on disk"
    assert events - before[1] < 100, "so are their histories"
