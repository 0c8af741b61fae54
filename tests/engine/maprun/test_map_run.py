"""A Map Run from items to result files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.memory import MemorySession, Ran, machine, run

ROWS = "id,grade\n" + "".join(f"{n},{'good' if n % 4 else 'bad'}\n" for n in range(10))
READER: dict[str, Any] = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
    "Parameters": {"Bucket": "in", "Key": "rows.csv"},
}
WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix": "results"}}
PASS = machine(P={"Type": "Pass", "End": True})
FAIL_BAD = machine(
    C={"Type": "Choice", "Choices": [{"Variable": "$.grade", "StringEquals": "bad", "Next": "F"}], "Default": "P"},
    F={"Type": "Fail", "Error": "Bad", "Cause": "graded bad"},
    P={"Type": "Pass", "End": True},
)


def distributed(processor: dict[str, Any] = PASS, kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
    return machine(M={"Type": "Map", "Label": "L", "ItemProcessor": {**config, **processor}, "End": True, **fields})


@pytest.fixture
def go(tmp_path: Path) -> Any:
    def start(definition: dict[str, Any], given: Any = None, content: str = ROWS, **more: Any) -> Ran:
        deny, may_start = more.pop("deny", ()), more.pop("may_start", True)

        def prepare(session: MemorySession) -> None:
            session.s3.objects["in", "rows.csv"] = content.encode()
            session.s3.denied |= set(deny)
            session.iam.allowed = may_start

        return run(definition, given, data_dir=tmp_path, prepare=prepare, **more)

    return start


def files(ran: Ran) -> dict[str, Any]:
    """The result files by name, without their folder."""
    return {key.rsplit("/", 1)[-1]: ran.s3.json(*where) for where in ran.s3.objects if (key := where[1]) != "rows.csv"}


@pytest.mark.aws("recorded")
def test_the_parents_history_tells_the_map_run_and_no_child(go: Any) -> None:
    ran = go(distributed(ItemReader=READER))
    assert ran.types[1:] == [
        (0, "MapStateEntered"),
        (2, "MapStateStarted"),
        (3, "MapRunStarted"),
        (4, "MapRunSucceeded"),
        (5, "MapStateSucceeded"),
        (4, "MapStateExited"),
        (7, "ExecutionSucceeded"),
    ]
    assert ran.events[2]["mapStateStartedEventDetails"] == {"length": 0}, "a reader's items are not counted here"
    arn = ran.events[3]["mapRunStartedEventDetails"]["mapRunArn"]
    assert arn.startswith("arn:aws:states:us-east-1:000000000000:mapRun:machine/L:")


@pytest.mark.aws("recorded")
def test_outputs_come_back_in_the_order_of_the_items(go: Any) -> None:
    ran = go(distributed(), [3, "x", None, {"a": 1}])
    assert ran.output == [3, "x", None, {"a": 1}]
    assert ran.events[2]["mapStateStartedEventDetails"] == {"length": 4}


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_result_files_hold_every_child_once_with_awss_keys(go: Any, kind: str) -> None:
    ran = go(distributed(kind=kind, ItemReader=READER, ItemBatcher={"MaxItemsPerBatch": 4}, ResultWriter=WRITER))
    found = files(ran)
    assert sorted(found) == ["SUCCEEDED_0.json", "manifest.json"], "a file exists only if it has entries"
    entries = found["SUCCEEDED_0.json"]
    assert [len(json.loads(entry["Input"])["Items"]) for entry in entries] == [4, 4, 2]
    assert list(entries[0]) == [
        "ExecutionArn",
        "Input",
        "InputDetails",
        "Name",
        "Output",
        "OutputDetails",
        "RedriveCount",
        "RedriveStatus",
        "RedriveStatusReason",
        "StartDate",
        "StateMachineArn",
        "Status",
        "StopDate",
    ]
    assert entries[0]["StateMachineArn"].endswith(":stateMachine:machine/L")
    arn = entries[0]["ExecutionArn"]
    assert f":{'express' if kind == 'EXPRESS' else 'execution'}:machine/L:{entries[0]['Name']}" in arn
    folder = ran.output["ResultWriterDetails"]["Key"].removesuffix("/manifest.json")
    assert folder.startswith("results/")
    assert found["manifest.json"] == {
        "DestinationBucket": "out",
        "MapRunArn": ran.output["MapRunArn"],
        "ResultFiles": {
            "FAILED": [],
            "PENDING": [],
            "SUCCEEDED": [
                {
                    "Key": f"{folder}/SUCCEEDED_0.json",
                    "Size": len(ran.s3.objects["out", f"{folder}/SUCCEEDED_0.json"]),
                }
            ],
        },
    }


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("config", "name", "expected"),
    [
        ({"Transformation": "COMPACT"}, "SUCCEEDED_0.json", [[1, [2]], [3], "x"]),
        ({"Transformation": "FLATTEN"}, "SUCCEEDED_0.json", [1, [2], 3, "x"]),
    ],
)
def test_compact_keeps_outputs_and_flatten_splices_arrays_one_level(
    go: Any, config: dict[str, str], name: str, expected: Any
) -> None:
    ran = go(distributed(ResultWriter={**WRITER, "WriterConfig": config}), [[1, [2]], [3], "x"])
    assert files(ran)[name] == expected


@pytest.mark.aws("recorded")
def test_json_lines_change_the_extension_and_end_with_a_newline(go: Any) -> None:
    config = {"Transformation": "COMPACT", "OutputType": "JSONL"}
    ran = go(distributed(ResultWriter={**WRITER, "WriterConfig": config}), [1, 2])
    (content,) = [body for (_bucket, key), body in ran.s3.objects.items() if key.endswith("SUCCEEDED_0.jsonl")]
    assert content == b"1\n2\n"


@pytest.mark.aws("recorded")
def test_tolerated_failures_are_counted_named_and_written(go: Any) -> None:
    ran = go(distributed(FAIL_BAD, ItemReader=READER, ToleratedFailureCount=3, ResultWriter=WRITER))
    assert ran.execution.status == "SUCCEEDED"
    found = files(ran)
    assert [json.loads(entry["Input"])["id"] for entry in found["FAILED_0.json"]] == ["0", "4", "8"]
    failed = found["FAILED_0.json"][0]
    assert (failed["Error"], failed["Cause"], failed["Status"]) == ("Bad", "graded bad", "FAILED")
    assert failed["RedriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    assert "Output" not in failed
    counts = ran.map_run["itemCounts"]
    assert (counts["succeeded"], counts["failed"], counts["total"], counts["resultsWritten"]) == (7, 3, 10, 10)


@pytest.mark.aws("recorded")
def test_one_failure_too_many_fails_the_run_and_the_rest_stays_pending_in_the_files(go: Any) -> None:
    ran = go(distributed(FAIL_BAD, ItemReader=READER, ToleratedFailureCount=1, ResultWriter=WRITER))
    assert ran.types[3:] == [
        (3, "MapRunStarted"),
        (4, "MapRunFailed"),
        (5, "MapStateFailed"),
        (6, "ExecutionFailed"),
    ]
    assert ran.events[-1]["executionFailedEventDetails"] == {
        "error": "States.ExceedToleratedFailureThreshold",
        "cause": "The specified tolerated failure threshold was exceeded",
    }
    found = files(ran)
    assert {name: len(entries) for name, entries in found.items() if name != "manifest.json"} == {
        "FAILED_0.json": 2,
        "PENDING_0.json": 5,
        "SUCCEEDED_0.json": 3,
    }
    assert found["PENDING_0.json"][0] == {
        "Input": '{"id":"5","grade":"good"}',
        "InputDetails": {"Included": True},
        "Status": "PENDING",
    }
    counts = ran.map_run["itemCounts"]
    assert (counts["pending"], counts["total"], counts["resultsWritten"]) == (5, 10, 10)
    assert ran.map_run["status"] == "FAILED"


@pytest.mark.aws("documented")
def test_a_percentage_is_judged_against_the_final_total(go: Any) -> None:
    first_row_bad = distributed(FAIL_BAD, ItemReader=READER, ToleratedFailurePercentage=30)
    assert go(first_row_bad).execution.status == "SUCCEEDED", "3 of 10 is not over 30 %"
    assert go({**first_row_bad, "States": _with(first_row_bad, ToleratedFailurePercentage=29.9)}).execution.error == (
        "States.ExceedToleratedFailureThreshold"
    )


def _with(definition: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"M": {**definition["States"]["M"], **fields}}


@pytest.mark.aws("recorded")
def test_running_standard_children_are_aborted_when_the_run_fails(go: Any) -> None:
    slow = machine(
        C={"Type": "Choice", "Choices": [{"Variable": "$.bad", "BooleanEquals": True, "Next": "F"}], "Default": "W"},
        F={"Type": "Fail", "Error": "Bad"},
        W={"Type": "Wait", "Seconds": 30, "End": True},
    )
    ran = go(distributed(slow, ResultWriter=WRITER), [{"bad": False}, {"bad": True}])
    aborted = [entry for entry in files(ran)["FAILED_0.json"] if entry["Status"] == "ABORTED"]
    assert len(aborted) == 1
    arn = ran.map_run["mapRunArn"]
    assert aborted[0]["Cause"] == f"The map run execution [{arn}] which was managing this resource was aborted"
    assert "Error" not in aborted[0]
    assert ran.map_run["executionCounts"]["aborted"] == 1


@pytest.mark.aws("documented")
def test_no_more_children_run_at_once_than_max_concurrency_and_an_update_takes_effect(go: Any) -> None:
    waiting = machine(W={"Type": "Wait", "Seconds": 1, "End": True})
    seen: list[int] = []

    async def watch(engine: Any, execution: Any) -> None:
        await asyncio.sleep(0.3)
        (arn,) = execution.map_runs
        found = engine.map_runs[arn]
        seen.append(found.record.executions.running)
        engine.change_map_run(found, {"maxConcurrency": 5})
        await asyncio.sleep(0.3)
        seen.append(found.record.executions.running)

    ran = go(distributed(waiting, MaxConcurrency=2), list(range(7)), during=watch)
    assert seen == [2, 5]
    assert ran.execution.status == "SUCCEEDED"


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("deny", "error"),
    [
        (["PutObject"], "States.ResultWriterFailed"),
        (["CreateMultipartUpload"], "States.ResultWriterFailed"),
        (["GetObject"], "States.ItemReaderFailed"),
    ],
)
def test_a_denied_bucket_fails_the_map_with_awss_error(go: Any, deny: list[str], error: str) -> None:
    ran = go(distributed(ItemReader=READER, ResultWriter=WRITER), deny=deny)
    assert ran.execution.error == error
    assert "Access Denied" in (ran.execution.cause or "")
    assert not ran.s3.parts, "no multipart upload is left behind"


@pytest.mark.aws("documented")
def test_a_role_that_may_not_start_its_own_machine_fails_the_map(go: Any) -> None:
    ran = go(distributed(ItemReader=READER), may_start=False)
    assert ran.execution.error == "States.Permissions"
    assert "is not authorized to perform: states:StartExecution" in (ran.execution.cause or "")


@pytest.mark.aws("recorded")
def test_a_negative_max_items_fails_after_the_map_run_has_begun(go: Any) -> None:
    reader = {**READER, "ReaderConfig": {**READER["ReaderConfig"], "MaxItemsPath": "$.n"}}
    ran = go(distributed(ItemReader=reader), {"n": -1})
    assert ran.types[-4:-1] == [(3, "MapRunStarted"), (4, "MapRunFailed"), (5, "MapStateFailed")]
    assert ran.events[-1]["executionFailedEventDetails"] == {
        "error": "States.ItemReaderFailed",
        "cause": "field MaxItems must be positive",
    }


@pytest.mark.aws("documented")
def test_results_over_the_quota_fail_without_a_writer(go: Any) -> None:
    ran = go(distributed(), ["x" * 200_000, "y" * 200_000])
    assert ran.execution.error == "States.DataLimitExceeded"


@pytest.mark.aws("recorded")
def test_a_standard_childs_history_and_record_are_kept(go: Any) -> None:
    found: dict[str, Any] = {}

    async def look(engine: Any, execution: Any) -> None:
        (arn,) = execution.map_runs
        page = await engine.children.page(arn, status=None, before=(1e18, ""), limit=10)
        found["children"] = page

    go(distributed(ItemBatcher={"MaxItemsPerBatch": 2}), [1, 2, 3], inspect=look)
    children = found["children"]
    assert sorted(child.items for child in children) == [1, 2]
    assert {child.output for child in children} == {b'{"Items":[1,2]}', b'{"Items":[3]}'}
    assert [event["type"] for event in children[0].history()] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


@pytest.mark.aws("documented")
def test_an_empty_file_and_a_header_alone_end_without_items(go: Any) -> None:
    header_only = go(distributed(ItemReader=READER), content="id,grade\n")
    assert header_only.output == []
    assert header_only.map_run["itemCounts"]["total"] == 0


@pytest.mark.aws("documented")
def test_a_result_file_over_its_limit_is_followed_by_the_next(go: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.stepfunctions.maprun.writer.PART_BYTES", 100)
    monkeypatch.setattr("local.stepfunctions.maprun.writer.MAX_FILE_BYTES", 250)
    config = {"Transformation": "COMPACT"}
    items = [f"item {number:03d} {'x' * 40}" for number in range(20)]
    ran = go(distributed(ResultWriter={**WRITER, "WriterConfig": config}), items)
    listed = files(ran)["manifest.json"]["ResultFiles"]["SUCCEEDED"]
    assert [file["Key"].rsplit("/", 1)[-1] for file in listed] == [f"SUCCEEDED_{n}.json" for n in range(len(listed))]
    assert len(listed) > 2
    assert [entry for file in listed for entry in ran.s3.json("out", file["Key"])] == items
    assert all(file["Size"] == len(ran.s3.objects["out", file["Key"]]) for file in listed)


@pytest.mark.aws("documented")
def test_an_express_child_is_timed_out_after_its_five_minutes(go: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.stepfunctions.maprun.children.EXPRESS_SECONDS", 0.1)
    slow = machine(W={"Type": "Wait", "Seconds": 30, "End": True})
    ran = go(distributed(slow, kind="EXPRESS", ToleratedFailureCount=1, ResultWriter=WRITER), [1])
    (entry,) = files(ran)["FAILED_0.json"]
    assert (entry["Status"], entry["Error"]) == ("TIMED_OUT", "States.Timeout")
    assert ran.map_run["itemCounts"]["timedOut"] == 1


@pytest.mark.aws("documented")
def test_a_distributed_map_within_a_distributed_map_has_map_runs_of_its_own(go: Any) -> None:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    inner = {"Type": "Map", "Label": "Inner", "ItemProcessor": {**config, **PASS}, "End": True}
    found: list[list[str]] = []

    async def look(engine: Any, _execution: Any) -> None:
        found.extend(engine.nested_runs.values())

    ran = go(distributed(machine(I=inner)), [[1, 2], [3]], inspect=look)
    assert ran.output == [[1, 2], [3]]
    assert len(found) == 2
    assert all(":mapRun:machine/Inner:" in arn for runs in found for arn in runs)


@pytest.mark.aws("recorded")
def test_a_retried_map_is_a_new_map_run_over_all_items(go: Any) -> None:
    retry = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    ran = go(distributed(FAIL_BAD, ItemReader=READER, Retry=retry))
    assert len(ran.execution.map_runs) == 2
    totals = [ran.engine.map_runs[arn].record.items.total for arn in ran.execution.map_runs]
    assert totals == [10, 10]
