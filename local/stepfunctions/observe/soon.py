"""Work that is done a moment after it is asked for, however often it is asked for until then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


class Soon:
    """Runs ``work`` once ``seconds`` after it was asked for; never twice at a time, and not at all when idle."""

    def __init__(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._asked = False
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Have the work done; costs next to nothing when it is asked for already."""
        if not self._asked:
            self._asked = True
            if self._task is None:
                self._task = asyncio.create_task(self._run())

    async def finish(self, seconds: float) -> None:
        """Do now what was asked for, and give it up after the time."""
        self._hurry.set()
        if self._task is not None:
            _done, late = await asyncio.wait([self._task], timeout=seconds)
            for task in late:
                task.cancel()

    async def _run(self) -> None:
        while self._asked:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._seconds)
            self._asked = False
            try:
                await self._work()
            except Exception:  # noqa: BLE001 - logged with its traceback; the next work is not to be lost with it
                _log.exception("what was observed of executions could not be sent")
        self._task = None
