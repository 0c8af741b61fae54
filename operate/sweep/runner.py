"""Trials on a deployed stack: one execution each, followed to its end and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operate import evidence, execution, runs, usage
from operate.errors import ExecutionError, InterruptedRunError
from operate.sweep.runs import Run, TrialFailedError

if TYPE_CHECKING:
    from operate.stacks import Stack
    from operate.sweep.grid import Setting
    from operate.usage import Usage
    from operate.watch import Display
    from usecases.registry import UseCase


class StackRunner:
    """Runs trials of a use case on a stack."""

    def __init__(self, stack: Stack, use_case: UseCase, display: Display, *, timeout: float) -> None:
        self._stack = stack
        self._use_case = use_case
        self._display = display
        self._timeout = timeout
        self._warm = False

    def run(self, setting: Setting, items: int) -> Run:
        """Run and measure. TrialFailedError when it does not succeed, or not in time: it is stopped then.

        The very first run is done twice, and the second one counts: the first finds everything cold. Ctrl-C stops the
        execution and is an InterruptedRunError.
        """
        if not self._warm:
            self._display.step("warming up")
            self._once(setting, items)
            self._warm = True
        return self._once(setting, items)

    def _once(self, setting: Setting, items: int) -> Run:
        outputs = self._stack.outputs_of(self._use_case.name)
        knobs = {**setting.knobs(self._use_case), "max_items": items}
        arn = execution.start(
            self._stack.client("stepfunctions"),
            state_machine_arn=outputs["state_machine_arn"],
            execution_input=self._use_case.execution_input(outputs, knobs),
        )
        self._wait(arn, items)
        found = evidence.gather(self._stack, arn)
        over = found.execution
        if over.status != execution.SUCCEEDED:
            raise TrialFailedError(f"{arn} ended {over.status}: {over.error}: {over.cause or 'no cause given'}")
        measured = usage.measure(found)
        for problem in _problems(measured):
            self._display.step(f"{arn}: {problem}")
        return figures(
            setting,
            items,
            execution_arn=arn,
            seconds=over.seconds or 0.0,
            used=measured,
            cost_usd=usage.cost_of(measured).total_usd,
        )

    def _wait(self, arn: str, items: int) -> None:
        every = runs.LOCAL_POLL_SECONDS if self._stack.is_local else runs.AWS_POLL_SECONDS
        sfn = self._stack.client("stepfunctions")
        try:
            for progress in execution.follow(sfn, arn, every=every, at_most=self._timeout):
                self._display.map_runs(progress, items)
        except KeyboardInterrupt as error:
            self._display.pause()
            status = runs.stop(self._stack, arn)
            raise InterruptedRunError(
                f"{arn} is {status}; finished trials are kept, the same command goes on from there"
            ) from error
        except ExecutionError as error:
            status = runs.stop(self._stack, arn)
            raise TrialFailedError(f"{arn} ran for {self._timeout:g} s and is {status}: give a --timeout") from error
        finally:
            self._display.pause()


def _problems(used: Usage) -> list[str]:
    functions = [function for map_ in used.maps for function in map_.functions]
    return [f"{each.name} does not count: {each.problem}" for each in functions if each.problem is not None]


def figures(setting: Setting, items: int, *, execution_arn: str, seconds: float, used: Usage, cost_usd: float) -> Run:
    """Add up the Map Runs of one execution; a function that was not fully measured counts as none."""
    child_seconds = [each for map_ in used.maps for each in map_.child_seconds]
    functions = [function for map_ in used.maps for function in map_.functions if function.problem is None]
    return Run(
        setting=setting,
        items=items,
        execution=execution_arn,
        seconds=seconds,
        children=sum(map_.children for map_ in used.maps),
        child_seconds_max=max(child_seconds, default=0.0),
        child_seconds_mean=sum(child_seconds) / len(child_seconds) if child_seconds else 0.0,
        invocations=sum(function.invocations for function in functions),
        function_seconds=sum(sum(function.duration_seconds) for function in functions),
        billed_seconds=sum(function.billed_seconds for function in functions),
        memory_mb=max((function.memory_mb for function in functions), default=0),
        s3_gets=sum(map_.s3_gets for map_ in used.maps),
        s3_bytes=sum(map_.s3_bytes for map_ in used.maps),
        write_units=sum(map_.write_units for map_ in used.maps),
        cost_usd=cost_usd,
    )
