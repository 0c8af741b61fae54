"""The logs of Python functions as AWS writes them: one stream for each environment, reports of what is billed.

Ministack makes a stream for each invocation, writes the lines of the text format whatever the function's format is,
asks no role for leave, and keeps everything for ever.
"""

from __future__ import annotations

import importlib
import time
from bisect import insort
from typing import Any, Final

from local.mends import function_metrics
from local.mends.function_report import Event, events, log_group

ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")

MAX_GROUP_BYTES: Final = 256 * 1024**2
"""What is kept of a function's log: about 150,000 invocations that print a line each; then the older half goes."""

EVENT_BYTES: Final = 300
"""What an event takes in memory on top of its text."""

ANSWER_SECONDS: Final = 1.0
"""How long the answer whether a role may write is good."""


def apply() -> None:
    """Write the log of each invocation that our worker reports, and count it."""
    service = importlib.import_module("ministack.services.lambda_svc")
    worker = importlib.import_module("local.mends.function_worker")
    emit = service._emit_lambda_logs  # noqa: SLF001 - the seam
    log = FunctionLog()

    def _emit_lambda_logs(
        func: dict[str, Any], request_id: str, log_text: str, error: bool, duration_ms: int, **more: Any
    ) -> None:
        report = worker.reports.pop(request_id, None)
        if report is None:
            emit(func, request_id, log_text, error, duration_ms, **more)
            return
        config = func.get("config") or func
        function_metrics.count(config, report)
        written = events(config, request_id, report, log_text)
        if written and log.may_write(config):
            log.write(config, report.stream, written)

    service._emit_lambda_logs = _emit_lambda_logs  # type: ignore[attr-defined] # noqa: SLF001 - by design


class FunctionLog:
    """The log groups of functions within ministack's CloudWatch Logs."""

    def __init__(self) -> None:
        self._logs = importlib.import_module("ministack.services.cloudwatch_logs")
        self._iam = importlib.import_module("ministack.core.iam_evaluator")
        self._answers: dict[tuple[str, str], tuple[float, bool]] = {}

    def may_write(self, config: dict[str, Any]) -> bool:
        """Whether the function's role may write to its log group; a group that is not there is made if it may."""
        group = log_group(config)
        key = (config["Role"], self._logs._make_group_arn_no_star(group))  # noqa: SLF001 - the seam
        known, answer = self._answers.get(key, (0.0, False))
        if time.monotonic() - known > ANSWER_SECONDS:
            answer = self._asked(*key, group)
            self._answers[key] = (time.monotonic(), answer)
        return answer and group in self._logs._log_groups  # noqa: SLF001 - the seam

    def _asked(self, role_arn: str, group_arn: str, group: str) -> bool:
        if group not in self._logs._log_groups:  # noqa: SLF001 - the seam
            if not self._allows(role_arn, "logs:CreateLogGroup", f"{group_arn}:*"):
                return False
            self._logs._create_log_group({"logGroupName": group})  # noqa: SLF001 - the seam
        return all(self._allows(role_arn, action, f"{group_arn}:log-stream:*") for action in ACTIONS)

    def _allows(self, role_arn: str, action: str, resource: str) -> bool:
        if role_arn.count(":") < 5:
            return False
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        context = self._iam.EvalContext(
            principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/lambda",
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn=resource,
            region=resource.split(":")[3],
            service_context={},
        )
        policies = self._iam._gather_role_policies(name, account)  # noqa: SLF001 - the seam
        allowed: bool = self._iam.evaluate(context, policies).decision == "Allow"
        return allowed

    def write(self, config: dict[str, Any], stream: str, written: list[Event]) -> None:
        """Append to the stream, tell whom a subscription names, and let go of what is too much."""
        name = log_group(config)
        group = self._logs._log_groups[name]  # noqa: SLF001 - the seam
        now = int(time.time() * 1000)
        kept = [{"timestamp": at, "message": text, "ingestionTime": now} for at, text in written]
        with self._logs._log_events_lock:  # noqa: SLF001 - the seam
            _append(_stream_of(group, stream, now), kept)
            group["keptBytes"] = group.get("keptBytes", 0) + _bytes(kept)
            if group["keptBytes"] > MAX_GROUP_BYTES:
                _drop_older_half(group)
        self._logs._fanout_to_subscription_filters(name, stream, kept)  # noqa: SLF001 - the seam


def _stream_of(group: dict[str, Any], name: str, now: int) -> dict[str, Any]:
    made = {
        "events": [],
        "uploadSequenceToken": "1",
        "creationTime": now,
        "firstEventTimestamp": None,
        "lastEventTimestamp": None,
        "lastIngestionTime": None,
    }
    stream: dict[str, Any] = group["streams"].setdefault(name, made)
    return stream


def _append(stream: dict[str, Any], kept: list[dict[str, Any]]) -> None:
    """In order of time: the thread of an earlier invocation may come later, by a few events."""
    for event in kept:
        insort(stream["events"], event, key=_when)
    stream["firstEventTimestamp"] = stream["events"][0]["timestamp"]
    stream["lastEventTimestamp"] = stream["events"][-1]["timestamp"]
    stream["lastIngestionTime"] = kept[-1]["ingestionTime"]


def _when(event: dict[str, Any]) -> int:
    at: int = event["timestamp"]
    return at


def _bytes(kept: list[dict[str, Any]]) -> int:
    return sum(len(event["message"]) + EVENT_BYTES for event in kept)


def _drop_older_half(group: dict[str, Any]) -> None:
    """Of each stream; one that is left empty goes too."""
    group["keptBytes"] = 0
    for name, stream in list(group["streams"].items()):
        left = stream["events"][(len(stream["events"]) + 1) // 2 :]
        if not left:
            del group["streams"][name]
            continue
        stream["events"], stream["firstEventTimestamp"] = left, left[0]["timestamp"]
        group["keptBytes"] += _bytes(left)
