"""Heartbeats of the task in hand, from a thread of their own; and its end when nobody waits for it any more."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError

from handlers.loans.failures import Abandoned
from handlers.worker.activity import Passing, TaskGone

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from aws_lambda_powertools import Logger

    from handlers.worker.activity import Activity

STOPPED = "WorkerStopped"
"""The error of a task that a worker hands back because it is stopped."""


class Heartbeat:
    """A block in which the task is kept alive; ``check`` raises Abandoned once it is another's, or was handed back.

    ``overdue`` tells whether a worker that is stopped has no more time for its task.
    """

    def __init__(
        self, activity: Activity, token: str, *, every: float, overdue: Callable[[], bool], logger: Logger
    ) -> None:
        self._activity = activity
        self._token = token
        self._every = every
        self._overdue = overdue
        self._logger = logger
        self._over = Event()
        self._lost: str | None = None
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    def check(self) -> None:
        """Raise Abandoned when the task is no longer this worker's."""
        if self._lost is not None:
            raise Abandoned(self._lost)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        since = 0.0
        step = min(self._every, 1.0)  # how soon a stop is seen
        while self._lost is None and not self._over.wait(step):
            since += step
            if self._overdue():
                self._hand_back()
            elif since >= self._every:
                since = 0.0
                self._beat()

    def _beat(self) -> None:
        try:
            self._activity.beat(self._token)
        except TaskGone as gone:
            self._lost = str(gone)
        except (Passing, ClientError) as failure:
            self._logger.warning("heartbeat missed", extra={"error": str(failure)})

    def _hand_back(self) -> None:
        try:
            self._activity.fail(self._token, STOPPED, "the worker is stopped before the task is done: retry it")
        except TaskGone as gone:
            self._lost = str(gone)
        except (Passing, ClientError) as failure:
            self._logger.warning("task not handed back yet", extra={"error": str(failure)})
        else:
            self._lost = STOPPED
