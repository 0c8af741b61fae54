"""The price of a run before it is run: one point, its doubts, and what would cost much less."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from operate import text
from operate.plan.advice import EXPRESS_SECONDS, alternatives
from operate.plan.memory import MEMORIES, memory_curve
from operate.plan.projection import project
from operate.plan.sensitivity import sensitivities
from operate.plan.workload import EXPRESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from operate.plan.advice import Alternative
    from operate.plan.assumptions import Assumptions
    from operate.plan.memory import MemoryPoint
    from operate.plan.projection import Projection
    from operate.plan.sensitivity import Sensitivity
    from operate.plan.workload import Point, Workload


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What a run costs and takes on AWS, and what that rests on; ``memory`` is empty without a function."""

    workload: Workload
    point: Point
    items: int
    assumptions: Assumptions
    projection: Projection
    memory: tuple[MemoryPoint, ...]
    warnings: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    sensitivities: tuple[Sensitivity, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints: amounts in USD, times in seconds."""
        projection = asdict(self.projection)
        cost = projection.pop("cost")
        return {
            "use_case": self.workload.use_case,
            "items": self.items,
            "point": asdict(self.point),
            "reader": self.workload.reader,
            **projection,
            "cost": {"total_usd": self.projection.cost.total_usd, **cost},
            "memory": [asdict(each) for each in self.memory],
            "warnings": self.warnings,
            "alternatives": [asdict(each) for each in self.alternatives],
            "sensitivities": [asdict(each) for each in self.sensitivities],
            "timings": self.workload.timings,
            "assumptions": {name: asdict(each) for name, each in self.assumptions.described().items()},
        }


def quote(
    workload: Workload,
    point: Point,
    items: int,
    assumptions: Assumptions,
    *,
    execution_types: Sequence[str],
    measured: Mapping[int, float] | None = None,
) -> Quote:
    """Price ``items`` items at ``point``; ``measured`` replaces the durations of the memory curve.

    ``execution_types`` are those that the use case's children may have. Raises as ``project`` and ``memory_curve`` do.
    """
    projection = project(workload, point, items, assumptions)
    return Quote(
        workload=workload,
        point=point,
        items=items,
        assumptions=assumptions,
        projection=projection,
        memory=_memory(workload, point, assumptions, measured),
        warnings=tuple(_warnings(workload, point, items, projection, assumptions)),
        alternatives=alternatives(workload, point, items, assumptions, execution_types=execution_types),
        sensitivities=sensitivities(workload, point, items, assumptions),
    )


def _memory(
    workload: Workload, point: Point, assumptions: Assumptions, measured: Mapping[int, float] | None
) -> tuple[MemoryPoint, ...]:
    if measured is not None:
        return memory_curve(workload, point, sorted(measured), assumptions, measured=measured)
    if not workload.has_function:
        return ()
    sizes = {point.memory_mb, *(each for each in MEMORIES if each >= workload.needs_mb)}
    return memory_curve(workload, point, sorted(sizes), assumptions)


def _warnings(
    workload: Workload, point: Point, items: int, projection: Projection, assumptions: Assumptions
) -> Iterator[str]:
    longest = text.seconds(projection.longest_child_seconds)
    if point.execution_type == EXPRESS and projection.longest_child_seconds > EXPRESS_SECONDS:
        yield (
            f"the longest child takes {longest} and EXPRESS executions end after five minutes:"
            " take smaller batches or STANDARD children"
        )
    if projection.longest_child_seconds > workload.timeout_seconds:
        yield (
            f"the longest child takes {longest} and the function ends after {text.seconds(workload.timeout_seconds)}:"
            " take smaller batches"
        )
    if projection.batch < min(point.batch_size, items):
        yield (
            f"batches hold {text.counted(projection.batch, 'item')} instead of {point.batch_size:,}:"
            " more do not fit the payload of 256 KiB"
        )
    if workload.has_function and point.memory_mb < workload.needs_mb:
        yield f"the function needs {workload.needs_mb:,} MB of memory and has {point.memory_mb:,}: give it more"
    wanted = min(point.max_concurrency or projection.children, projection.children)
    if workload.has_function and projection.concurrency < wanted and wanted > assumptions.account_concurrency:
        yield (
            f"the account runs {assumptions.account_concurrency:,.0f} functions at once and the map may ask for"
            f" {wanted:,}: throttled calls are retried, and each retry of a STANDARD child is one more transition"
        )
