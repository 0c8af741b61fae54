"""What the functions of the children used: read from their log groups, attributed to the Map Runs of one execution."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from operate.cost import model
from operate.usage import log_events
from operate.usage.facts import FunctionUsage
from operate.usage.invocations import SUCCESS, Invocation, put_together

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from operate.evidence import Evidence
    from operate.execution import MapRun
    from operate.stacks import Stack

MS = 1_000
MARGIN = timedelta(seconds=1)  # between the clocks of Step Functions and of Lambda
LATE_SECONDS = 30.0  # after the end of a run, in which reports that are missing on AWS are waited for
ASK_AGAIN_SECONDS = 2.0
UNKNOWN_ARCHITECTURE = "x86_64"  # AWS's default; of a function that one may not describe nothing is priced


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function as it is configured now; ``problem`` says why it cannot be described."""

    name: str
    memory_mb: int = 0
    architecture: str = UNKNOWN_ARCHITECTURE
    log_group: str = ""
    timeout: timedelta = timedelta()
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Span:
    """The time of a run; ``stop`` None while it goes on."""

    start: datetime
    stop: datetime | None

    def seconds_since_stop(self) -> float:
        """How long it has been over; without end while it runs, since what is there is enough then."""
        return float("inf") if self.stop is None else (datetime.now(UTC) - self.stop).total_seconds()


@dataclass(frozen=True, kw_only=True)
class Calls:
    """A function, and its invocations by the children of each Map Run; ``problem`` when they cannot be read."""

    function: Function
    by_map_run: Mapping[str, Sequence[Invocation]]
    problem: str | None = None

    def usage(self, map_run: MapRun, *, least: int) -> FunctionUsage:
        """Add up the invocations for one Map Run, of whose children ``least`` have called the function for sure."""
        return added_up(self.function, self.by_map_run.get(map_run.arn, ()), problem=self.problem, least=least)


def added_up(
    function: Function, invocations: Sequence[Invocation], *, problem: str | None, least: int
) -> FunctionUsage:
    """Add up invocations of a function, of which there are ``least`` for sure."""
    reports = [(each.status, each.metrics) for each in invocations if each.metrics is not None]
    metrics = [found for _status, found in reports]
    starts = [found["initDurationMs"] for found in metrics if "initDurationMs" in found]
    return FunctionUsage(
        name=function.name,
        memory_mb=int(metrics[-1]["memorySizeMB"]) if metrics else function.memory_mb,
        architecture=function.architecture,
        invocations=len(reports),
        billed_seconds=sum(found["billedDurationMs"] for found in metrics) / MS,
        gb_seconds=sum(
            model.lambda_gb_seconds(billed_ms=found["billedDurationMs"], memory_mb=int(found["memorySizeMB"]))
            for found in metrics
        ),
        duration_seconds=tuple(found["durationMs"] / MS for found in metrics),
        cold_starts=len(starts),
        init_seconds=sum(starts) / MS,
        max_memory_mb=max((int(found["maxMemoryUsedMB"]) for found in metrics), default=0),
        errors=sum(status != SUCCESS for status, _metrics in reports),
        log_bytes=sum(each.log_bytes for each in invocations),
        problem=problem or _missing(function, len(reports), max(least, len(invocations))),
    )


def _missing(function: Function, reported: int, expected: int) -> str | None:
    if reported >= expected:
        return None
    group = function.log_group
    if reported == 0:
        return f"not measured: {group} has no platform.report of this run; the function needs log format JSON"
    return f"{reported:,} of at least {expected:,} invocations: the others have no report in {group}"


def describe(functions: Any, reference: str) -> Function:
    """Read the configuration of a function that is given by name or ARN."""
    from botocore.exceptions import ClientError

    name = reference.split(":")[6] if reference.startswith("arn:") else reference.partition(":")[0]
    try:
        found = functions.get_function_configuration(FunctionName=reference)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            return Function(name=name, problem=f"not measured: there is no function {name} any more")
        if code == "AccessDeniedException":
            return Function(name=name, problem=f"not measured: lambda:GetFunctionConfiguration of {name} is denied")
        raise
    return Function(
        name=name,
        memory_mb=found["MemorySize"],
        architecture=found.get("Architectures", [UNKNOWN_ARCHITECTURE])[0],
        log_group=found.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}"),
        timeout=timedelta(seconds=found["Timeout"]),
    )


def calls(found: Evidence, reference: str, map_runs: Sequence[MapRun], *, least: int) -> Calls:
    """Find the invocations of a function by the children of Map Runs, ``least`` of which there are for sure."""
    function = describe(found.stack.client("lambda"), reference)
    span = Span(start=found.execution.started, stop=found.execution.stopped)
    own, problem = invocations(found.stack, function, span, executions={found.execution.arn}, least=least)
    return Calls(function=function, by_map_run={} if problem else _by_map_run(own, map_runs), problem=problem)


def invocations(
    stack: Stack, function: Function, span: Span, *, executions: Container[str], least: int
) -> tuple[list[Invocation], str | None]:
    """Find a function's invocations for executions, ``least`` of which there are for sure; or why they cannot be found.

    On AWS the end of a log arrives some seconds after the run, so what is missing is waited for a little.
    """
    if function.problem is not None:
        return [], function.problem
    while True:
        try:
            own = _own(stack, function, span, executions)
        except log_events.LogUnreadableError as error:
            return [], f"not measured: {error}"
        missing = sum(each.metrics is not None for each in own) < least
        if not missing or stack.is_local or span.seconds_since_stop() > LATE_SECONDS:
            return own, None
        time.sleep(ASK_AGAIN_SECONDS)


def _own(stack: Stack, function: Function, span: Span, executions: Container[str]) -> list[Invocation]:
    """Return the invocations for these executions: those that name one, and those in their time that name none.

    An invocation that was killed before it wrote a line names none.
    """
    start = span.start - MARGIN
    stop = (span.stop or datetime.now(UTC)) + MARGIN
    # A function goes on when its execution is stopped: it is billed to its end.
    events = log_events.read(stack.client("logs"), function.log_group, start=start, end=stop + function.timeout)
    return [
        each
        for each in put_together(events)
        if each.function in (None, function.name)
        and (each.execution in executions or (each.execution is None and each.started <= stop.timestamp()))
    ]


def _by_map_run(invocations: Sequence[Invocation], map_runs: Sequence[MapRun]) -> dict[str, list[Invocation]]:
    """Give each Map Run what began before its end; of Map Runs at the same time the one that ends first has it."""
    shares: dict[str, list[Invocation]] = {map_run.arn: [] for map_run in map_runs}
    ends = sorted((_end_of(map_run), map_run.arn) for map_run in map_runs)
    for each in invocations:
        arn = next((arn for end, arn in ends if each.started <= end), ends[-1][1])
        shares[arn].append(each)
    return shares


def _end_of(map_run: MapRun) -> float:
    return float("inf") if map_run.stopped is None else (map_run.stopped + MARGIN).timestamp()
