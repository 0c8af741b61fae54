"""Which assumptions a projection hangs on: each one halved and doubled, all others as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from operate.plan.projection import project

if TYPE_CHECKING:
    from operate.plan.assumptions import Assumptions
    from operate.plan.workload import Point, Workload

FACTORS = (0.5, 2.0)
NOTICEABLE = 0.01  # of the seconds or the dollars


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """The relative change of seconds and of dollars when the assumption ``name`` is halved, and when it is doubled."""

    name: str
    seconds: tuple[float, float]
    usd: tuple[float, float]

    @property
    def noticeable(self) -> bool:
        """Whether any of the four changes is worth a look."""
        return max(abs(change) for change in (*self.seconds, *self.usd)) >= NOTICEABLE


def sensitivities(workload: Workload, point: Point, items: int, assumptions: Assumptions) -> tuple[Sensitivity, ...]:
    """Return the sensitivity to every assumption, the greatest effect first."""
    base = project(workload, point, items, assumptions)
    found = []
    for name, each in assumptions.described().items():
        seconds, usd = [], []
        for factor in FACTORS:
            then = project(workload, point, items, replace(assumptions, **{name: each.value * factor}))
            seconds.append(then.seconds / base.seconds - 1)
            usd.append(then.cost.total_usd / base.cost.total_usd - 1)
        found.append(Sensitivity(name=name, seconds=(seconds[0], seconds[1]), usd=(usd[0], usd[1])))
    return tuple(sorted(found, key=lambda each: -max(abs(change) for change in (*each.seconds, *each.usd))))
