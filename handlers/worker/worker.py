"""The life of a worker: poll, work, report, until it is stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from handlers.common.failures import InvalidBatch
from handlers.common.meter import Meter
from handlers.loans.failures import Abandoned
from handlers.worker.activity import REPORTS, Passing, Taken, TaskGone, wait_seconds
from handlers.worker.health import touch
from handlers.worker.heartbeat import Heartbeat

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from handlers.worker.activity import Activity
    from handlers.worker.settings import Settings

Work = Callable[[Any, Meter, Callable[[], None]], Mapping[str, Any]]
"""From a task's input to its answer; calls what it is given time and again, which raises to end it."""

LOOK_SECONDS: Final = 0.2  # how soon a worker that polls sees that it is stopped


class Worker:
    """Works on one task at a time."""

    def __init__(
        self,
        *,
        activity: Activity,
        work: Work,
        settings: Settings,
        logger: Logger,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[int], float] = wait_seconds,
    ) -> None:
        self._activity = activity
        self._work = work
        self._settings = settings
        self._logger = logger
        self._clock = clock
        self._wait = wait
        self._stopping = Event()
        self._stopped_at = 0.0

    def stop(self) -> None:
        """Take no further task; safe in a signal's handler."""
        if not self._stopping.is_set():
            self._stopped_at = self._clock()
            self._stopping.set()

    def run(self) -> None:
        """Work until stopped. Raises what botocore says of an activity that is not there or may not be polled."""
        self._logger.info("started", extra={"activity": self._settings.activity_arn})
        refused = 0
        while not self._stopping.is_set():
            touch(self._settings.health_file)
            try:
                taken = self._poll()
            except Passing as failure:
                refused += 1
                seconds = self._wait(refused)
                self._logger.warning("poll refused", extra={"error": str(failure), "wait_seconds": round(seconds, 1)})
                self._stopping.wait(seconds)
                continue
            refused = 0
            if taken is not None:
                self._do(taken)
        self._logger.info("stopped")

    def _poll(self) -> Taken | None:
        """The next task; None without one, or when a stopped worker has waited for its last poll long enough."""
        polled: Future[Taken | None] = Future()

        def poll() -> None:
            try:
                polled.set_result(self._activity.poll())
            except Exception as error:  # noqa: BLE001  raised by the thread that waits for it
                polled.set_exception(error)

        Thread(target=poll, name="poll", daemon=True).start()
        while not polled.done():
            if self._since_stop() > self._settings.poll_seconds:
                return None
            try:
                polled.exception(timeout=LOOK_SECONDS)
            except TimeoutError:
                continue
        return polled.result()

    def _do(self, taken: Taken) -> None:
        began, meter = self._clock(), Meter()
        told: dict[str, Any] = {"items": 0, "failed": 0, "end": "succeeded"}
        every, settings = self._settings.heartbeat_seconds, self._settings
        try:
            with Heartbeat(
                self._activity, taken.token, every=every, overdue=self._overdue, logger=self._logger
            ) as kept:

                def check() -> None:
                    touch(settings.health_file)
                    kept.check()

                event = _input(taken)
                told |= _about(event)
                try:
                    answer = self._work(event, meter, check)
                finally:
                    kept.check()
            told |= {"items": answer.get("items", 0), "failed": len(answer.get("failed", ()))}
            for failure in answer.get("failed", ()):
                self._logger.warning("item failed", extra={"execution": told.get("execution"), **failure})
            self._report(lambda: self._activity.succeed(taken.token, answer))
        except (Abandoned, TaskGone) as gone:
            told["end"] = f"dropped: {gone}"
        except Exception as failure:
            told["end"] = type(failure).__name__
            self._logger.exception("task failed")
            self._tell_failure(taken, failure, told)
        seconds = round(self._clock() - began, 3)
        self._logger.info("batch", extra={**told, **meter.read(), "seconds": seconds})

    def _tell_failure(self, taken: Taken, failure: Exception, told: dict[str, Any]) -> None:
        try:
            self._report(lambda: self._activity.fail(taken.token, type(failure).__name__, str(failure)))
        except TaskGone as gone:
            told["end"] = f"dropped: {gone}"

    def _report(self, send: Callable[[], None]) -> None:
        """Send, with patience; a report that cannot be sent is dropped: the task times out and is retried."""
        for attempt in range(1, REPORTS + 1):
            try:
                send()
            except Passing as failure:
                self._logger.warning("report refused", extra={"error": str(failure), "attempt": attempt})
                time.sleep(self._wait(attempt))
            else:
                return
        self._logger.error("report dropped")

    def _since_stop(self) -> float:
        return self._clock() - self._stopped_at if self._stopping.is_set() else 0.0

    def _overdue(self) -> bool:
        return self._since_stop() > self._settings.grace_seconds


def _input(taken: Taken) -> Any:
    try:
        return json.loads(taken.input)
    except ValueError as error:
        raise InvalidBatch(f"the task's input is not JSON: {error}") from error


def _about(event: Any) -> dict[str, Any]:
    """What a line in the log says of a task, whatever its input is."""
    shared = event.get("BatchInput") if isinstance(event, Mapping) else None
    items = event.get("Items") if isinstance(event, Mapping) else None
    return {
        "execution": shared.get("execution") if isinstance(shared, Mapping) else None,
        "items": len(items) if isinstance(items, list) else 0,
    }


def refusal(error: ClientError) -> str:
    """Why a worker cannot work, on a line."""
    return f"{error.operation_name}: {error.response['Error']['Code']}: {error.response['Error'].get('Message', '')}"
