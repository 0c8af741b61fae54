"""Large bodies go through the server in pieces that fit, so that they take neither its memory nor its time.

Hypercorn copies a whole answer into the connection's buffer before the client takes any of it, and reads
requests in pieces of 64 KiB, each through many calls.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

SLICE_BYTES = 1024 * 1024
READ_BYTES = 1024 * 1024

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Any, Any, Send], Awaitable[None]]


def in_slices(app: App) -> App:
    """``app`` with each large body of an answer sent in slices, the next one when the client has taken the
    last.
    """

    async def serve(scope: Any, receive: Any, send: Send) -> None:
        async def send_slices(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= SLICE_BYTES:
                await send(message)
                return
            for start in range(0, len(body), SLICE_BYTES):
                end = start + SLICE_BYTES
                more = end < len(body) or message.get("more_body", False)
                await send({**message, "body": body[start:end], "more_body": more})

        await app(scope, receive, send_slices)

    return serve


def apply() -> None:
    """Have hypercorn read what is there, not a little of it."""
    importlib.import_module("hypercorn.asyncio.tcp_server").MAX_RECV = READ_BYTES  # type: ignore[attr-defined] # by design
