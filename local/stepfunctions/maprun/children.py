"""Child executions of a Map Run: started under its concurrency, watched, counted and handed on when they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from local.stepfunctions.definition.nodes import DistributedMapState
from local.stepfunctions.errors import StatesError, TaskTimeout
from local.stepfunctions.history import Cursor, Event, History
from local.stepfunctions.limits import EXPRESS_SECONDS
from local.stepfunctions.maprun.batcher import ChildInput
from local.stepfunctions.maprun.counts import ChildStatus
from local.stepfunctions.maprun.record import MapRun
from local.stepfunctions.maprun.results import Child
from local.stepfunctions.maprun.slots import Slots
from local.stepfunctions.observe.logs import LoggedCounter
from local.stepfunctions.observe.observer import ChildWatch
from local.stepfunctions.payload import Payload
from local.stepfunctions.run import standing
from local.stepfunctions.run.branch import Branch, EventCounter, Recorder, Run, iso_time

OnEnd = Callable[[Child], Awaitable[None]]

_LAST_EVENT: Final[dict[ChildStatus, str]] = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """What a child that is redriven keeps.

    A STANDARD one goes on from its ``place`` (see `run.standing`) after its ``past`` events, or, when a Map Run is in
    its place, with its ``branch``; one that has neither begins from its start.
    """

    arn: str
    start: float
    redrives: int
    past: list[Event]
    place: bytes | None
    branch: Branch | None


class Children:
    """Runs the child executions of one Map Run.

    A child that never waits for anything outside runs at once, within the caller; any other is a task of its own.
    """

    def __init__(
        self,
        *,
        map_run: MapRun,
        state: DistributedMapState,
        parent: Branch,
        on_end: OnEnd,
        watch: ChildWatch | None,
    ) -> None:
        self._map_run = map_run
        self._state = state
        self._parent = parent
        self._on_end = on_end
        self._watch = watch
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.Task[Any]] = set()
        """Those whose child is in its workflow: what comes before and after must not be cancelled."""
        self._aborting = False
        self._fault: BaseException | None = None
        self._stopped: dict[int, Branch] = {}
        """STANDARD children that stopped with a Map Run in their place, by index."""
        self.slots = Slots(lambda: map_run.limits.children_at_once)
        self._timeout = EXPRESS_SECONDS if state.execution_type == "EXPRESS" else None
        self._machine = {"Id": map_run.machine_arn, "Name": map_run.machine_name}

    def revive(self) -> None:
        """Be ready for a redrive."""
        self._aborting = False
        self._fault = None

    def stopped_at(self, index: int) -> Branch | None:
        """A STANDARD child that stopped with a Map Run in its place."""
        return self._stopped.pop(index, None)

    async def start(self, child_input: ChildInput, again: Again | None = None) -> bool:
        """Start a child when there is a place for it; False when the children were aborted meanwhile."""
        if self._state.processor.immediate:
            self._map_run.child_started(child_input.items, again=again is not None)
            await self._run(child_input, again)
            return True
        await self.slots.take()
        if self._fault is not None:
            self.slots.give_back()
            raise self._fault
        if self._aborting:
            self.slots.give_back()
            return False
        self._map_run.child_started(child_input.items, again=again is not None)
        task = asyncio.create_task(self._run_in_place(child_input, again))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def finish(self) -> None:
        """Wait until every child that was started has ended."""
        await self.slots.all_free()
        if self._fault is not None:
            raise self._fault

    def abort(self) -> None:
        """Stop the running STANDARD children; EXPRESS ones cannot be stopped and run to their end."""
        if self._state.execution_type == "STANDARD":
            self.kill()

    def kill(self) -> None:
        """Stop every running child."""
        self._aborting = True
        for task in self._running:
            task.cancel()

    async def _run_in_place(self, child_input: ChildInput, again: Again | None) -> None:
        try:
            await self._run(child_input, again)
        except Exception as error:  # noqa: BLE001 - kept, and raised by start() or finish(): the whole run fails
            self._fault = self._fault or error
        finally:
            self.slots.give_back()

    async def _run(self, child_input: ChildInput, again: Again | None) -> None:
        map_run = self._map_run
        name = map_run.child_name(child_input.index)
        arn = map_run.child_arn(name) if again is None else again.arn
        start = time.time() if again is None else again.start
        redrives, redriven = (0, None) if again is None else (again.redrives, time.time())
        if self._watch is not None:
            self._watch.started(name, arn, start, child_input.payload, redrives, redriven)
        branch = self._branch(name, arn, start, child_input.payload, again)
        status, output, error, cause = await self._outcome(branch, child_input.payload)
        history = branch.run.recorder
        if type(history) is not EventCounter:  # nobody hears of the events of a mere count
            _close(history, branch, status, output, error, cause)
        place = None
        if isinstance(history, History) and status != "SUCCEEDED":
            place = standing.pack(branch)
            if place is None:
                self._stopped[child_input.index] = branch
        child = Child(
            index=child_input.index,
            name=name,
            arn=arn,
            machine_arn=map_run.machine_arn,
            status=status,
            start=start,
            stop=time.time(),
            input=child_input.payload,
            items=child_input.items,
            output=output,
            error=error,
            cause=cause,
            redrive_count=redrives,
            events=history.events if isinstance(history, History) else None,
            place=place,
        )
        if self._watch is not None:
            self._watch.ended(child, redriven)
        map_run.child_ended(child_input.items, status)
        await self._on_end(child)

    async def _outcome(
        self, branch: Branch, payload: Payload
    ) -> tuple[ChildStatus, Payload | None, str | None, str | None]:
        processor = self._state.processor
        if processor.immediate:
            try:
                return "SUCCEEDED", await self._parent.run.run_workflow(processor, payload, branch), None, None
            except StatesError as error:
                return "FAILED", None, error.name or None, error.cause
        cause = f"The map run execution [{self._map_run.arn}] which was managing this resource was aborted"
        if self._aborting:
            return "ABORTED", None, None, cause
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that may wait runs in a task
        self._running.add(task)
        try:
            async with asyncio.timeout(self._timeout):
                return "SUCCEEDED", await self._parent.run.run_workflow(processor, payload, branch), None, None
        except StatesError as error:
            return "FAILED", None, error.name or None, error.cause
        except TimeoutError:
            return "TIMED_OUT", None, TaskTimeout.NAME, None
        except asyncio.CancelledError:
            if not self._aborting:
                raise
            return "ABORTED", None, None, cause
        finally:
            self._running.discard(task)

    def _branch(self, name: str, arn: str, start: float, payload: Payload, again: Again | None) -> Branch:
        parent = self._parent.run
        context = {
            "Execution": {
                "Id": arn,
                "Input": payload.value,
                "Name": name,
                "RoleArn": parent.role_arn,
                "StartTime": iso_time(start),
                "RedriveCount": 0 if again is None else again.redrives,
            },
            "StateMachine": self._machine,
        }
        if again is not None and again.branch is not None:
            branch = again.branch
            branch.run.context = context
            if branch.run.log is not None:
                branch.run.log.subject.redrives = again.redrives
            return _redriven(branch, again)
        redrives = 0 if again is None else again.redrives
        log = None
        recorder: Recorder
        if self._timeout is None:
            log = parent.log and parent.log.machine.of(arn, map_run_arn=self._map_run.arn, redrives=redrives)
            recorder = History(log)
        elif parent.log is None:
            recorder = EventCounter()
        else:
            recorder = LoggedCounter(parent.log.machine, arn, self._map_run.arn, redrives)
        run = Run(
            services=parent.services,
            execution_arn=arn,
            machine_arn=parent.machine_arn,
            role_arn=parent.role_arn,
            recorder=recorder,
            context=context,
            run_workflow=parent.run_workflow,
            log=log,
        )
        if again is not None and again.place is not None and isinstance(recorder, History):
            recorder.restore(again.past)
            return _redriven(standing.unpack(again.place, run), again)
        cursor = Cursor()
        recorder.add(cursor, "ExecutionStarted", {"input": payload, "roleArn": parent.role_arn}, advance=False)
        return Branch(run=run, cursor=cursor)


def _redriven(branch: Branch, again: Again) -> Branch:
    """The branch of a child with a history, ready to go on from where it stopped."""
    branch.resuming = branch.checkpoint is not None
    history = branch.run.recorder
    assert isinstance(history, History)  # noqa: S101 - EXPRESS children begin from their start
    history.add(Cursor(len(history.events)), "ExecutionRedriven", {"redriveCount": again.redrives})
    return branch


def _close(
    history: Recorder,
    branch: Branch,
    status: ChildStatus,
    output: Payload | None,
    error: str | None,
    cause: str | None,
) -> None:
    kind = _LAST_EVENT[status]
    if isinstance(history, LoggedCounter) and not history.logs(kind):
        return
    details = {
        key: value for key, value in (("output", output), ("error", error), ("cause", cause)) if value is not None
    }
    # An aborted child's last event follows none.
    history.add(Cursor() if status == "ABORTED" else branch.cursor, kind, details)
