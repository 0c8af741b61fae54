"""One execution of a state machine, from start to end."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from local.stepfunctions.errors import RuntimeFailure, StatesError
from local.stepfunctions.history import Cursor, History
from local.stepfunctions.limits import EXPRESS_SECONDS, MAX_REDRIVABLE_EVENTS, REDRIVABLE_SECONDS
from local.stepfunctions.machines import Machine
from local.stepfunctions.payload import Payload
from local.stepfunctions.run import Branch, Run, run_workflow
from local.stepfunctions.run.branch import iso_time

if TYPE_CHECKING:
    from local.stepfunctions.observe.logs import ExecutionLog
    from local.stepfunctions.run.branch import Services

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]

BILLED_MILLISECONDS: Final = 100
"""EXPRESS executions are billed by this many milliseconds, begun ones in full (pricing page)."""

BILLED_MEGABYTES: Final = 64
"""EXPRESS executions are billed by chunks of 64 MB: 50 MB with the definition and the payloads (pricing page)."""

_NOT_IN_SYNC: Final = frozenset(
    {"redriveCount", "redriveStatus", "redriveStatusReason", "stateMachineVersionArn", "stateMachineAliasArn"}
)
_LAST_EVENT: dict[str, str] = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


@dataclass(slots=True, kw_only=True)
class Execution:
    """An execution's record; times in epoch seconds."""

    arn: str
    name: str
    machine: Machine
    input: Payload
    trace_header: str | None = None
    version_arn: str | None = None
    """The version that the execution was started from, directly or through the alias."""
    alias_arn: str | None = None
    status: Status = "RUNNING"
    started: float = field(default_factory=time.time)
    stopped: float | None = None
    output: Payload | None = None
    error: str | None = None
    cause: str | None = None
    history: History = field(default_factory=History)
    map_runs: list[str] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    stopped_by_request: tuple[str | None, str | None] | None = None
    redrives: int = 0
    redriven: float | None = None
    machine_deleted: bool = False
    redrive_tokens: dict[str, float] = field(default_factory=dict)
    branch: Branch | None = None
    log: ExecutionLog | None = None
    """Takes the events that the machine logs."""

    def context(self) -> dict[str, Any]:
        """Execution and StateMachine of the context object."""
        return {
            "Execution": {
                "Id": self.arn,
                "Input": self.input.value,
                "Name": self.name,
                "RoleArn": self.machine.role_arn,
                "StartTime": iso_time(self.started),
                **({} if self.machine.type == "EXPRESS" else {"RedriveCount": self.redrives}),
                **({} if self.redriven is None else {"RedriveTime": iso_time(self.redriven)}),
            },
            "StateMachine": {"Id": self.machine.arn, "Name": self.machine.name},
        }

    def stop(self, error: str | None, cause: str | None) -> None:
        """Abort the execution at somebody's request."""
        self.stopped_by_request = (error, cause)
        self.history.refusal = None
        if self.task is not None:
            self.task.cancel()

    def machine_was_deleted(self) -> None:
        """Let the execution fail at its next event, as AWS does when its state machine is deleted."""
        self.machine_deleted = True
        failure = RuntimeFailure(f"State machine {self.machine.name} has been deleted")
        failure.placed = True
        self.history.refusal = failure

    async def run(self, services: Services) -> None:
        """Run to the end, from the start or from where a redrive goes on; every way to end is recorded."""
        if self.branch is None:
            self.history = History(self.log, readable=self.machine.type == "STANDARD")
            if self.machine_deleted:
                self.machine_was_deleted()
            cursor = Cursor()
            started = {"input": self.input, "roleArn": self.machine.role_arn}
            self.history.add(cursor, "ExecutionStarted", started, advance=False)
            run = Run(
                services=services,
                execution_arn=self.arn,
                machine_arn=self.machine.arn,
                role_arn=self.machine.role_arn,
                recorder=self.history,
                context=self.context(),
                run_workflow=run_workflow,
                log=self.log,
            )
            self.branch = Branch(run=run, cursor=cursor)
        branch = self.branch
        cursor = branch.cursor
        try:
            await self._run(branch)
        except StatesError as failure:
            self._end("FAILED", cursor, error=failure.name or None, cause=failure.cause)
        except TimeoutError:
            self._end("TIMED_OUT", cursor)
        except asyncio.CancelledError:
            error, cause = self.stopped_by_request or (None, "The engine was stopped.")
            self._end("ABORTED", cursor, error=error, cause=cause)
            if self.stopped_by_request is None:
                raise
        except Exception as fault:
            # A fault of the engine ends the execution visibly, and is logged with its traceback by the caller.
            self._end("FAILED", cursor, error="States.Runtime", cause=f"The engine failed: {fault!r}")
            raise

    async def _run(self, branch: Branch) -> None:
        limits = [self.machine.definition.timeout_seconds]
        if self.machine.type == "EXPRESS":
            limits.append(EXPRESS_SECONDS)
        given = [limit for limit in limits if limit is not None]
        async with asyncio.timeout(min(given) if given else None):
            self.output = await run_workflow(self.machine.definition.workflow, self.input, branch)
        self._end("SUCCEEDED", branch.cursor)

    def _end(self, status: Status, cursor: Cursor, *, error: str | None = None, cause: str | None = None) -> None:
        self.status, self.error, self.cause = status, error, cause
        details = {"output": self.output, "error": error, "cause": cause}
        shown = {key: value for key, value in details.items() if value is not None}
        # An execution that was stopped from outside ends with an event that follows none.
        last = Cursor() if status in ("ABORTED", "TIMED_OUT") else cursor
        self.history.add(last, _LAST_EVENT[status], shown)
        self.stopped = time.time()

    def prepare_redrive(self) -> None:
        """Make the next run go on from where this one stopped: same ARN, definition and input."""
        self.redrives += 1
        self.redriven = time.time()
        self.status, self.stopped, self.error, self.cause = "RUNNING", None, None, None
        self.stopped_by_request = None
        if self.log is not None:
            self.log.subject.redrives = self.redrives
        self.history.add(Cursor(len(self.history.events)), "ExecutionRedriven", {"redriveCount": self.redrives})
        if self.branch is not None:
            self.branch.run.context = self.context()
            self.branch.resuming = self.branch.checkpoint is not None

    def describe(self) -> dict[str, Any]:
        """The answer of DescribeExecution."""
        shown: dict[str, Any] = {
            "executionArn": self.arn,
            "stateMachineArn": self.machine.arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.started,
            "input": self.input.text.decode(),
            "inputDetails": {"included": True},
            "redriveCount": self.redrives,
            **self.redrive_status(),
            **self._origin(),
        }
        if self.redriven is not None:
            shown["redriveDate"] = self.redriven
        if self.stopped is not None:
            shown["stopDate"] = self.stopped
        if self.output is not None:
            shown["output"] = self.output.text.decode()
            shown["outputDetails"] = {"included": True}
        more = {"error": self.error, "cause": self.cause, "traceHeader": self.trace_header}
        return shown | {key: value for key, value in more.items() if value is not None}

    def describe_synchronous(self) -> dict[str, Any]:
        """The answer of StartSyncExecution, once the execution has ended."""
        shown = {key: value for key, value in self.describe().items() if key not in _NOT_IN_SYNC}
        seconds = (self.stopped or self.started) - self.started
        billed = max(1, math.ceil(seconds * 1000 / BILLED_MILLISECONDS)) * BILLED_MILLISECONDS
        bill = {"billedDurationInMilliseconds": billed, "billedMemoryUsedInMB": BILLED_MEGABYTES}
        return shown | {"outputDetails": {"included": True}, "billingDetails": bill}

    def _origin(self) -> dict[str, str]:
        given = {"stateMachineVersionArn": self.version_arn, "stateMachineAliasArn": self.alias_arn}
        return {key: arn for key, arn in given.items() if arn is not None}

    def redrive_status(self) -> dict[str, str]:
        """Whether the execution can be redriven, and why not."""
        reason: str | None = None
        if self.machine.type == "EXPRESS":
            reason = "Execution of an EXPRESS state machine cannot be redriven"
        elif self.status in {"RUNNING", "SUCCEEDED"}:
            reason = f"Execution is {self.status} and cannot be redriven"
        elif len(self.history.events) >= MAX_REDRIVABLE_EVENTS:
            reason = "Execution history event limit exceeded"
        elif self.stopped is not None and time.time() - self.stopped > REDRIVABLE_SECONDS:
            reason = "Execution redrivable period exceeded"
        if reason is not None:
            return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
        return {"redriveStatus": "REDRIVABLE"}

    def summary(self) -> dict[str, Any]:
        """The row of ListExecutions."""
        row: dict[str, Any] = {
            "executionArn": self.arn,
            "stateMachineArn": self.machine.arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.started,
            "redriveCount": self.redrives,
            **self._origin(),
        }
        if self.redriven is not None:
            row["redriveDate"] = self.redriven
        if self.stopped is not None:
            row["stopDate"] = self.stopped
        return row
