"""A sweep from its data to its recommendation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from operate import data, text
from operate.errors import ExecutionError, UsageError
from operate.plan import Point, UnknownWorkloadError, workload_of
from operate.sweep import choose, estimates, trials
from operate.sweep.fit import calibrate, local_models
from operate.sweep.result import Check, Failure, SweepResult
from operate.sweep.runner import StackRunner
from operate.sweep.runs import grouped, trial_of
from operate.sweep.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from operate.plan import Workload
    from operate.stacks import Stack
    from operate.sweep.fit import LocalModel
    from operate.sweep.grid import Setting, Wanted
    from operate.sweep.request import SweepRequest
    from operate.sweep.runs import Run, Runner
    from operate.watch import Display

TYPES = ("STANDARD", "EXPRESS")


def sweep(request: SweepRequest, stack: Stack, display: Display, *, folder: Path) -> SweepResult:
    """Make the data if they are missing, run the trials that are not kept in ``folder``, estimate, choose.

    Everything that is asked for is checked before the first trial. Raises ExecutionError when no trial succeeds.
    """
    machine = stack.client("stepfunctions").describe_state_machine(
        stateMachineArn=stack.outputs_of(request.use_case.name)["state_machine_arn"]
    )
    wanted = request.points(_execution_types(orjson.loads(machine["definition"])))
    workload = _workload(request, wanted)
    made = data.ensure(stack, request.use_case, count=request.count, seed=request.seed, progress=display.data)
    data_items, noun = (made.rows, "row") if made.objects == 1 else (made.objects, "object")
    display.step(f"data {made.to}: {text.counted(data_items, noun)}")
    trial_items, check_items = request.trial_sizes(data_items)
    store = Store(folder, _identity(request, machine))
    if not request.fresh:
        store.read()
    if len(store):
        display.step(f"{text.counted(len(store), 'finished run')} of an earlier sweep kept; --fresh would discard them")
    runner = StackRunner(stack, request.use_case, display, timeout=request.timeout)
    return experiment(
        request,
        wanted,
        runner=runner,
        store=store,
        display=display,
        stack_name=stack.name,
        workload=workload,
        trial_items=trial_items,
        check_items=check_items,
        noun=noun,
    )


def experiment(
    request: SweepRequest,
    wanted: Sequence[Wanted],
    *,
    runner: Runner,
    store: Store,
    display: Display,
    stack_name: str,
    workload: Workload,
    trial_items: int,
    check_items: int,
    noun: str,
) -> SweepResult:
    """Run trials and larger ones to check what they foretell, and draw the conclusions."""
    settings = list(dict.fromkeys(each.setting for each in wanted))
    done = trials.make(
        trials.sizes(settings, trial_items),
        repeat=request.repeat,
        name="trial",
        runner=runner,
        store=store,
        tell=display.step,
    )
    left = [setting for setting in settings if setting not in done.failures]
    if not left:
        raise ExecutionError(f"no trial succeeded, the first one: {next(iter(done.failures.values()))}")
    models = local_models(done.runs)
    larger = trials.make(
        [(setting, check_items) for setting in trials.to_check(left, models, check_items)],
        repeat=request.repeat,
        name="check",
        runner=runner,
        store=store,
        tell=display.step,
    )
    checks = tuple(_check(each, models[each[0].setting.execution_type]) for each in grouped(larger.runs).values())
    runs = (*done.runs, *larger.runs)
    calibration = calibrate(runs)
    found = estimates.estimates(
        [each for each in wanted if each.setting not in larger.failures],
        items=request.items,
        runs=done.runs,
        models=models,
        checks=checks,
        workload=estimates.calibrated(workload, calibration, runs),
        assumptions=request.assumptions,
    )
    return SweepResult(
        use_case=request.use_case.name,
        stack=stack_name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        items=request.items,
        noun=noun,
        trials=tuple(trial_of(each) for each in grouped(runs).values()),
        checks=checks,
        failures=(*_failures(wanted, done, trial_items), *_failures(wanted, larger, check_items)),
        calibration=calibration,
        estimates=found,
        front=choose.front(found),
        recommendation=choose.recommend(found, request.constraints, noun=noun),
        assumptions=request.assumptions.described(),
    )


def _check(runs: Sequence[Run], model: LocalModel) -> Check:
    trial = trial_of(runs)
    return Check(
        point=trial.point,
        items=trial.items,
        predicted_seconds=model.seconds(runs[0].setting, trial.items),
        measured_seconds=trial.median_seconds,
    )


def _failures(wanted: Sequence[Wanted], made: trials.Trials, items: int) -> Iterator[Failure]:
    for each in wanted:
        if each.setting in made.failures:
            yield Failure(point=_point(each.setting, each.memory_mb), items=items, reason=made.failures[each.setting])


def _point(setting: Setting, memory_mb: int | None) -> Point:
    return Point(
        execution_type=setting.execution_type,
        batch_size=setting.batch_size,
        max_concurrency=setting.max_concurrency,
        memory_mb=memory_mb or 0,
    )


def _workload(request: SweepRequest, wanted: Sequence[Wanted]) -> Workload:
    """What is known of the use case's work; UsageError when that is nothing, or has no memory that could differ."""
    try:
        workload = workload_of(request.use_case.name)
    except UnknownWorkloadError as error:
        raise UsageError(str(error)) from error
    if not workload.has_function and any(each.memory_mb is not None for each in wanted):
        raise UsageError(f"{request.use_case.name} has no function whose memory could differ: leave memory out")
    return workload


def _identity(request: SweepRequest, machine: dict[str, Any]) -> dict[str, Any]:
    """What the finished runs of a sweep hold for: this deployment of the machine, and these data."""
    return {
        "use_case": request.use_case.name,
        "state_machine": machine["stateMachineArn"],
        "deployed": [machine["creationDate"].isoformat(), machine.get("revisionId", "")],
        "dataset": [request.use_case.dataset, request.count, request.seed],
    }


def _execution_types(definition: Any) -> list[str]:
    """The execution types of a definition's distributed maps, STANDARD first."""
    found = set(_types_in(definition))
    return [type_ for type_ in TYPES if type_ in found]


def _types_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("Mode") == "DISTRIBUTED":
            yield value["ExecutionType"]
        for inner in value.values():
            yield from _types_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _types_in(inner)
