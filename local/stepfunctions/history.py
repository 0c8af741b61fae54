"""Execution history: events in AWS's order, ids and previousEventId."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.stepfunctions.errors import RuntimeFailure
from local.stepfunctions.limits import MAX_HISTORY_EVENTS
from local.stepfunctions.payload import Payload

Details = Mapping[str, Any]

_DETAILS_KEY: Final[Mapping[str, str]] = {
    **{
        f"{kind}StateEntered": "stateEnteredEventDetails"
        for kind in ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
    },
    **{
        f"{kind}StateExited": "stateExitedEventDetails"
        for kind in ("Pass", "Task", "Choice", "Wait", "Succeed", "Parallel", "Map")
    },
}
_WITHOUT_DETAILS: Final = frozenset(
    {
        "MapRunSucceeded", "MapRunAborted", "MapStateAborted", "MapStateFailed", "MapStateSucceeded",
        "ParallelStateAborted", "ParallelStateFailed", "ParallelStateStarted", "ParallelStateSucceeded",
        "TaskStateAborted", "WaitStateAborted", "LambdaFunctionStarted",
    }
)  # fmt: skip
_TRUNCATED: Final = {"truncated": False}
_TEXTS: Final = ("input", "output", "parameters")


@dataclass(slots=True)
class Event:
    """One event; texts in ``details`` may be Payloads, printed when the history is read."""

    id: int
    previous: int
    type: str
    timestamp: float
    details: Details | None


@dataclass(slots=True)
class Cursor:
    """The event that the next one of a branch follows."""

    last: int = 0


class History:
    """The events of one execution, appended by its branches, each with a cursor of its own.

    An EXPRESS execution (``readable`` False) has no history that can be read: its events are told to ``on_event``,
    not kept, and not limited in number.
    """

    def __init__(self, on_event: Callable[[Event], None] | None = None, *, readable: bool = True) -> None:
        self.events: list[Event] = []
        self.refusal: RuntimeFailure | None = None
        """What ends the execution at its next event."""
        self._on_event = on_event
        self._readable = readable
        self._count = 0

    def restore(self, events: list[Event]) -> None:
        """Go on after the events of before a redrive, which were told already."""
        self.events = events
        self._count = len(events)

    def add(self, cursor: Cursor, kind: str, details: Details | None = None, *, advance: bool = True) -> int:
        """Append an event after the cursor's; ``advance`` False leaves the cursor where it was.

        Raises:
            RuntimeFailure: at the quota of 25,000 events, or the refusal; the end of the execution still finds room.
        """
        number = self._count + 1
        if not kind.startswith("Execution"):
            if self.refusal is not None:
                raise self.refusal
            if self._readable and number >= MAX_HISTORY_EVENTS:
                raise _full()
        self._count = number
        event = Event(number, cursor.last, kind, time.time(), details)
        if self._readable:
            self.events.append(event)
        if advance:
            cursor.last = number
        if self._on_event is not None:
            self._on_event(event)
        return number


def _full() -> RuntimeFailure:
    failure = RuntimeFailure(f"The execution reached the maximum number of history events ({MAX_HISTORY_EVENTS}).")
    failure.placed = True
    return failure


def render(event: Event, *, include_data: bool = True) -> dict[str, Any]:
    """The event as GetExecutionHistory answers it; without data, inputs and outputs are left out."""
    shown: dict[str, Any] = {
        "timestamp": round(event.timestamp, 3),
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous,
    }
    if event.type not in _WITHOUT_DETAILS:
        key = _DETAILS_KEY.get(event.type) or event.type[0].lower() + event.type[1:] + "EventDetails"
        shown[key] = details_of(event, include_data=include_data)
    return shown


def details_of(event: Event, *, include_data: bool) -> dict[str, Any]:
    """The details as they are shown: payloads as text."""
    details: dict[str, Any] = {}
    for key, value in (event.details or {}).items():
        if key == "assignedVariables":
            if include_data:
                details[key] = value
                details["assignedVariablesDetails"] = _TRUNCATED
        elif key in _TEXTS:
            if include_data:
                details[key] = value.text.decode() if isinstance(value, Payload) else value
                if key != "parameters":
                    details[f"{key}Details"] = _TRUNCATED
        else:
            details[key] = value
    return details
