"""One run of a use case from its data to its report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operate import data, evidence, execution, text, usage
from operate.errors import ExecutionError, InterruptedRunError, UsageError
from operate.report import Report
from operate.verification import verify_run
from usecases.parameters import ARRIVALS, MODE, SOURCE

if TYPE_CHECKING:
    from operate.execution import Execution, MapRun
    from operate.stacks import Stack
    from operate.watch import Display
    from usecases.parameters import Value
    from usecases.registry import UseCase

LOCAL_POLL_SECONDS = 0.25
AWS_POLL_SECONDS = 2.0  # DescribeMapRun and ListMapRuns refill at one request a second
STOP_SECONDS = 60.0

AskToStop = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What to run: a use case on ``count`` generated records with some knobs set."""

    use_case: UseCase
    count: int
    seed: int
    parameters: Mapping[str, Value]
    timeout: float


def use_case_named(name: str) -> UseCase:
    """Return the use case, or raise UsageError that lists the known ones."""
    from usecases.registry import USE_CASES

    found = USE_CASES.get(name)
    if found is None:
        raise UsageError(f"unknown use case {name!r}: choose one of {', '.join(USE_CASES)}")
    return found


def request_for(
    name: str, *, scale: str, count: int | None, seed: int, assignments: list[str], timeout: float
) -> RunRequest:
    """Check what the command line asks for; UsageError names the value, its limit and what is known."""
    from usecases.parameters import ParameterError

    use_case = use_case_named(name)
    if scale not in use_case.counts:
        raise UsageError(f"unknown scale {scale!r}: choose one of {', '.join(use_case.counts)}")
    if count is not None and count < 1:
        raise UsageError(f"--count must be 1 or more, got {count}")
    if timeout <= 0:
        raise UsageError(f"--timeout must be more than 0 seconds, got {timeout:g}")
    try:
        parameters = use_case.parse_parameters(assignments)
    except ParameterError as error:
        raise UsageError(str(error)) from error
    return RunRequest(
        use_case=use_case,
        count=use_case.counts[scale] if count is None else count,
        seed=seed,
        parameters=parameters,
        timeout=timeout,
    )


def checked_execution_arn(arn: str) -> str:
    """Return the ARN itself; UsageError when it is not that of an execution."""
    parts = arn.split(":")
    if len(parts) != 8 or parts[:3] != ["arn", parts[1], "states"] or parts[5] != "execution":
        raise UsageError(
            f"{arn!r} is not the ARN of an execution: give arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME,"
            " as `distmap run` prints it"
        )
    return arn


def run(request: RunRequest, stack: Stack, display: Display, *, ask_to_stop: AskToStop) -> Report:
    """Make the data if they are missing, run, wait for the end, verify and price.

    A Ctrl-C while the execution runs asks ``ask_to_stop``; the execution is then stopped, or goes on by itself, and
    InterruptedRunError says which. Results of a stopped execution are never reported as right.
    """
    outputs = stack.outputs_of(request.use_case.name)
    expected = _make_data(request, stack, display)
    if request.parameters.get(MODE.name) == ARRIVALS:
        from operate import arrivals

        return arrivals.run(request, stack, display)
    arn = execution.start(
        stack.client("stepfunctions"),
        state_machine_arn=outputs["state_machine_arn"],
        execution_input=_execution_input(request, stack, display),
    )
    display.step(f"execution {arn}")
    wait(stack, display, arn, expected=expected, timeout=request.timeout, ask_to_stop=ask_to_stop)
    return report(stack, arn, display)


def report(stack: Stack, execution_arn: str, display: Display) -> Report:
    """Verify and price an execution as it stands."""
    found = evidence.gather(stack, execution_arn)
    use_case = _use_case_of(stack, found.execution)
    for map_run in found.map_runs:
        display.step(_map_run_line(map_run))
    began = time.monotonic()
    checks = verify_run(use_case, found) if use_case else []
    if use_case and found.execution.status == execution.SUCCEEDED:
        display.step(f"verified in {text.seconds(time.monotonic() - began)}")
    return Report(
        use_case=use_case,
        stack=stack.name,
        execution=found.execution,
        map_runs=found.map_runs,
        cost=usage.cost_of(usage.measure(found)),
        checks=tuple(checks),
    )


def _make_data(request: RunRequest, stack: Stack, display: Display) -> int:
    """Make the data and return how many items a map over them will have."""
    made = data.ensure(stack, request.use_case, count=request.count, seed=request.seed, progress=display.data)
    size = f"{text.counted(made.objects, 'object')}, {made.rows:,} rows, {text.megabytes(made.bytes)}"
    how = f"made in {text.seconds(made.seconds)}" if made.written_bytes else "there already"
    display.step(f"data {made.to}: {size}, {how}")
    items = made.rows if made.objects == 1 else made.objects
    return min(items, int(request.parameters.get("max_items", 0)) or items)


def _execution_input(request: RunRequest, stack: Stack, display: Display) -> dict[str, Any]:
    """Return the input of the run, with the manifest of an inventory if that is where its items come from."""
    outputs = stack.outputs_of(request.use_case.name)
    made = request.use_case.execution_input(outputs, request.parameters)
    if request.parameters.get(SOURCE.name, outputs.get(SOURCE.name)) != "inventory":
        return made
    manifest = data.inventory(stack, request.use_case, count=request.count, seed=request.seed)
    display.step(f"inventory s3://{outputs['input_bucket']}/{manifest}")
    return {**made, "manifest": manifest}


def _map_run_line(map_run: MapRun) -> str:
    items = map_run.items
    took = map_run.seconds
    if took is None:
        return f"Map Run {map_run.label}: {map_run.status}, {items.finished:,} of {items.total:,} items"
    rate = f", {items.total / took:,.0f} items/s" if took > 0 and items.total else ""
    return f"Map Run {map_run.label}: {map_run.status}, {items.total:,} items in {text.seconds(took)}{rate}"


def wait(stack: Stack, display: Display, arn: str, *, expected: int, timeout: float, ask_to_stop: AskToStop) -> None:
    """Follow an execution to its end; InterruptedRunError on Ctrl-C, ExecutionError after ``timeout`` seconds."""
    sfn = stack.client("stepfunctions")
    every = LOCAL_POLL_SECONDS if stack.is_local else AWS_POLL_SECONDS
    try:
        for progress in execution.follow(sfn, arn, every=every, at_most=timeout):
            display.map_runs(progress, expected)
    except KeyboardInterrupt as error:
        display.pause()
        if not ask_to_stop():
            raise InterruptedRunError(f"left running: see it with `distmap report {arn}`") from error
        status = stop(stack, arn)
        complete = "complete" if status == execution.SUCCEEDED else "not complete"
        raise InterruptedRunError(f"{arn} is {status}, its results are {complete}") from error
    finally:
        display.pause()


def stop(stack: Stack, execution_arn: str) -> str:
    """Stop an execution and return its final status; ExecutionError when it is not over within a minute."""
    sfn = stack.client("stepfunctions")
    execution.stop(sfn, execution_arn, cause="stopped by distmap on Ctrl-C")
    try:
        *_, last = execution.follow(sfn, execution_arn, every=LOCAL_POLL_SECONDS, at_most=STOP_SECONDS)
    except ExecutionError as error:
        raise ExecutionError(f"asked {execution_arn} to stop, and it still runs after {STOP_SECONDS:g} s") from error
    return last.execution.status


def _use_case_of(stack: Stack, over: Execution) -> str | None:
    for name, outputs in stack.outputs.items():
        if isinstance(outputs, Mapping) and outputs.get("state_machine_arn") == over.state_machine_arn:
            return name
    return None
