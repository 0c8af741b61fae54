"""Task tokens: what a task that waits for somebody else hands out, and what comes back for it.

Source: API reference of SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat; Developer Guide, "Wait for a Callback
with Task Token".
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections import deque
from typing import Final

from local.stepfunctions.errors import StatesError, TaskTimeout
from local.stepfunctions.payload import Payload

_TOKEN_BYTES: Final = 192
_REMEMBERED: Final = 100_000
"""Ended tokens that are still told from unknown ones."""


class UnknownToken(Exception):
    """A token that nobody handed out."""


class TokenExpired(Exception):
    """A token of a task that has ended, or of an attempt before the present one."""


class Ticket:
    """One handed-out token, until its task ends."""

    def __init__(self, tokens: TaskTokens, token: str) -> None:
        self.token = token
        self._tokens = tokens
        self._answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._alive = asyncio.get_running_loop().time()

    def beat(self) -> None:
        """A heartbeat came."""
        self._alive = asyncio.get_running_loop().time()

    def answer(self, output: Payload) -> None:
        """The task succeeded."""
        if not self._answer.done():
            self._answer.set_result(output)

    def refuse(self, error: StatesError) -> None:
        """The task failed."""
        if not self._answer.done():
            self._answer.set_exception(error)

    async def wait(self, heartbeat: int | None) -> Payload:
        """What came back.

        Raises:
            StatesError: the task failed, by its own error and cause.
            TaskTimeout: no heartbeat came for ``heartbeat`` seconds.
        """
        loop = asyncio.get_running_loop()
        while True:
            left = None if heartbeat is None else self._alive + heartbeat - loop.time()
            if left is not None and left <= 0:
                raise TaskTimeout(heartbeat=True)
            await asyncio.wait([self._answer], timeout=left)
            if self._answer.done():
                return self._answer.result()

    def close(self) -> None:
        """The task has ended: the token is of no more use."""
        if self._answer.done() and not self._answer.cancelled():
            self._answer.exception()  # an answer that nobody waits for any more is no fault
        self._answer.cancel()
        self._tokens.forget(self.token)


class TaskTokens:
    """The tokens that are out."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._ended: set[str] = set()
        self._order: deque[str] = deque()

    def issue(self) -> Ticket:
        """A new token."""
        token = base64.b64encode(os.urandom(_TOKEN_BYTES)).decode()
        ticket = self._tickets[token] = Ticket(self, token)
        return ticket

    def find(self, token: str) -> Ticket:
        """The ticket of a token.

        Raises:
            UnknownToken: nobody handed it out.
            TokenExpired: its task has ended.
        """
        ticket = self._tickets.get(token)
        if ticket is not None:
            return ticket
        if token in self._ended:
            raise TokenExpired
        raise UnknownToken

    def forget(self, token: str) -> None:
        """The token's task has ended."""
        if self._tickets.pop(token, None) is not None:
            self._ended.add(token)
            self._order.append(token)
            if len(self._order) > _REMEMBERED:
                self._ended.discard(self._order.popleft())
