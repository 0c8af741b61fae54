"""A finished run of a machine with one distributed map, and the clients that tell of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from operate.evidence import Evidence
from operate.execution import Counts
from operate.results import Manifest, ResultFile
from tests.unit.operate.answers import EXECUTION, MAP_RUN, STARTED, execution, history_page, map_run

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:stations"
GROUP = "/aws/lambda/stations-logs"
OTHER = f"{EXECUTION}-of-somebody-else"
PARENT = (
    "ExecutionStarted",
    "PassStateEntered",
    "PassStateExited",
    "MapStateEntered",
    "MapStateStarted",
    "MapRunStarted",
    "MapRunSucceeded",
    "MapStateSucceeded",
    "MapStateExited",
    "ExecutionSucceeded",
)
MANIFEST = Manifest(
    bucket="b",
    key="out/manifest.json",
    map_run_arn=MAP_RUN,
    files={"SUCCEEDED": (ResultFile(key="s", size=20 * 2**20),), "FAILED": (), "PENDING": ()},
)
PASS = {"Keep": {"Type": "Pass", "End": True}}
INVOKE = {
    "Stations": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": FUNCTION, "Payload.$": "$"},
        "End": True,
    }
}


def map_state(label: str | None = "Reviews", *, kind: str = "EXPRESS", states: Any = PASS, **reader: Any) -> Any:
    made = {
        "Type": "Map",
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", **reader},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": next(iter(states)),
            "States": states,
        },
        "End": True,
    }
    return made if label is None else {**made, "Label": label}


def definition(**maps: Any) -> dict[str, Any]:
    states = maps or {"Reviews": map_state()}
    return {"StartAt": "Defaults", "States": {"Defaults": {"Type": "Pass", "Next": next(iter(states))}, **states}}


class FakeStack:
    """A stack whose clients are given, and no others."""

    def __init__(self, *, is_local: bool = True, **clients: Any) -> None:
        self.is_local = is_local
        self._clients = clients

    def client(self, service: str) -> Any:
        return self._clients[service]


def evidence(stack: FakeStack, **given: Any) -> Evidence:
    fields: dict[str, Any] = {
        "stack": stack,
        "execution": execution(),
        "map_runs": (map_run(),),
        "events": tuple(history_page(*PARENT)["events"]),
        "definition": definition(),
        "logging_level": "OFF",
        "logs_data": False,
        "manifests": {MAP_RUN: MANIFEST},
    }
    return Evidence(**{**fields, **given})


def children_of(number: int) -> Counts:
    return Counts(total=number, succeeded=number, results_written=number)


def queue_children(stubber: Any, *milliseconds: int, map_run_arn: str = MAP_RUN) -> None:
    rows = [
        {
            "executionArn": f"{EXECUTION}{number}",
            "stateMachineArn": "arn:m",
            "name": str(number),
            "status": "SUCCEEDED",
            "startDate": STARTED,
            "stopDate": STARTED + timedelta(milliseconds=each),
        }
        for number, each in enumerate(milliseconds)
    ]
    stubber.add_response("list_executions", {"executions": rows}, {"mapRunArn": map_run_arn, "maxResults": 1000})


def queue_history(stubber: Any, number: int, *types: str) -> None:
    asked = {"executionArn": f"{EXECUTION}{number}", "maxResults": 1000}
    stubber.add_response("get_execution_history", history_page(*types), asked)


def queue_function(stubber: Any, **given: Any) -> None:
    answer = {
        "FunctionName": "stations",
        "MemorySize": 1769,
        "Architectures": ["arm64"],
        "Timeout": 60,
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": GROUP},
        **given,
    }
    stubber.add_response("get_function_configuration", answer, {"FunctionName": FUNCTION})


def at(seconds: float) -> int:
    """Epoch milliseconds, so many seconds after the start of the run."""
    return int((STARTED + timedelta(seconds=seconds)).timestamp() * 1000)


def event(seconds: float, message: Any, *, stream: str = "a") -> dict[str, Any]:
    text = message if isinstance(message, str) else orjson.dumps(message).decode()
    return {"logStreamName": stream, "timestamp": at(seconds), "ingestionTime": at(seconds), "message": text}


def queue_log(stubber: Any, events: list[dict[str, Any]], *, group: str = GROUP, pages: int = 1) -> None:
    """The events in so many pages, in order of time as CloudWatch Logs gives them."""
    ordered = sorted(events, key=lambda each: each["timestamp"])
    size = -(-len(ordered) // pages)
    for page in range(pages):
        answer: dict[str, Any] = {"events": ordered[page * size : (page + 1) * size]}
        if page < pages - 1:
            answer["nextToken"] = f"page {page + 1}"
        stubber.add_response("filter_log_events", answer)


def invocation(
    request: str,
    seconds: float = 0.5,
    *,
    ms: float = 100.0,
    init: float | None = None,
    execution_arn: str | None = EXECUTION,
    status: str = "success",
    memory: int = 1769,
    stream: str = "a",
    report: bool = True,
    function: str = FUNCTION,
    **units: int,
) -> list[dict[str, Any]]:
    """The log of one invocation as Lambda writes it in JSON format, with the line of a batch handler."""
    billed = -(-(ms + (init or 0.0)) // 1)
    metrics = {"durationMs": ms, "billedDurationMs": billed, "memorySizeMB": memory, "maxMemoryUsedMB": 120}
    if init is not None:
        metrics["initDurationMs"] = init
    started = {"requestId": request, "functionArn": function, "version": "$LATEST"}
    found = [event(seconds, {"time": "t", "type": "platform.start", "record": started}, stream=stream)]
    if init is not None:
        name = {"functionName": "stations", "phase": "init"}
        found.insert(0, event(seconds, {"time": "t", "type": "platform.initStart", "record": name}, stream=stream))
    if execution_arn is not None:
        line = {
            "level": "INFO",
            "message": "batch",
            "execution": execution_arn,
            "function_request_id": request,
            **units,
        }
        found.append(event(seconds + ms / 1000, line, stream=stream))
    if report:
        whole = {"requestId": request, "metrics": metrics, "status": status}
        record = {"time": "t", "type": "platform.report", "record": whole}
        found.append(event(seconds + ms / 1000, record, stream=stream))
    return found


def billed_bytes(events: list[dict[str, Any]]) -> int:
    """What CloudWatch Logs bills for events: their text and 26 bytes each."""
    return sum(len(each["message"].encode()) + 26 for each in events)
