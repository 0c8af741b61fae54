"""Log entries: an event of an execution as Step Functions writes it to CloudWatch Logs.

Source: Developer Guide, "Using CloudWatch Logs to log execution history"; field order and types as AWS wrote them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Final

from local.stepfunctions.history import Event, details_of
from local.stepfunctions.payload import dumps

MAX_ESCAPED_BYTES: Final = 248 * 1024
"""What is kept of an input or output, escaped as the entry has it ("CloudWatch Logs payloads")."""

_TEXTS: Final = ("input", "output", "parameters")
_TRUNCATED: Final = {"truncated": True}


@dataclass(slots=True)
class Subject:
    """Whose event it is; ``map_run_arn`` for child executions alone."""

    execution_arn: str
    map_run_arn: str | None = None
    redrives: int = 0


def entry(event: Event, subject: Subject, *, include_data: bool) -> bytes:
    """The entry in JSON; without data it has no inputs and outputs."""
    shown: dict[str, Any] = {
        "id": str(event.id),
        "type": event.type,
        "details": _details(event, include_data=include_data),
        "previous_event_id": str(event.previous),
        "event_timestamp": str(int(event.timestamp * 1000)),
        "execution_arn": subject.execution_arn,
        "redrive_count": str(subject.redrives),
    }
    if subject.map_run_arn is not None:
        shown["map_run_arn"] = subject.map_run_arn
    return dumps(shown)


def _details(event: Event, *, include_data: bool) -> dict[str, Any]:
    details = details_of(event, include_data=include_data)
    for key in _TEXTS:
        text = details.get(key)
        # A character takes four bytes at most.
        if text is not None and 4 * len(text) > MAX_ESCAPED_BYTES and _escaped(text) > MAX_ESCAPED_BYTES:
            details[key] = _cut(text)
            if f"{key}Details" in details:
                details[f"{key}Details"] = _TRUNCATED
    return dict(sorted(details.items()))


def _escaped(text: str) -> int:
    return len(dumps(text)) - 2


def _cut(text: str) -> str:
    """As much of the text as may be kept."""
    kept = bisect_left(range(len(text)), MAX_ESCAPED_BYTES + 1, key=lambda length: _escaped(text[:length]))
    return text[: kept - 1]
