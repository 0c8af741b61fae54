"""Where a recording is not what AWS answers today, or not in a fixed order: both sides brought together.

A recorded key or value that a newer capture contradicts is replaced by the newer one, which the answer must then
match as exactly as any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conformance.cases import Case


@dataclass(frozen=True, kw_only=True)
class Change:
    """One rule, and why it is right. ``apply`` gets the recorded answer and the answer, and returns both."""

    name: str
    reason: str
    until: str | None  # recordings of this date and later know it
    apply: Callable[[str, Any, Any], tuple[Any, Any]]


def of_today(case: Case, name: str, expected: Any, got: Any) -> tuple[Any, Any]:
    """The recorded answer as AWS would record it now, and the answer to compare with it."""
    for change in CHANGES:
        if change.until is None or case.recorded < change.until:
            expected, got = change.apply(name, expected, got)
    return expected, got


def _order_of_branches(_name: str, expected: Any, got: Any) -> tuple[Any, Any]:
    """The recordings number the events of parallel branches [0], and lost the event after them."""
    wanted, seen = _events(expected), _events(got)
    free = [index for index, event in enumerate(wanted) if event.get("id") == [0]]
    if not free:
        return expected, got
    first, end = free[0], free[-1] + 1
    if seen[end : end + 1] and seen[end]["type"] == "ParallelStateSucceeded":
        seen = seen[:end] + seen[end + 1 :]
    unnumbered = [{**event, "id": [0], "previousEventId": 0} for event in seen[first:end]]
    return (
        {**expected, "events": wanted[:first] + sorted(wanted[first:end], key=_content) + wanted[end:]},
        {**got, "events": seen[:first] + sorted(unnumbered, key=_content) + seen[end:]},
    )


def _content(event: dict[str, Any]) -> str:
    """What tells two events of branches apart."""
    details: dict[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return json.dumps([event["type"], details.get("name")])


def _http_headers(_name: str, expected: Any, got: Any) -> tuple[Any, Any]:
    """A service's response has its own length and date."""
    return _with_free_headers(expected), got


def _with_free_headers(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_free_headers(member) for member in value]
    if not isinstance(value, dict):
        return value
    if not {"AllHttpHeaders", "HttpHeaders"} <= value.keys():
        return {key: _with_free_headers(member) for key, member in value.items()}
    free = {"Content-Length": "<content-length>", "Date": "date"}
    return {
        **value,
        "AllHttpHeaders": value["AllHttpHeaders"] | {name: [stand_in] for name, stand_in in free.items()},
        "HttpHeaders": value["HttpHeaders"] | free,
    }


def _unsubscribe_link(name: str, expected: Any, got: Any) -> tuple[Any, Any]:
    """A message that came through SNS carries SNS's link."""
    if name != "messages":
        return expected, got
    link = {"UnsubscribeURL": "<unsubscribe-url>"}
    return [message | link if "UnsubscribeURL" in message else message for message in expected], got


def _exit_after_map_run(_name: str, expected: Any, got: Any) -> tuple[Any, Any]:
    """A map's exit follows, by id, the event that started its run."""
    started: dict[int, int] = {}
    events = []
    for event in _events(expected):
        if event["type"] == "MapRunSucceeded":
            started[event["id"]] = event["previousEventId"]
        if event["type"] == "MapStateExited":
            previous = event["previousEventId"]
            event = {**event, "previousEventId": started.get(previous, previous)}  # noqa: PLW2901 - a changed copy
        events.append(event)
    return ({**expected, "events": events} if events else expected), got


def _encryption(_name: str, expected: Any, got: Any) -> tuple[Any, Any]:
    """The description of a state machine names its key."""
    if isinstance(expected, dict) and {"definition", "loggingConfiguration"} <= expected.keys():
        return {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}, **expected}, got
    return expected, got


def _redrive_counts(_name: str, expected: Any, got: Any) -> tuple[Any, Any]:
    """The description of a map run counts redrives."""
    if not (isinstance(expected, dict) and "itemCounts" in expected):
        return expected, got
    counts = {
        kind: {"failuresNotRedrivable": 0, "pendingRedrive": 0, **expected[kind]}
        for kind in ("itemCounts", "executionCounts")
    }
    return {"redriveCount": 0, **expected, **counts}, got


def _events(answer: Any) -> list[dict[str, Any]]:
    found = answer.get("events", []) if isinstance(answer, dict) else []
    return found if isinstance(found, list) else []


CHANGES = (
    Change(
        name="order of branches",
        reason="the branches of a Parallel state run side by side; the recordings sorted their events, took "
        "their numbers away and dropped ParallelStateSucceeded: the events are compared as a set",
        until=None,
        apply=_order_of_branches,
    ),
    Change(
        name="length and date of HTTP responses",
        reason="SdkHttpMetadata shows the headers of another service's response: its names, types and ids are "
        "compared, the length of its text and its date are that server's own",
        until=None,
        apply=_http_headers,
    ),
    Change(
        name="link to unsubscribe",
        reason="SNS adds it to a message that it delivers; the SNS on localhost names an example there, not the "
        "subscription",
        until=None,
        apply=_unsubscribe_link,
    ),
    Change(
        name="exit after map run",
        reason="recordings since November 2024 and captures of 2026 give MapStateExited the id of MapRunStarted as "
        "its previousEventId, older ones that of MapRunSucceeded",
        until="2024-11-01",
        apply=_exit_after_map_run,
    ),
    Change(
        name="encryption configuration",
        reason="descriptions of state machines carry encryptionConfiguration since customer managed keys came in "
        "July 2024, as the later recordings do",
        until="2024-07-25",
        apply=_encryption,
    ),
    Change(
        name="redrive counts",
        reason="DescribeMapRun carries redriveCount, failuresNotRedrivable and pendingRedrive since redrive came in "
        "November 2023, as captures of 2026 do",
        until="2023-11-15",
        apply=_redrive_counts,
    ),
)
