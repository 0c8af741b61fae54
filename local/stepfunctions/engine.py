"""The engine: state machines, executions and Map Runs of one account and Region, run against an AWS endpoint."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.stepfunctions.activities import Activity
from local.stepfunctions.arns import Place
from local.stepfunctions.callbacks import TaskTokens
from local.stepfunctions.childstore import ChildStore
from local.stepfunctions.definition.nodes import DistributedMapState
from local.stepfunctions.errors import StatesError
from local.stepfunctions.execution import Execution
from local.stepfunctions.integrations.aws import AwsClient, AwsError, AwsSession
from local.stepfunctions.machines import Machine, StateMachine
from local.stepfunctions.maprun.children import Children
from local.stepfunctions.maprun.record import MapRun
from local.stepfunctions.maprun.run import run_map
from local.stepfunctions.observe.observer import Observer
from local.stepfunctions.payload import Payload
from local.stepfunctions.run.branch import Branch

_log = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""How long executions may take to wind up when the engine stops."""


@dataclass(slots=True)
class OpenMapRun:
    """A Map Run with its children while it goes on."""

    record: MapRun
    children: Children


@dataclass(slots=True, kw_only=True)
class Engine:
    """All that lives in one engine process."""

    place: Place
    session: AwsSession
    children: ChildStore
    machines: dict[str, StateMachine] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    """STANDARD ones since the start of the engine, and the EXPRESS ones that run."""
    map_runs: dict[str, OpenMapRun] = field(default_factory=dict)
    nested_runs: dict[str, list[str]] = field(default_factory=dict)
    """The Map Runs of child executions, by the child's ARN."""
    activities: dict[str, Activity] = field(default_factory=dict)
    tokens: TaskTokens = field(default_factory=TaskTokens)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    observer: Observer | None = None
    """Is told of every execution; None in an engine that nobody watches."""

    @classmethod
    def open(cls, *, place: Place, session: AwsSession, data_dir: Path, service_token: str | None) -> Engine:
        """An engine whose files are in the directory, and whose executions are observed.

        ``service_token``: what the endpoint wants to see before it takes events of AWS's own.
        """
        data_dir.mkdir(parents=True, exist_ok=True)
        engine = cls(place=place, session=session, children=ChildStore(data_dir / "children.db"))
        engine.observer = Observer(session, engine.check_may, service_token)
        return engine

    @property
    def region(self) -> str:
        """The Region of all resources."""
        return self.place.region

    @property
    def account(self) -> str:
        """The account of all resources."""
        return self.place.account

    def start(
        self,
        machine: Machine,
        *,
        name: str,
        payload: Payload,
        trace_header: str | None = None,
        version_arn: str | None = None,
        alias_arn: str | None = None,
    ) -> Execution:
        """Start an execution of a revision, named by its machine's ARN, or by a version's or alias's."""
        if machine.type == "EXPRESS":
            arn = self.place.express(machine.name, name, str(uuid.uuid4()))
        else:
            arn = self.place.execution(machine.name, name)
        execution = Execution(
            arn=arn,
            name=name,
            machine=machine,
            input=payload,
            trace_header=trace_header,
            version_arn=version_arn,
            alias_arn=alias_arn,
        )
        self.executions[arn] = execution
        if self.observer is not None:
            execution.log = self.observer.log_of(execution)
            self.observer.started(execution)
        self._begin(execution)
        return execution

    def redrive(self, execution: Execution) -> None:
        """Let an execution go on from where it stopped."""
        execution.prepare_redrive()
        if self.observer is not None:
            self.observer.redriven(execution)
        self._begin(execution)

    def _begin(self, execution: Execution) -> None:
        execution.task = asyncio.create_task(self._run(execution))
        self.tasks.add(execution.task)
        execution.task.add_done_callback(self.tasks.discard)

    async def _run(self, execution: Execution) -> None:
        try:
            await execution.run(self)
        except Exception:  # noqa: BLE001 - the execution has recorded it; here it is logged with its traceback
            _log.exception("the execution %s ended by a fault of the engine", execution.arn)
        finally:
            if self.observer is not None:
                self.observer.ended(execution)
            if execution.machine.type == "EXPRESS":  # nobody can ask for it any more
                self.executions.pop(execution.arn, None)
            self._remove_deleted(execution.machine.arn)

    def delete_machine(self, arn: str) -> None:
        """Delete a state machine: at once, or when its executions have ended, each at its next event."""
        machine = self.machines.get(arn)
        if machine is None:
            return
        machine.deleting = True
        for execution in self._executions_of(arn):
            execution.machine_was_deleted()
        self._remove_deleted(arn)

    def _executions_of(self, machine_arn: str) -> list[Execution]:
        return [execution for execution in self.executions.values() if execution.machine.arn == machine_arn]

    def _remove_deleted(self, arn: str) -> None:
        machine = self.machines.get(arn)
        if machine is None or not machine.deleting:
            return
        executions = self._executions_of(arn)
        if any(execution.status == "RUNNING" for execution in executions):
            return
        for execution in executions:
            del self.executions[execution.arn]
        name = machine.current.name
        for key, run in list(self.map_runs.items()):
            if run.record.machine_name == name:
                del self.map_runs[key]
                self.nested_runs.pop(run.record.execution_arn, None)
        del self.machines[arn]
        self.tags.pop(arn, None)

    async def client(self, service: str, role_arn: str) -> AwsClient:
        """A client that signs with the role's credentials.

        Raises:
            AwsError: when the role cannot be assumed.
        """
        return self.session.client(service, await self.session.role_credentials(role_arn))

    async def check_may(self, role_arn: str, action: str, resource: str) -> None:
        """Refuse what the role may not do, where AWS acts in its name without a call that IAM would see here.

        Raises:
            StatesError: States.Permissions, with IAM's words.
        """
        parameters = {"PolicySourceArn": role_arn, "ActionNames": [action], "ResourceArns": [resource]}
        try:
            answer = await self.session.client("iam").call("SimulatePrincipalPolicy", parameters)
        except AwsError as error:
            raise StatesError("States.Permissions", error.message) from error
        if answer["EvaluationResults"][0]["EvalDecision"] != "allowed":
            role = role_arn.rsplit("/", 1)[-1]
            who = f"arn:{self.place.partition}:sts::{self.account}:assumed-role/{role}/distmap"
            why = f"because no identity-based policy allows the {action} action"
            cause = f"User: {who} is not authorized to perform: {action} on resource: {resource} {why}"
            raise StatesError("States.Permissions", cause)

    def spawn(self, work: Coroutine[None, None, Payload]) -> asyncio.Task[Payload]:
        """Run work that is stopped when the engine stops."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.debug("work of a Map Run ended with %r", task.exception())

    async def run_distributed_map(self, state: DistributedMapState, payload: Payload, branch: Branch) -> Payload:
        """Run a Map Run to its end."""
        return await run_map(self, state, payload, branch)

    def opened(self, map_run: MapRun, children: Children) -> None:
        """Register a Map Run that has begun."""
        self.map_runs[map_run.arn] = OpenMapRun(map_run, children)
        parent = self.executions.get(map_run.execution_arn)
        runs = self.nested_runs.setdefault(map_run.execution_arn, []) if parent is None else parent.map_runs
        runs.append(map_run.arn)

    def change_map_run(self, found: OpenMapRun, changes: Mapping[str, Any]) -> None:
        """Put new limits into force."""
        limits = found.record.limits
        if "maxConcurrency" in changes:
            limits.max_concurrency = changes["maxConcurrency"]
            found.children.slots.changed()
        if "toleratedFailureCount" in changes:
            limits.tolerated_failure_count = changes["toleratedFailureCount"]
        if "toleratedFailurePercentage" in changes:
            limits.tolerated_failure_percentage = changes["toleratedFailurePercentage"]

    async def close(self) -> None:
        """Stop every execution, let each give up its unfinished uploads, and close the files."""
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=STOP_SECONDS)
        if self.observer is not None:
            await self.observer.close()
        await self.children.close()
        await self.session.close()


def new_name() -> str:
    """The name of an execution that was given none."""
    return str(uuid.uuid4())
