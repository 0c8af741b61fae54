"""Where the server takes interruptions: an ASGI layer in front of all services."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from local.environment import ACCESS_KEY
from local.fargate.client import NOTICE_SECONDS, PATH
from local.faults.layer import answer, read, refused, told
from local.faults.requests import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.faults.layer import App, Receive, Send

FIELDS: Final = ("cluster", "service", "count", "notice_seconds")
LONGEST_NOTICE_SECONDS: Final = 600.0


class BadInterruptionError(Exception):
    """An interruption that cannot be: the message says what it may be."""


class SpotLayer:
    """An ASGI application that interrupts tasks; ``interrupt`` is told cluster, service, count and notice."""

    def __init__(self, app: App, interrupt: Callable[[str, str, int, float], list[str]]) -> None:
        self._app = app
        self._interrupt = interrupt

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        request = Request.of(scope)
        body, whole = await read(receive)
        if not whole:
            return
        if f"Credential={ACCESS_KEY}/" not in request.headers.get("authorization", f"Credential={ACCESS_KEY}/"):
            await answer(send, refused(403, "tasks are interrupted with root credentials, or unsigned"))
            return
        if request.method != "POST":
            await answer(send, refused(405, f"tasks are interrupted by POST {PATH}"))
            return
        try:
            tasks = await asyncio.to_thread(self._interrupt, *checked(body))
        except BadInterruptionError as error:
            await answer(send, refused(400, str(error)))
            return
        await answer(send, told(201, {"tasks": tasks}))


def checked(body: bytes) -> tuple[str, str, int, float]:
    """Cluster, service, count and notice of a request. Raises BadInterruptionError."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise BadInterruptionError(f"an interruption is a JSON object: {error}") from error
    if not isinstance(given, dict) or (given.keys() - set(FIELDS)):
        raise BadInterruptionError(f"an interruption is a JSON object with {', '.join(FIELDS)}")
    return _name(given, "cluster"), _name(given, "service"), _count(given), _notice(given)


def _name(given: Mapping[str, Any], field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not value:
        raise BadInterruptionError(f"{field} must be the name or the ARN of a {field}, not {value!r}")
    return value.rpartition("/")[2]


def _count(given: Mapping[str, Any]) -> int:
    value = given.get("count", 1)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadInterruptionError(f"count must be a whole number from 1 on, not {value!r}")
    return value


def _notice(given: Mapping[str, Any]) -> float:
    value = given.get("notice_seconds", NOTICE_SECONDS)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_NOTICE_SECONDS:
        raise BadInterruptionError(f"notice_seconds must be 0 to {LONGEST_NOTICE_SECONDS:.0f}, not {value!r}")
    return float(value)
