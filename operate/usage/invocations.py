"""The invocations of a function, put together from its log: Lambda's own records and the lines of its handler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from operate.usage.log_events import LogEvent

BATCH = "batch"  # the message of the line in which a handler says what it used
UNITS = ("s3_gets", "s3_bytes", "write_units", "read_units", "sqs_requests")
SUCCESS = "success"


@dataclass(kw_only=True, slots=True)
class Invocation:
    """One invocation, begun at ``started`` in epoch seconds, of the function of that name when its record tells.

    ``execution`` is the one that its lines name, ``metrics`` are those of its report once that is there.
    """

    request_id: str
    started: float
    function: str | None = None
    execution: str | None = None
    metrics: dict[str, float] | None = None
    status: str = SUCCESS
    used: dict[str, float] = field(default_factory=lambda: dict.fromkeys(UNITS, 0.0))
    log_bytes: int = 0


def put_together(events: Iterable[LogEvent]) -> list[Invocation]:
    """Return the invocations whose start is among the events.

    An environment writes to a stream of its own and runs one invocation after the other, so a line without an id
    belongs to the one that began last; the start of the environment belongs to its first.
    """
    found: dict[str, Invocation] = {}
    last: dict[str, Invocation] = {}
    before: dict[str, int] = {}
    for event in events:
        record = event.record or {}
        kind, request_id = record.get("type", ""), _request_id(record)
        if kind == "platform.start":
            made = Invocation(
                request_id=request_id or "",
                started=event.at,
                function=_name(record["record"].get("functionArn")),
                log_bytes=before.pop(event.stream, 0),
            )
            found[made.request_id] = last[event.stream] = made
        of = found.get(request_id) if request_id else last.get(event.stream)
        if of is None:
            before[event.stream] = before.get(event.stream, 0) + event.size
            continue
        of.log_bytes += event.size
        _take(of, kind, record)
    return list(found.values())


def _request_id(record: dict[str, Any]) -> str | None:
    inner = record.get("record")
    named = inner.get("requestId") if isinstance(inner, dict) else None
    return named or record.get("function_request_id") or record.get("requestId")


def _name(function_arn: str | None) -> str | None:
    return None if function_arn is None else function_arn.split(":")[6]


def _take(invocation: Invocation, kind: str, record: dict[str, Any]) -> None:
    if kind == "platform.report":
        invocation.metrics = record["record"]["metrics"]
        invocation.status = record["record"].get("status", SUCCESS)
        return
    if isinstance(record.get("execution"), str):
        invocation.execution = record["execution"]
    if record.get("message") == BATCH:
        for unit in UNITS:
            invocation.used[unit] += record.get(unit, 0)
