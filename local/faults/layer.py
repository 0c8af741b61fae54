"""The rules at work: an ASGI layer in front of all services of AWS on localhost.

It sees every request that arrives over HTTP: those of functions, of the Step Functions engine and of clients. What
services do among themselves in the server's process (an event source that invokes a function) it does not see.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from hypercorn.protocol.events import StreamClosed
from hypercorn.protocol.http_stream import HTTPStream

from local.environment import ACCESS_KEY
from local.faults import answers, kill
from local.faults.answers import Answer
from local.faults.check import BadRuleError, parse
from local.faults.fault import PATH, Fault
from local.faults.requests import Request
from local.faults.rules import Rule

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Any, Receive, Send], Awaitable[None]]

LARGEST_RULE_BYTES: Final = 64 * 1024


class FaultLayer:
    """An ASGI application with faults; without a rule a request costs one comparison more."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._rules: list[Rule] = []

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            if scope["path"].startswith(PATH):
                await self._administer(Request.of(scope), receive, send)
                return
            if self._rules:
                await self._judge(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _judge(self, scope: Any, receive: Receive, send: Send) -> None:
        request = Request.of(scope)
        body = b""
        if any(rule.needs_body(request) for rule in self._rules):
            body, whole = await read(receive)
            if not whole:
                return  # the client is gone
            receive = again(body, receive)
        for rule in tuple(self._rules):
            if not rule.matches(request, body) or not rule.fires():
                continue
            fault = rule.fault
            if fault.delay and fault.kind != "kill":
                await asyncio.sleep(fault.delay)
            if fault.kind != "delay":
                await self._strike(rule, request, body, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _strike(
        self, rule: Rule, request: Request, body: bytes, scope: Any, receive: Receive, send: Send
    ) -> None:
        match rule.fault.kind:
            case "lost":
                await self._app(scope, receive, _drop)
                await hang_up(send)
            case "cut":
                await self._app(scope, receive, half(send))
                await hang_up(send)
            case "kill":
                kill.after_seconds.set(rule.fault.delay)  # of this request alone: each one has a context of its own
                await self._app(scope, receive, send)
            case "reset":
                await drain(receive)
                await hang_up(send)
            case "unprocessed":
                found = rule.service.recognise(request, body)
                assert found is not None  # noqa: S101 - the rule matched it
                await answer(send, answers.unprocessed(rule.service, found[0].name, found[1]))
            case "function_error":
                await drain(receive)
                await answer(send, answers.function_error(rule.fault))
            case _:
                await drain(receive)
                form = rule.service.form(request)
                await answer(send, answers.error(rule.service, form, rule.fault, path=request.path))

    async def _administer(self, request: Request, receive: Receive, send: Send) -> None:
        """Take, tell and delete rules, for the root user and for who signs nothing: only this machine gets here."""
        body, whole = await read(receive)
        if not whole:
            return
        if f"Credential={ACCESS_KEY}/" not in request.headers.get("authorization", f"Credential={ACCESS_KEY}/"):
            await answer(send, refused(403, "rules are set with root credentials, or unsigned"))
            return
        await answer(send, self._administered(request, body))

    def _administered(self, request: Request, body: bytes) -> Answer:
        fault_id = request.path.removeprefix(PATH).strip("/")
        match request.method:
            case "POST" if not fault_id:
                try:
                    rule = Rule(_parsed(body))
                except BadRuleError as error:
                    return refused(400, str(error))
                self._rules.append(rule)
                return told(201, rule.to_json())
            case "GET" | "DELETE" as method:
                found = [rule for rule in self._rules if fault_id in {"", rule.id}]
                if fault_id and not found:
                    return refused(404, f"there is no rule {fault_id}: GET {PATH} lists them")
                if method == "DELETE":
                    self._rules = [rule for rule in self._rules if rule not in found]
                return told(200, {"faults": [rule.to_json() for rule in found]})
            case _:
                return refused(405, f"rules are set by POST {PATH}, listed by GET and removed by DELETE {PATH}[/ID]")


def _parsed(body: bytes) -> Fault:
    if len(body) > LARGEST_RULE_BYTES:
        raise BadRuleError(f"a rule has at most {LARGEST_RULE_BYTES:,} bytes, this one has {len(body):,}")
    try:
        return parse(json.loads(body))
    except ValueError as error:
        raise BadRuleError(f"a rule is a JSON object: {error}") from error


def told(status: int, value: Any) -> Answer:
    """An answer of the rules' own address."""
    return Answer(status=status, headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())


def refused(status: int, message: str) -> Answer:
    """An answer that says what is wrong."""
    return told(status, {"message": message})


async def answer(send: Send, given: Answer) -> None:
    """Send a whole answer."""
    length = {"Content-Length": str(len(given.body))}
    headers = [(name.encode(), value.encode()) for name, value in {**given.headers, **length}.items()]
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": given.body})


async def read(receive: Receive) -> tuple[bytes, bool]:
    """The request's body, and whether it came to its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts), False
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts), True


async def drain(receive: Receive) -> None:
    """Take the request's body and drop it: a client that still sends would not read the answer."""
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


def again(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body once more."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _drop(_message: Message) -> None:
    """Take an answer that nobody will see."""


def half(send: Send) -> Send:
    """A ``send`` that passes on the head and half of the first piece of the body."""
    passed = False

    async def cut(message: Message) -> None:
        nonlocal passed
        if message["type"] != "http.response.body":
            await send(message)
        elif not passed:
            passed = True
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})

    return cut


async def hang_up(send: Send) -> None:
    """Close the connection without (the rest of) an answer. ASGI has no word for it, so hypercorn's own is said."""
    stream = getattr(send, "__self__", None)
    if not isinstance(stream, HTTPStream):
        raise TypeError(f"a connection is closed through hypercorn's stream, and send is {send!r}")
    await stream.send(StreamClosed(stream_id=stream.stream_id))
