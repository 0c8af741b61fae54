"""FilterLogEvents by the page: ministack answers the first 10,000 events, and has no token for the others.

Source: CloudWatch Logs API Reference, "FilterLogEvents": up to 1 MB or 10,000 events a page.
"""

from __future__ import annotations

import base64
import heapq
import importlib
import json
from bisect import bisect_left
from itertools import islice
from typing import Any, Final

MAX_EVENTS: Final = 10_000
MAX_BYTES: Final = 1_048_576
EVENT_BYTES: Final = 26


def apply() -> None:
    """Go on where the last page ended: at a time, after some of the events of it."""
    logs = importlib.import_module("ministack.services.cloudwatch_logs")
    first_page = logs._filter_log_events  # noqa: SLF001 - the seam

    def _filter_log_events(data: dict[str, Any]) -> Any:
        group = logs._log_groups.get(logs._resolve_log_group_name(data))  # noqa: SLF001 - the seam
        if group is None:
            return first_page(data)
        token = data.get("nextToken")
        start, seen = _position(token) if token else (data.get("startTime") or 0, 0)
        matches = logs._compile_filter_pattern(data.get("filterPattern", ""))  # noqa: SLF001 - the seam
        names = data.get("logStreamNames") or list(group["streams"])
        end = data.get("endTime")
        with logs._log_events_lock:  # noqa: SLF001 - the seam
            ranges = [_events(group["streams"][name], name, start, end) for name in names if name in group["streams"]]
        page: list[dict[str, Any]] = []
        size, limit = 0, min(data.get("limit") or MAX_EVENTS, MAX_EVENTS)
        at, of_it = start, seen
        for event in islice(heapq.merge(*ranges, key=_when), seen, None):
            if matches(event["message"]):
                size += len(event["message"]) + EVENT_BYTES
                if len(page) == limit or (page and size > MAX_BYTES):
                    token = _token(at, of_it)
                    return logs.json_response({"events": page, "searchedLogStreams": [], "nextToken": token})
                page.append(event)
            at, of_it = event["timestamp"], of_it + 1 if event["timestamp"] == at else 1
        return logs.json_response({"events": page, "searchedLogStreams": []})

    logs._filter_log_events = _filter_log_events  # type: ignore[attr-defined] # noqa: SLF001 - by design


def _when(event: dict[str, Any]) -> tuple[int, int]:
    return event["timestamp"], event.get("ingestionTime", 0)


def _events(stream: dict[str, Any], name: str, start: int, end: int | None) -> Any:
    """The events of a stream from ``start`` to ``end``, as they are now."""
    history = stream["events"]
    last = len(history) if end is None else bisect_left(history, end + 1, key=lambda event: event["timestamp"])
    first = bisect_left(history, start, hi=last, key=lambda event: event["timestamp"])
    return ({**history[index], "logStreamName": name} for index in range(first, last))


def _token(at: int, of_it: int) -> str:
    return base64.b64encode(json.dumps([at, of_it]).encode()).decode()


def _position(token: str) -> tuple[int, int]:
    at, of_it = json.loads(base64.b64decode(token))
    return at, of_it
