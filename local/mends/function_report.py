"""What Lambda writes to a function's log of its own accord, for each invocation and each start of an environment.

Sources, Lambda Developer Guide: "Lambda Telemetry API Event schema reference" (the records), "Log-level filtering"
(the level of each: a successful init report and a runtimeDone are DEBUG, so the usual level INFO leaves them out),
"Viewing CloudWatch logs for Lambda" (the lines of the text format, the names of streams). Since August 2025 the time
of the init phase is billed with the first invocation (AWS Compute Blog, "AWS Lambda standardizes billing for INIT
Phase"), so ``billedDurationMs`` is the sum of both, rounded up.
"""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MS: Final = 1000
MB: Final = 1024 * 1024
LEVELS: Final = ("DEBUG", "INFO", "WARN")
RUNTIME: Final = f"python:{platform.python_version()}"
SUCCESS: Final = "success"
ERROR: Final = "error"
TIMEOUT: Final = "timeout"

Event = tuple[int, str]
"""Epoch milliseconds and the text."""

Record = tuple[str, int, str, dict[str, Any]]
"""The level of a record, epoch milliseconds, its type and its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """The start of an execution environment: ``began`` in epoch seconds, and how it ended."""

    began: float
    seconds: float
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One invocation as the worker saw it: ``began`` and ``ended`` in epoch seconds; ``init`` when it was a cold start.

    ``seconds`` are those of the function itself. ``error_type`` is AWS's name when the environment ended.
    """

    stream: str
    began: float
    ended: float
    seconds: float
    peak_bytes: int
    status: str
    error_type: str | None = None
    init: Init | None = None

    @property
    def billed_ms(self) -> int:
        """The milliseconds that AWS bills."""
        return billed_ms(self.seconds, self.init.seconds if self.init else 0.0)


def billed_ms(seconds: float, init_seconds: float) -> int:
    """The duration and that of the init phase, rounded up to the millisecond."""
    return math.ceil(round((seconds + init_seconds) * MS, 3))


def log_group(config: Mapping[str, Any]) -> str:
    """The log group of a function."""
    return (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"


def log_stream(config: Mapping[str, Any], *, environment: str, now: float) -> str:
    """The name of the stream of an execution environment: it names the function where the group does not."""
    name = config["FunctionName"]
    owner = "" if log_group(config) == f"/aws/lambda/{name}" else name
    day = time.strftime("%Y/%m/%d", time.gmtime(now))
    return f"{day}/{owner}[{config.get('Version', '$LATEST')}]{environment}"


def logging_environment(config: Mapping[str, Any], stream: str) -> dict[str, str]:
    """The variables by which a function knows of its log."""
    logging = config.get("LoggingConfig") or {}
    variables = {"AWS_LAMBDA_LOG_GROUP_NAME": log_group(config), "AWS_LAMBDA_LOG_STREAM_NAME": stream}
    if logging.get("LogFormat") == "JSON":
        level = logging.get("ApplicationLogLevel") or "INFO"
        variables |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}
    return variables


def events(config: Mapping[str, Any], request_id: str, report: Report, printed: str) -> list[Event]:
    """The log of one invocation in order: what Lambda writes before, what the function printed, and the report."""
    as_json = (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON"
    last = int(report.ended * MS)
    before, after = (_json if as_json else _text)(config, request_id, report, last)
    return [*before, *((last, line) for line in printed.splitlines()), *after]


def _json(config: Mapping[str, Any], request_id: str, report: Report, ended: int) -> tuple[list[Event], list[Event]]:
    lowest = LEVELS.index((config.get("LoggingConfig") or {}).get("SystemLogLevel") or "INFO")
    version = config.get("Version", "$LATEST")
    start = {"requestId": request_id, "functionArn": config["FunctionArn"], "version": version}
    failed = {} if report.error_type is None else {"errorType": report.error_type}
    duration = {"durationMs": round(report.seconds * MS, 3)}
    done = {"requestId": request_id, "metrics": duration, "status": report.status, **failed}
    whole = {"requestId": request_id, "metrics": _metrics(config, report), "status": report.status, **failed}
    ok = report.status == SUCCESS
    before = [*_init_records(config, report.init), ("INFO", int(report.began * MS), "platform.start", start)]
    after = [
        ("DEBUG" if ok else "WARN", ended, "platform.runtimeDone", done),
        ("INFO" if ok else "WARN", ended, "platform.report", whole),
    ]

    def written(records: Iterable[Record]) -> list[Event]:
        return [(at, _record(at, kind, record)) for level, at, kind, record in records if LEVELS.index(level) >= lowest]

    return written(before), written(after)


def _init_records(config: Mapping[str, Any], init: Init | None) -> Iterator[Record]:
    if init is None:
        return
    phase = {"initializationType": "on-demand", "phase": "init"}
    names = {"functionName": config["FunctionName"], "functionVersion": config.get("Version", "$LATEST")}
    yield "INFO", int(init.began * MS), "platform.initStart", {**phase, "runtimeVersion": RUNTIME, **names}
    level = "DEBUG" if init.status == SUCCESS else "WARN"
    ended = {**phase, "status": init.status, "metrics": {"durationMs": round(init.seconds * MS, 3)}}
    yield level, int((init.began + init.seconds) * MS), "platform.initReport", ended


def _metrics(config: Mapping[str, Any], report: Report) -> dict[str, float]:
    metrics: dict[str, float] = {
        "durationMs": round(report.seconds * MS, 3),
        "billedDurationMs": report.billed_ms,
        "memorySizeMB": config.get("MemorySize", 128),
        "maxMemoryUsedMB": math.ceil(report.peak_bytes / MB),
    }
    if report.init is not None:
        metrics["initDurationMs"] = round(report.init.seconds * MS, 3)
    return metrics


def _record(at: int, kind: str, record: Mapping[str, Any]) -> str:
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // MS)) + f".{at % MS:03d}Z"
    return json.dumps({"time": when, "type": kind, "record": record}, separators=(",", ":"))


def _text(config: Mapping[str, Any], request_id: str, report: Report, ended: int) -> tuple[list[Event], list[Event]]:
    began = int(report.began * MS)
    before = [(began, f"START RequestId: {request_id} Version: {config.get('Version', '$LATEST')}")]
    if report.init is not None:
        before.insert(0, (int(report.init.began * MS), f"INIT_START Runtime Version: {RUNTIME}"))
    metrics = _metrics(config, report)
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {metrics['durationMs']:.2f} ms",
        f"Billed Duration: {metrics['billedDurationMs']} ms",
        f"Memory Size: {metrics['memorySizeMB']} MB",
        f"Max Memory Used: {metrics['maxMemoryUsedMB']} MB",
    ]
    if report.init is not None:
        parts.append(f"Init Duration: {metrics['initDurationMs']:.2f} ms")
    if report.error_type is not None:
        parts += [f"Status: {report.status}", f"Error Type: {report.error_type}"]
    elif report.status == TIMEOUT:
        parts.append(f"Status: {report.status}")
    return before, [(ended, f"END RequestId: {request_id}"), (ended, "\t".join([*parts, ""]))]
