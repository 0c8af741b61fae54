"""What a function's log group holds after invocations: the records of AWS's own, and what the function printed."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local import processes
from local.mends import function_logs
from local.mends.function_report import Init, Report, billed_ms, events, log_stream
from local.server import Server
from tests.local.helpers import client, make_function, make_role

PRINT = """
import json, sys, time
def handler(event, context):
    if event == "raise":
        raise KeyError("no such thing")
    if event == "exit":
        sys.exit(3)
    if event == "hang":
        time.sleep(60)
    if isinstance(event, float):
        time.sleep(event)
    print(json.dumps({"message": "batch", "function_request_id": context.aws_request_id, "é": "x" * 300}))
    return [context.aws_request_id, context.log_group_name, context.log_stream_name]
"""
WRITE = (("logs:CreateLogStream", "*"), ("logs:PutLogEvents", "*"))
Functions = Callable[..., tuple[str, str]]


@pytest.fixture
def functions(aws: Server) -> Functions:
    """Make functions that print, with a log group of their own; name and group."""

    def make(*allowed: tuple[str, str], code: str = PRINT, **logging: Any) -> tuple[str, str]:
        group = f"/aws/lambda/group-{uuid4()}"
        client(aws, "logs").create_log_group(logGroupName=group)
        name = make_function(
            aws,
            code,
            Role=make_role(aws, "lambda", *allowed),
            Timeout=1,
            MemorySize=256,
            LoggingConfig={"LogFormat": "JSON", "LogGroup": group, **logging},
        )
        return name, group

    return make


def invoke(aws: Server, name: str, event: Any = None) -> Any:
    answer = client(aws, "lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def lines(aws: Server, group: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client(aws, "logs").filter_log_events(logGroupName=group)["events"]
    return found


def records(aws: Server, group: str) -> list[dict[str, Any]]:
    return [json.loads(event["message"]) for event in lines(aws, group)]


def test_a_cold_and_a_warm_invocation_leave_the_records_of_aws(aws: Server, functions: Functions) -> None:
    name, group = functions(*WRITE)
    before = time.time()
    first, _, stream = invoke(aws, name)
    second, _, again = invoke(aws, name, 0.05)
    found = records(aws, group)
    assert [record.get("type", record.get("message")) for record in found] == [
        *("platform.initStart", "platform.start", "batch", "platform.report"),
        *("platform.start", "batch", "platform.report"),
    ]
    init, start, printed, cold, _, _, warm = found
    assert init["record"] | {"runtimeVersion": ""} == {
        "initializationType": "on-demand",
        "phase": "init",
        "runtimeVersion": "",
        "functionName": name,
        "functionVersion": "$LATEST",
    }
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert start["record"] == {"requestId": first, "functionArn": arn, "version": "$LATEST"}
    assert printed == {"message": "batch", "function_request_id": first, "é": "x" * 300}, "a line arrives whole"
    metrics = cold["record"].pop("metrics")
    assert cold["record"] == {"requestId": first, "status": "success"}
    fields = ["durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"]
    assert list(metrics) == fields
    assert metrics["billedDurationMs"] == math.ceil(metrics["durationMs"] + metrics["initDurationMs"])
    assert metrics["memorySizeMB"] == 256
    assert 5 < metrics["maxMemoryUsedMB"] < 100, "of a Python process that imported json"
    assert warm["record"]["requestId"] == second
    metrics = warm["record"]["metrics"]
    assert list(metrics) == fields[:-1], "the environment was there already"
    assert metrics["billedDurationMs"] == math.ceil(metrics["durationMs"])
    assert 50 <= metrics["durationMs"] < 3000, "the function's own time"
    assert before <= datetime.fromisoformat(start["time"]).astimezone(UTC).timestamp() + 0.001 <= time.time()
    (one,) = {event["logStreamName"] for event in lines(aws, group)}
    assert one == stream == again, "an execution environment writes to one stream, and knows it"
    assert re.fullmatch(rf"\d{{4}}/\d\d/\d\d/{re.escape(name)}\[\$LATEST\][0-9a-f]{{32}}", one)


def test_the_text_format_has_its_lines(aws: Server, functions: Functions) -> None:
    name, group = functions(*WRITE, LogFormat="Text")
    ids = [invoke(aws, name)[0] for _ in range(2)]
    init, start, printed, end, report, _, _, _, warm = [event["message"] for event in lines(aws, group)]
    assert init.startswith("INIT_START Runtime Version: python:3.")
    assert start == f"START RequestId: {ids[0]} Version: $LATEST"
    assert json.loads(printed)["function_request_id"] == ids[0]
    assert end == f"END RequestId: {ids[0]}"
    form = (
        r"REPORT RequestId: %s\tDuration: (\d+\.\d\d) ms\tBilled Duration: (\d+) ms\t"
        r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\t%s"
    )
    cold = re.fullmatch(form % (ids[0], r"Init Duration: (\d+\.\d\d) ms\t"), report)
    assert cold, report
    duration, billed, started = map(float, cold.groups())
    assert abs(billed - (duration + started)) <= 1.01, "rounded up from more digits than are shown"
    assert re.fullmatch(form % (ids[1], ""), warm), warm


@pytest.mark.parametrize(
    ("event", "status", "error"),
    [("raise", "error", None), ("exit", "error", "Runtime.ExitError"), ("hang", "timeout", None)],
)
def test_a_failed_invocation_is_reported_with_its_status(
    aws: Server, functions: Functions, event: str, status: str, error: str | None
) -> None:
    name, group = functions(*WRITE)
    invoke(aws, name)
    invoke(aws, name, event)
    start, text, done, report = [entry["message"] for entry in lines(aws, group)][4:]
    request = json.loads(start)["record"]["requestId"]
    for message in (done, report):
        record = json.loads(message)["record"]
        assert (record["requestId"], record["status"], record.get("errorType")) == (request, status, error)
    assert json.loads(done)["type"] == "platform.runtimeDone", "one of level WARN, so it is written"
    metrics = json.loads(report)["record"]["metrics"]
    assert metrics["maxMemoryUsedMB"] > 5, "also of an environment that is gone"
    if event == "raise":
        logged = json.loads(text)
        assert (logged["errorType"], logged["requestId"], logged["log_level"]) == ("KeyError", request, "ERROR")
    if event == "hang":
        assert text == f"RequestId: {request} Error: Task timed out after 1.00 seconds"
        assert 1000 <= metrics["durationMs"] < 3000


def test_a_start_that_fails_is_reported(aws: Server, functions: Functions) -> None:
    name, group = functions(*WRITE, code="import no_such_module")
    assert invoke(aws, name)["errorType"] == "Runtime.ImportModuleError"
    kinds = [record.get("type", record.get("errorType")) for record in records(aws, group)]
    assert kinds == [
        *("platform.initStart", "platform.initReport", "platform.start"),
        *("Runtime.ImportModuleError", "platform.runtimeDone", "platform.report"),
    ]
    report = records(aws, group)[-1]["record"]
    assert report["metrics"]["initDurationMs"] > report["metrics"]["durationMs"] >= 0


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("DEBUG", ["initStart", "initReport", "start", "runtimeDone", "report"]),
        ("WARN", []),
    ],
)
def test_the_system_log_level_says_which_records_are_written(
    aws: Server, functions: Functions, level: str, written: list[str]
) -> None:
    name, group = functions(*WRITE, SystemLogLevel=level)
    invoke(aws, name)
    kinds = [record["type"].removeprefix("platform.") for record in records(aws, group) if "type" in record]
    assert kinds == written


@pytest.mark.parametrize("allowed", [(), WRITE[:1], WRITE[1:]])
def test_a_role_that_may_not_write_leaves_no_log(aws: Server, functions: Functions, allowed: Any) -> None:
    name, group = functions(*allowed)
    assert invoke(aws, name)[1] == group
    assert lines(aws, group) == []


def test_a_group_that_is_not_there_is_made_only_by_a_role_that_may(aws: Server) -> None:
    logs = client(aws, "logs")
    for allowed, made in ((WRITE, False), ((*WRITE, ("logs:CreateLogGroup", "*")), True)):
        name = make_function(aws, PRINT, Role=make_role(aws, "lambda", *allowed))
        assert invoke(aws, name)[1] == f"/aws/lambda/{name}"
        if made:
            assert len(lines(aws, f"/aws/lambda/{name}")) == 5, "start, line, end, report and the start before them"
        else:
            with pytest.raises(ClientError, match="does not exist"):
                logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")


def test_environments_that_run_at_once_have_streams_of_their_own_and_are_counted(
    aws: Server, functions: Functions
) -> None:
    name, group = functions(*WRITE)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: invoke(aws, name, 0.6), range(3)))
    streams = {stream for _, _, stream in answers}
    assert {event["logStreamName"] for event in lines(aws, group)} == streams
    assert len(streams) == 3
    assert statistic(aws, name, "ConcurrentExecutions", "Maximum") == 3


def statistic(aws: Server, name: str, metric: str, which: str) -> float:
    now = time.time()
    found = client(aws, "cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": name}],
        StartTime=now - 300,
        EndTime=now + 60,
        Period=3600,
        Statistics=[which],
    )
    points: list[float] = [point[which] for point in found["Datapoints"]]
    return sum(points) if which == "Sum" else max(points, default=0.0)


def test_metrics_count_each_invocation_once_with_the_functions_own_time(aws: Server, functions: Functions) -> None:
    name, _ = functions()
    for event in (None, 0.2, "raise"):
        invoke(aws, name, event)
    client(aws, "lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"0.3")
    assert processes.wait_until(lambda: statistic(aws, name, "Invocations", "Sum") == 4, seconds=5)
    assert statistic(aws, name, "Errors", "Sum") == 1
    assert 300 <= statistic(aws, name, "Duration", "Maximum") < 3000
    assert statistic(aws, name, "Duration", "Sum") >= 500
    client(aws, "lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="Rate Exceeded"):
        invoke(aws, name)
    assert statistic(aws, name, "Throttles", "Sum") == 1
    assert statistic(aws, name, "Invocations", "Sum") == 4, "a throttled call is no invocation"


@pytest.mark.parametrize("limit", [7, 10_000])
def test_filtered_events_come_by_the_page_each_once(aws: Server, limit: int) -> None:
    logs, group, many = client(aws, "logs"), f"/pages/{uuid4()}", 40 if limit == 7 else 12_000
    logs.create_log_group(logGroupName=group)
    now = int(time.time() * 1000)
    for stream in "ab":
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        batch = [{"timestamp": now + number // 30, "message": f"{stream}{number}"} for number in range(many // 2)]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
    found: list[dict[str, Any]] = []
    pages = 0
    more: dict[str, str] = {}
    while True:
        page = logs.filter_log_events(logGroupName=group, limit=limit, **more)
        found += page["events"]
        pages += 1
        if "nextToken" not in page:
            break
        more = {"nextToken": page["nextToken"]}
    assert pages == math.ceil(many / limit)
    assert sorted(event["message"] for event in found) == sorted(f"{s}{n}" for s in "ab" for n in range(many // 2))
    assert [event["timestamp"] for event in found] == sorted(event["timestamp"] for event in found)
    some = logs.filter_log_events(logGroupName=group, startTime=now + 1, endTime=now + 1, filterPattern="b")
    assert [event["message"] for event in some["events"]] == [f"b{n}" for n in range(30, min(60, many // 2))]


@pytest.mark.parametrize(
    ("seconds", "init", "billed"),
    [
        (0.69392, 0.0, 694),  # the example of the schema reference
        (0.101, 0.0, 101),
        (0.1010004, 0.0, 101),
        (0.1010006, 0.0, 102),
        (1.23396, 0.463512, 1698),  # a cold start on AWS in October 2026: init is billed
        (0.0, 0.0, 0),
    ],
)
def test_the_billed_duration_is_rounded_up_with_that_of_the_init_phase(
    seconds: float, init: float, billed: int
) -> None:
    assert billed_ms(seconds, init) == billed


REPORT = Report(
    stream="s",
    began=1_700_000_000.5,
    ended=1_700_000_000.625,
    seconds=0.1234567,
    peak_bytes=50 * 1024**2 + 1,
    status="success",
    init=Init(began=1_700_000_000.25, seconds=0.2, status="success"),
)
CONFIG = {
    "FunctionName": "f",
    "FunctionArn": "arn:aws:lambda:us-east-1:1:function:f",
    "MemorySize": 512,
    "Version": "7",
    "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/f"},
}


def test_a_report_is_byte_for_byte_that_of_aws() -> None:
    written = events(CONFIG, "id", REPORT, "one\ntwo")
    assert [at - 1_700_000_000_000 for at, _ in written] == [250, 500, 625, 625, 625], "in order of time"
    assert [text for _, text in written[2:4]] == ["one", "two"]
    assert written[-1][1] == (
        '{"time":"2023-11-14T22:13:20.625Z","type":"platform.report","record":{"requestId":"id","metrics":'
        '{"durationMs":123.457,"billedDurationMs":324,"memorySizeMB":512,"maxMemoryUsedMB":51,"initDurationMs":200.0},'
        '"status":"success"}}'
    )


def test_a_stream_names_the_function_only_in_a_group_that_does_not() -> None:
    assert log_stream(CONFIG, environment="abc", now=0) == "1970/01/01/[7]abc"
    shared = {**CONFIG, "LoggingConfig": {"LogGroup": "all"}}
    assert log_stream(shared, environment="abc", now=0) == "1970/01/01/f[7]abc"


def test_a_log_is_bounded_and_the_older_half_goes() -> None:
    def made(at: int) -> dict[str, Any]:
        return {"timestamp": at, "message": "x" * 100, "ingestionTime": at}

    group: dict[str, Any] = {"streams": {"a": {"events": [made(at) for at in range(10)]}, "b": {"events": [made(1)]}}}
    function_logs._drop_older_half(group)
    assert list(group["streams"]) == ["a"], "a stream that is empty goes too"
    assert [event["timestamp"] for event in group["streams"]["a"]["events"]] == [5, 6, 7, 8, 9]
    assert group["streams"]["a"]["firstEventTimestamp"] == 5
    assert group["keptBytes"] == 5 * (100 + function_logs.EVENT_BYTES)
