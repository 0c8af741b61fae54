"""The events of a log group between two times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MS = 1_000
EVENT_BYTES = 26  # that CloudWatch Logs counts for an event on top of its text ("PutLogEvents")


class LogUnreadableError(Exception):
    """A log group that is not there, or that one may not read: the message says which."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEvent:
    """One event: ``at`` in epoch seconds, ``record`` its text when that is a JSON object, ``size`` in billed bytes."""

    stream: str
    at: float
    record: dict[str, Any] | None
    size: int


def read(logs: Any, group: str, *, start: datetime, end: datetime) -> Iterator[LogEvent]:
    """Yield the events of a group in order of time. LogUnreadableError when it cannot be read."""
    from botocore.exceptions import ClientError

    request = {
        "logGroupName": group,
        "startTime": int(start.timestamp() * MS),
        "endTime": int(end.timestamp() * MS) + 1,
    }
    while True:
        try:
            page = logs.filter_log_events(**request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                raise LogUnreadableError(f"there is no log group {group}") from error
            if code == "AccessDeniedException":
                raise LogUnreadableError(f"logs:FilterLogEvents on {group} is denied") from error
            raise
        yield from map(_event, page["events"])
        if not page.get("nextToken"):
            return
        request["nextToken"] = page["nextToken"]


def _event(found: dict[str, Any]) -> LogEvent:
    text = found["message"]
    return LogEvent(
        stream=found["logStreamName"],
        at=found["timestamp"] / MS,
        record=_record(text),
        size=len(text.encode()) + EVENT_BYTES,
    )


def _record(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None
