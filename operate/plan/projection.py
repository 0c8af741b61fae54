"""What a run takes and costs on AWS: one point of one workload, under stated assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from operate.cost import model
from operate.plan.billing import uses
from operate.plan.bottleneck import Bottleneck, bottleneck
from operate.plan.run import PlannedRun

if TYPE_CHECKING:
    from operate.cost.model import Cost
    from operate.plan.assumptions import Assumptions
    from operate.plan.workload import Point, Workload


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A run as it would be on AWS.

    ``child_seconds`` and ``function_ms`` are those of a warm child, ``concurrency`` is the most children at once.
    """

    seconds: float
    child_seconds: float
    longest_child_seconds: float
    function_ms: float
    batch: int
    children: int
    concurrency: int
    bottleneck: Bottleneck
    cost: Cost


def project(workload: Workload, point: Point, items: int, assumptions: Assumptions) -> Projection:
    """Project a run of ``items`` items in which every one succeeds; ValueError for a number out of bounds."""
    run = PlannedRun(workload=workload, point=point, items=items, assumptions=assumptions)
    return Projection(
        seconds=run.seconds,
        child_seconds=run.child,
        longest_child_seconds=run.longest_child,
        function_ms=run.function_ms,
        batch=run.batch,
        children=run.children,
        concurrency=run.schedule.slots,
        bottleneck=bottleneck(run),
        cost=model.price(uses(run)),
    )
