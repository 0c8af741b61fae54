"""What a running workflow carries along."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from local.stepfunctions.definition.nodes import DistributedMapState, Workflow
from local.stepfunctions.history import Cursor, Details
from local.stepfunctions.payload import Payload
from local.stepfunctions.scope import Json, Scope

if TYPE_CHECKING:
    from local.stepfunctions.activities import Activity
    from local.stepfunctions.callbacks import TaskTokens
    from local.stepfunctions.integrations.aws import AwsClient
    from local.stepfunctions.observe.logs import ExecutionLog


class Recorder(Protocol):
    """Takes the events of an execution and numbers them."""

    def add(self, cursor: Cursor, kind: str, details: Details | None = None, *, advance: bool = True) -> int:
        """Append an event; its id."""


class EventCounter:
    """Numbers the events of an execution whose history nobody can read (an EXPRESS child)."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def add(self, cursor: Cursor, kind: str, details: Details | None = None, *, advance: bool = True) -> int:  # noqa: ARG002 - the Recorder's signature
        """Count an event; its id."""
        self._count += 1
        if advance:
            cursor.last = self._count
        return self._count


class Services(Protocol):
    """What a run needs of the engine around it."""

    @property
    def region(self) -> str:
        """The Region that tasks run in."""

    @property
    def account(self) -> str:
        """The account that tasks run in."""

    @property
    def tokens(self) -> TaskTokens:
        """The task tokens that are out."""

    @property
    def activities(self) -> Mapping[str, Activity]:
        """The activities by ARN."""

    async def client(self, service: str, role_arn: str) -> AwsClient:
        """A client of an AWS service that signs with the role's credentials."""

    async def run_distributed_map(self, state: DistributedMapState, payload: Payload, branch: Branch) -> Payload:
        """Run a Map Run to its end; its result."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One execution while it runs."""

    services: Services
    execution_arn: str
    machine_arn: str
    """The plain ARN of the state machine, without label or version."""
    role_arn: str
    recorder: Recorder
    context: Mapping[str, Any]
    """Execution and StateMachine of the context object."""
    run_workflow: Callable[[Workflow, Payload, Branch], Coroutine[Any, Any, Payload]]
    log: ExecutionLog | None = None
    """Where the execution and its children are logged."""


def iso_time(seconds: float) -> str:
    """ISO-8601 in UTC with milliseconds, as the context object and result files have it."""
    return f"{_iso_second(int(seconds))}.{int(seconds * 1000) % 1000:03d}Z"


@lru_cache(maxsize=16)  # a child's times mostly lie in the second of the last one's
def _iso_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(slots=True, eq=False)
class Checkpoint:
    """Where a branch stands: what a redrive goes on from.

    entered  id of the state's StateEntered event
    begun    id of its MapStateStarted or ParallelStateStarted event, 0 before it
    parts    branches of a Parallel or iterations of a Map by index; those with an output are done
    map_run  the Map Run of a distributed Map, when a redrive is to go on with it
    """

    state: str
    payload: Payload
    entered: int
    begun: int = 0
    parts: dict[int, Branch] = field(default_factory=dict)
    map_run: Any = None

    def part(self, index: int, parent: Branch) -> Branch:
        """The branch or iteration, to be gone on with if it has begun."""
        found = self.parts.get(index)
        if found is None:
            found = self.parts[index] = parent.fork()
        else:
            found.resuming = found.checkpoint is not None
        return found


@dataclass(slots=True, kw_only=True, eq=False)
class Branch:
    """A line of states within a run: the machine itself, a branch of a Parallel or an iteration of a Map."""

    run: Run
    cursor: Cursor = field(default_factory=Cursor)
    variables: dict[str, Json] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    """``State`` of the context object."""
    task: dict[str, Any] | None = None
    """``Task`` of the context object, within a task that has a token."""
    checkpoint: Checkpoint | None = None
    resuming: bool = False
    """Whether the next run of the workflow goes on from the checkpoint."""
    output: Payload | None = None
    """What the branch gave, once it is done."""

    @property
    def place(self) -> Checkpoint:
        """The checkpoint of the state that runs."""
        assert self.checkpoint is not None, "set when a state is entered"  # noqa: S101 - narrows the type
        return self.checkpoint

    def fork(self) -> Branch:
        """A branch within this one: it sees the variables of now, and its own assignments stay its own."""
        return Branch(run=self.run, cursor=Cursor(self.cursor.last), variables=dict(self.variables))

    def enter(self, name: str, *, retries: bool) -> None:
        """Begin a state: ``State`` of the context object is its own."""
        self.state = {"Name": name, "EnteredTime": iso_time(time.time())}
        if retries:
            self.state["RetryCount"] = 0

    def event(self, kind: str, details: Details | None = None, *, advance: bool = True) -> int:
        """Append an event to the execution's history."""
        return self.run.recorder.add(self.cursor, kind, details, advance=advance)

    def scope(self, value: Json, **more: Any) -> Scope:
        """What an expression of the current state sees."""
        context = {**self.run.context, "State": self.state}
        if self.task is not None:
            context["Task"] = self.task
        return Scope(
            input=value,
            context=context,
            variables=self.variables,
            state_name=self.state.get("Name", ""),
            **more,
        )
