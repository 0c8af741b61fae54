"""What a state machine sent to its log group for one execution and its children."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from operate.usage import log_events
from operate.usage.definition import state_of

if TYPE_CHECKING:
    from operate.evidence import Evidence

MARGIN = timedelta(seconds=5)  # Step Functions sends the last events after the end
MAX_EVENTS_READ = 100_000  # of more, at ten pages a second, the size is estimated
LOG_EVENT_BYTES = 350  # of a log event without data: ARN, name, ids, timestamp, and 26 that CloudWatch adds


def measured(found: Evidence) -> tuple[int, str]:
    """Return the bytes and how they were found, in no words when there are none.

    Of a log that is too long to read they are estimated.
    """
    if found.logging_level == "OFF":
        return 0, ""
    level = f"log level {found.logging_level}"
    if found.logging_level == "ALL" and _events(found) > MAX_EVENTS_READ:
        return _estimate(found), f"{level}, estimated"
    try:
        sent = _read(found)
    except log_events.LogUnreadableError as error:
        if found.logging_level == "ALL":
            return _estimate(found), f"{level}, estimated: {error}"
        return 0, f"{level}, not measured: {error}"
    return sent, f"{level}, as sent" if sent else ""


def _read(found: Evidence) -> int:
    if found.log_group is None:
        raise log_events.LogUnreadableError("the state machine names no log group")
    own = {found.execution.arn, *(map_run.arn for map_run in found.map_runs)}
    end = (found.execution.stopped or datetime.now(UTC)) + MARGIN
    events = log_events.read(found.stack.client("logs"), found.log_group, start=found.execution.started, end=end)
    named = ((event.record or {}, event.size) for event in events)
    return sum(size for record, size in named if {record.get("execution_arn"), record.get("map_run_arn")} & own)


def _events(found: Evidence) -> int:
    return len(found.events) + sum(
        map_run.executions.finished * _events_of_child(found, index) for index, map_run in enumerate(found.map_runs)
    )


def _events_of_child(found: Evidence, index: int) -> int:
    """A child logs its start and end, and those of each state."""
    state = state_of(found.map_runs[index], found.definition, found.events)
    return 2 + 2 * len(state["ItemProcessor"]["States"])


def _estimate(found: Evidence) -> int:
    """Estimate what level ALL sends: each event of the parent and of the children, EXPRESS ones included.

    With execution data a child's input and its output are in two events each; result files hold them once.
    """
    total = sum(len(orjson.dumps(event, default=str)) for event in found.events)
    for index, map_run in enumerate(found.map_runs):
        total += map_run.executions.finished * _events_of_child(found, index) * LOG_EVENT_BYTES
        if found.logs_data and map_run.arn in found.manifests:
            total += 2 * sum(file.size for file in found.manifests[map_run.arn].all_files())
    return total
