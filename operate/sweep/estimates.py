"""From trials to what a full run takes: extrapolated where they ran, projected to AWS."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from operate.plan import Point, project
from operate.sweep.result import EXPRESS_LIMIT_SECONDS, Check, Estimate, ExpressAnswer
from operate.sweep.runs import Run

if TYPE_CHECKING:
    from operate.plan import Assumptions, Projection, Workload
    from operate.sweep.fit import LocalModel
    from operate.sweep.grid import Wanted
    from operate.sweep.result import Calibration

WELL_WITHIN = 0.5  # of the five minutes must be left: the full data hold batches that no trial has seen


def calibrated(workload: Workload, calibration: Calibration | None, runs: Sequence[Run]) -> Workload:
    """The workload with what the trials show of the function: its times, and its requests for an item.

    All that a function did in the trials counts as computing at one vCPU, also its waiting for the services beside it:
    the projection is rather too slow than too quick.
    """
    if calibration is None:
        return workload
    items = sum(run.items for run in runs)
    return replace(
        workload,
        timings=f"trials with {calibration.source}",
        fixed_ms=calibration.fixed_ms,
        cpu_ms=calibration.item_ms,
        threads=1,
        gets=sum(run.s3_gets for run in runs) / items,
        get_bytes=sum(run.s3_bytes for run in runs) / items,
        write_units=sum(run.write_units for run in runs) / items,
    )


def estimates(
    wanted: Sequence[Wanted],
    *,
    items: int,
    runs: Sequence[Run],
    models: Mapping[str, LocalModel],
    checks: Sequence[Check],
    workload: Workload,
    assumptions: Assumptions,
) -> tuple[Estimate, ...]:
    """An estimate for each point that was tried, in their order."""
    tried = {run.setting: run.memory_mb for run in runs}
    tails = tail_ratios(runs)
    errors = worst_errors(checks)
    found = []
    for each in wanted:
        setting = each.setting
        if setting not in tried:
            continue
        point = Point(
            execution_type=setting.execution_type,
            batch_size=setting.batch_size,
            max_concurrency=setting.max_concurrency,
            memory_mb=tried[setting] if each.memory_mb is None else each.memory_mb,
        )
        projection = project(workload, point, items, assumptions)
        express = express_answer(projection, tails[setting.batch_size])
        found.append(
            Estimate(
                point=point,
                items=items,
                local_seconds=models[setting.execution_type].seconds(setting, items),
                local_error=errors.get(setting.execution_type),
                aws_seconds=projection.seconds,
                aws_usd=projection.cost.total_usd,
                bottleneck=str(projection.bottleneck),
                longest_child_seconds=express.longest_seconds,
                express=express,
            )
        )
    return tuple(found)


def tail_ratios(runs: Sequence[Run]) -> dict[int, float]:
    """How many times the mean the longest child of a run takes, for each batch size: the median of its runs."""
    ratios: dict[int, list[float]] = {}
    for run in runs:
        ratio = run.child_seconds_max / run.child_seconds_mean if run.child_seconds_mean else 1.0
        ratios.setdefault(run.setting.batch_size, []).append(ratio)
    return {batch: statistics.median(each) for batch, each in ratios.items()}


def express_answer(projection: Projection, tail_ratio: float) -> ExpressAnswer:
    """May children like these be EXPRESS? The longest one on AWS against five minutes, half of which must be left.

    The longest is as many times the projected child as it was in the trials, or what the projection says if that
    is more.
    """
    longest = max(projection.longest_child_seconds, projection.child_seconds * tail_ratio)
    margin = 1 - longest / EXPRESS_LIMIT_SECONDS
    return ExpressAnswer(allowed=margin >= WELL_WITHIN, longest_seconds=longest, margin=margin)


def worst_errors(checks: Sequence[Check]) -> dict[str, float]:
    """How far the extrapolation was off at most, either way, for each execution type that was checked."""
    worst: dict[str, float] = {}
    for check in checks:
        name = check.point.execution_type
        worst[name] = max(worst.get(name, 0.0), abs(check.error))
    return worst
