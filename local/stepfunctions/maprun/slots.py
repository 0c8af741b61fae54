"""A limit on how much runs at once that can change while it is in force."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Slots:
    """Counted places; ``limit`` is asked each time, so that a raised limit takes effect at the next wake-up."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._used = 0
        self._changed = asyncio.Event()

    async def take(self) -> None:
        """Wait for a free place and take it."""
        while self._used >= self._limit():
            self._changed.clear()
            await self._changed.wait()
        self._used += 1

    def give_back(self) -> None:
        """Free a place."""
        self._used -= 1
        self._changed.set()

    def changed(self) -> None:
        """The limit has changed."""
        self._changed.set()

    async def all_free(self) -> None:
        """Wait until nothing runs."""
        while self._used:
            self._changed.clear()
            await self._changed.wait()
