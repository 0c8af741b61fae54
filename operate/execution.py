"""An execution and its Map Runs as the Step Functions API shows them: start, follow, stop."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import orjson

from operate.errors import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
LIST_PAGE = 1000  # ListExecutions and ListMapRuns give at most 1,000 rows a page


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Items or child executions of a Map Run, by state."""

    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    aborted: int = 0
    total: int = 0
    results_written: int = 0

    @classmethod
    def of(cls, answer: Mapping[str, int]) -> Counts:
        """Take the counts out of DescribeMapRun's ``itemCounts`` or ``executionCounts``."""
        return cls(
            pending=answer["pending"],
            running=answer["running"],
            succeeded=answer["succeeded"],
            failed=answer["failed"],
            timed_out=answer["timedOut"],
            aborted=answer["aborted"],
            total=answer["total"],
            results_written=answer["resultsWritten"],
        )

    @property
    def unsuccessful(self) -> int:
        """Failed, timed out or aborted."""
        return self.failed + self.timed_out + self.aborted

    @property
    def finished(self) -> int:
        """Succeeded or not, but over."""
        return self.succeeded + self.unsuccessful

    def __add__(self, other: Counts) -> Counts:
        """Add state by state."""
        return Counts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)})


@dataclass(frozen=True, kw_only=True)
class MapRun:
    """One DescribeMapRun answer."""

    arn: str
    status: str
    max_concurrency: int
    items: Counts
    executions: Counts
    started: datetime
    stopped: datetime | None

    @property
    def label(self) -> str:
        """The map state's label: ``arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID``."""
        return self.arn.split(":")[6].partition("/")[2]

    @property
    def seconds(self) -> float | None:
        """From start to stop; None while it runs."""
        return None if self.stopped is None else (self.stopped - self.started).total_seconds()


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One DescribeExecution answer; ``output`` is None unless it succeeded."""

    arn: str
    state_machine_arn: str
    status: str
    started: datetime
    stopped: datetime | None
    input: Any
    output: Any
    error: str | None
    cause: str | None

    @property
    def seconds(self) -> float | None:
        """From start to stop; None while it runs."""
        return None if self.stopped is None else (self.stopped - self.started).total_seconds()

    @property
    def is_over(self) -> bool:
        """Whether the execution has reached a final status."""
        return self.status != RUNNING


@dataclass(frozen=True, kw_only=True)
class Progress:
    """An execution and its Map Runs, read one after the other (when the execution is over, so are they)."""

    execution: Execution
    map_runs: tuple[MapRun, ...]


def start(sfn: Any, *, state_machine_arn: str, execution_input: Mapping[str, Any]) -> str:
    """Start an execution under a name that AWS makes up, and return its ARN."""
    answer = sfn.start_execution(stateMachineArn=state_machine_arn, input=orjson.dumps(execution_input).decode())
    return str(answer["executionArn"])


def stop(sfn: Any, execution_arn: str, *, cause: str) -> None:
    """Ask for the execution to be stopped; it and its Map Runs become ABORTED."""
    sfn.stop_execution(executionArn=execution_arn, error="Distmap.Stopped", cause=cause)


def describe(sfn: Any, execution_arn: str) -> Progress:
    """Read the execution first and its Map Runs after it."""
    execution = describe_alone(sfn, execution_arn)
    return Progress(execution=execution, map_runs=tuple(_map_runs(sfn, execution_arn)))


def describe_alone(sfn: Any, execution_arn: str) -> Execution:
    """Read the execution without its Map Runs."""
    answer = sfn.describe_execution(executionArn=execution_arn)
    return Execution(
        arn=answer["executionArn"],
        state_machine_arn=answer["stateMachineArn"],
        status=answer["status"],
        started=answer["startDate"],
        stopped=answer.get("stopDate"),
        input=orjson.loads(answer.get("input", "null")),
        output=orjson.loads(answer["output"]) if "output" in answer else None,
        error=answer.get("error"),
        cause=answer.get("cause"),
    )


def _map_runs(sfn: Any, execution_arn: str) -> Iterator[MapRun]:
    """Yield the Map Runs of an execution, oldest first."""
    rows: list[dict[str, Any]] = []
    for page in _pages(sfn.list_map_runs, executionArn=execution_arn, maxResults=LIST_PAGE):
        rows.extend(page["mapRuns"])
    for row in sorted(rows, key=lambda row: row["startDate"]):
        answer = sfn.describe_map_run(mapRunArn=row["mapRunArn"])
        yield MapRun(
            arn=answer["mapRunArn"],
            status=answer["status"],
            max_concurrency=answer["maxConcurrency"],
            items=Counts.of(answer["itemCounts"]),
            executions=Counts.of(answer["executionCounts"]),
            started=answer["startDate"],
            stopped=answer.get("stopDate"),
        )


def follow(sfn: Any, execution_arn: str, *, every: float, at_most: float) -> Iterator[Progress]:
    """Yield the progress every ``every`` seconds, the last one being of an execution that is over.

    After ``at_most`` seconds it raises ExecutionError; the execution itself goes on.
    """
    deadline = time.monotonic() + at_most
    while True:
        progress = describe(sfn, execution_arn)
        yield progress
        if progress.execution.is_over:
            return
        if time.monotonic() >= deadline:
            raise ExecutionError(
                f"{execution_arn} is still {progress.execution.status} after {at_most:g} s and goes on:"
                f" see it with `distmap report {execution_arn}`, or wait longer with --timeout"
            )
        time.sleep(every)


def history(sfn: Any, execution_arn: str) -> Iterator[dict[str, Any]]:
    """Yield every event of an execution's history, oldest first."""
    for page in _pages(sfn.get_execution_history, executionArn=execution_arn, maxResults=LIST_PAGE):
        yield from page["events"]


def children(sfn: Any, map_run_arn: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of ListExecutions for each child that a Map Run started."""
    for page in _pages(sfn.list_executions, mapRunArn=map_run_arn, maxResults=LIST_PAGE):
        yield from page["executions"]


def of_machine(sfn: Any, machine_arn: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of ListExecutions for a state machine, those that started last first."""
    for page in _pages(sfn.list_executions, stateMachineArn=machine_arn, maxResults=LIST_PAGE):
        yield from page["executions"]


def _pages(call: Any, **request: Any) -> Iterator[dict[str, Any]]:
    while True:
        page = call(**request)
        yield page
        token = page.get("nextToken")
        if not token:
            return
        request["nextToken"] = token
