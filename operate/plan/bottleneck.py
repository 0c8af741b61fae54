"""What the time of a run is made of for the most part, so what to change first."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operate.plan.run import PlannedRun


class Bottleneck(StrEnum):
    """A limit of a run."""

    LONGEST_CHILD = "longest child"
    MAX_CONCURRENCY = "max concurrency"
    ACCOUNT_CONCURRENCY = "account concurrency"
    RAMP = "Lambda ramp-up"
    DISPATCH = "dispatch rate"
    READER = "reader"
    WRITER = "result writer"


def bottleneck(run: PlannedRun) -> Bottleneck:
    """Return the limit that by itself would take the longest."""
    alone = {**_of_any_run(run), **(_of_functions(run) if run.workload.has_function else {})}
    return max(alone, key=lambda name: alone[name])


def _of_any_run(run: PlannedRun) -> Mapping[Bottleneck, float]:
    return {
        Bottleneck.LONGEST_CHILD: run.longest_child,
        Bottleneck.MAX_CONCURRENCY: run.children * run.child / run.allowed,
        Bottleneck.DISPATCH: run.children / run.dispatch_rate,
        Bottleneck.READER: run.items / run.items_per_second,
        Bottleneck.WRITER: run.writing,
    }


def _of_functions(run: PlannedRun) -> Mapping[Bottleneck, float]:
    """The time t in which burst + ramp x t environments do the work is burst x t + ramp x t^2 / 2 = work."""
    work = run.children * run.child
    burst, ramp = run.assumptions.lambda_burst, run.assumptions.lambda_ramp
    ramping = (math.sqrt(burst * burst + 2 * ramp * work) - burst) / ramp
    return {
        Bottleneck.ACCOUNT_CONCURRENCY: work / run.assumptions.account_concurrency,
        Bottleneck.RAMP: ramping,
    }
