"""What the engine tells of its executions: one call at each start and end, passed on to logs, metrics and events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from local.environment import SERVICE_HEADER
from local.stepfunctions.observe.logs import ExecutionLog, LogDelivery
from local.stepfunctions.observe.metrics import Metrics, Series
from local.stepfunctions.observe.status import StatusChange, StatusEvents

if TYPE_CHECKING:
    from local.stepfunctions.execution import Execution
    from local.stepfunctions.integrations.aws import AwsSession
    from local.stepfunctions.maprun.record import MapRun
    from local.stepfunctions.maprun.results import Child
    from local.stepfunctions.payload import Payload

CLOSE_SECONDS: Final = 1.5
"""How long the last entries, data points and events may take when the engine stops."""

_REDRIVE: Final = {
    status: {
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": f"Execution is {status} and cannot be redriven",
    }
    for status in ("RUNNING", "SUCCEEDED")
}
_BY_MAP_RUN: Final = {"redriveStatus": "REDRIVABLE_BY_MAP_RUN"}


class Observer:
    """Watches the executions of an engine.

    ``service_token`` is what the endpoint wants to see before it takes events of AWS's own; None sends none.
    """

    def __init__(
        self,
        session: AwsSession,
        check_may: Callable[[str, str, str], Awaitable[None]],
        service_token: str | None,
    ) -> None:
        self._logs = LogDelivery(session, check_may)
        self._metrics = Metrics(session)
        self._events: StatusEvents | None = None
        if service_token is not None:
            self._events = StatusEvents(session, {SERVICE_HEADER: service_token})

    def log_of(self, execution: Execution) -> ExecutionLog | None:
        """Where an execution is logged; None when it is not."""
        log = self._logs.log_of(execution.machine)
        return None if log is None else log.of(execution.arn)

    def started(self, execution: Execution) -> None:
        """An execution began."""
        self._metrics.of(execution.machine.arn).started()
        self._changed(execution)

    def redriven(self, execution: Execution) -> None:
        """An execution goes on."""
        self._metrics.of(execution.machine.arn).started(redriven=True)
        self._changed(execution)

    def ended(self, execution: Execution) -> None:
        """An execution ended, or stopped at its engine's end."""
        seconds = (execution.stopped or execution.started) - execution.started
        series = self._metrics.of(execution.machine.arn)
        series.ended(execution.status, seconds, redriven=execution.redriven is not None)
        self._changed(execution)

    def _changed(self, execution: Execution) -> None:
        if self._events is None or execution.machine.type == "EXPRESS":
            return
        output = None if execution.output is None else execution.output.text
        change = StatusChange(
            execution_arn=execution.arn,
            machine_arn=execution.machine.arn,
            name=execution.name,
            status=execution.status,
            started=execution.started,
            stopped=execution.stopped,
            input=execution.input.text,
            output=output,
            error=execution.error,
            cause=execution.cause,
            redrives=execution.redrives,
            redriven=execution.redriven,
            redrive=execution.redrive_status(),
            version_arn=execution.version_arn,
            alias_arn=execution.alias_arn,
        )
        self._events.add(len(change.input) + len(output or b""), lambda: change)

    def children_of(self, map_run: MapRun) -> ChildWatch:
        """What watches the children of a Map Run."""
        events = self._events if map_run.execution_type == "STANDARD" else None
        series = self._metrics.of(map_run.machine_arn)
        return ChildWatch(machine_arn=map_run.machine_arn, series=series, events=events)

    async def close(self) -> None:
        """Send what waits, or give it up after a moment."""
        outlets = [self._logs.soon, self._metrics.soon, *([] if self._events is None else [self._events.soon])]
        await asyncio.gather(*(soon.finish(CLOSE_SECONDS) for soon in outlets))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildWatch:
    """Watches the child executions of one Map Run; ``events`` for STANDARD ones.

    There may be millions of them: each leaves a note here, and is described only when somebody wants to know.
    """

    machine_arn: str
    series: Series
    events: StatusEvents | None

    def started(
        self, name: str, arn: str, start: float, payload: Payload, redrives: int, redriven: float | None
    ) -> None:
        """A child began or, when it is redriven, went on."""
        self.series.started(redriven=redriven is not None)
        if self.events is not None and self.events.listens():
            text = payload.text
            facts = (self.machine_arn, name, arn, "RUNNING", start, None, text, None, None, None, redrives, redriven)
            self.events.add(len(text), _describe, *facts)

    def ended(self, child: Child, redriven: float | None) -> None:
        """A child ended."""
        self.series.ended(child.status, child.stop - child.start, redriven=redriven is not None)
        if self.events is not None and self.events.listens():
            given, output = child.input.text, None if child.output is None else child.output.text
            dates, failure = (child.start, child.stop), (child.error, child.cause)
            facts = (self.machine_arn, child.name, child.arn, child.status, *dates, given, output, *failure)
            self.events.add(len(given) + len(output or b""), _describe, *facts, child.redrive_count, redriven)


def _describe(
    machine_arn: str,
    name: str,
    arn: str,
    status: str,
    start: float,
    stop: float | None,
    given: bytes,
    output: bytes | None,
    error: str | None,
    cause: str | None,
    redrives: int,
    redriven: float | None,
) -> StatusChange:
    return StatusChange(
        execution_arn=arn,
        machine_arn=machine_arn,
        name=name,
        status=status,
        started=start,
        stopped=stop,
        input=given,
        output=output,
        error=error,
        cause=cause,
        redrives=redrives,
        redriven=redriven,
        redrive=_REDRIVE.get(status, _BY_MAP_RUN),
    )
