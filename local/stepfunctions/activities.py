"""Activities: tasks that workers fetch by polling.

Source: API reference of CreateActivity and GetActivityTask; Developer Guide, "Activities".
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.stepfunctions.callbacks import Ticket
from local.stepfunctions.machines import encryption_of
from local.stepfunctions.payload import Payload

POLL_SECONDS: Final = 60.0
"""How long GetActivityTask waits for a task."""

MAX_POLLERS: Final = 1_000
"""Workers that may poll one activity at once ("Quotas related to activities")."""


class TooManyPollers(Exception):
    """An activity has as many pollers as it may have."""


@dataclass(eq=False, slots=True)
class ActivityTask:
    """One task in an activity's queue; ``taken`` is done with the worker's name once a worker has it."""

    ticket: Ticket
    input: Payload
    taken: asyncio.Future[str | None]


@dataclass(slots=True, kw_only=True)
class Activity:
    """An activity with its waiting tasks and waiting workers."""

    arn: str
    name: str
    encryption: Mapping[str, Any] = field(default_factory=lambda: encryption_of(None))
    created: float = field(default_factory=time.time)
    waiting: deque[ActivityTask] = field(default_factory=deque)
    pollers: deque[tuple[asyncio.Future[ActivityTask], str | None]] = field(default_factory=deque)

    def schedule(self, ticket: Ticket, payload: Payload) -> ActivityTask:
        """Queue a task, or hand it to a worker that polls."""
        task = ActivityTask(ticket, payload, asyncio.get_running_loop().create_future())
        while self.pollers:
            poller, worker = self.pollers.popleft()
            if not poller.done():
                poller.set_result(task)
                self._take(task, worker)
                return task
        self.waiting.append(task)
        return task

    def withdraw(self, task: ActivityTask) -> None:
        """Take a task back that no worker has fetched."""
        if task in self.waiting:
            self.waiting.remove(task)

    async def poll(self, worker: str | None) -> ActivityTask | None:
        """The next task, or None when there is none for a minute.

        Raises:
            TooManyPollers: when as many workers wait as may.
        """
        if self.waiting:
            task = self.waiting.popleft()
            self._take(task, worker)
            return task
        if len(self.pollers) >= MAX_POLLERS:
            raise TooManyPollers
        poller: asyncio.Future[ActivityTask] = asyncio.get_running_loop().create_future()
        entry = (poller, worker)
        self.pollers.append(entry)
        try:
            return await asyncio.wait_for(poller, POLL_SECONDS)
        except TimeoutError:
            return None
        finally:
            if entry in self.pollers:
                self.pollers.remove(entry)

    def _take(self, task: ActivityTask, worker: str | None) -> None:
        task.ticket.beat()  # the clocks start when a worker has the task
        if not task.taken.done():
            task.taken.set_result(worker)
