"""What would make a run much cheaper: one change at a time, and the best of all together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from operate.plan.memory import MEMORIES
from operate.plan.projection import project
from operate.plan.workload import EXPRESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from operate.plan.assumptions import Assumptions
    from operate.plan.projection import Projection
    from operate.plan.workload import Point, Workload

EXPRESS_SECONDS = 300.0  # "Choosing workflow type": an EXPRESS execution runs for five minutes at most
WELL_WITHIN = 0.5  # of a time limit is what an alternative may use: some real batches take longer than projected
MUCH = 0.1  # of the price is what an alternative has to save to be worth a word
SLOWER = 2.0  # times as long is what it may take
BATCHES = (1, 10, 50, 100, 200, 500, 1_000, 2_000, 5_000)


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another point that costs less; ``change`` names what differs: `batches of 500, EXPRESS children`."""

    change: str
    point: Point
    usd: float
    seconds: float


def alternatives(
    workload: Workload, point: Point, items: int, assumptions: Assumptions, *, execution_types: Sequence[str]
) -> tuple[Alternative, ...]:
    """Return the cheapest point for each single change, and for all changes, where it saves much; cheapest last.

    None takes more than twice as long, or comes near the time limit of an EXPRESS execution or of the function.
    ``execution_types`` are those that the use case's children may have.
    """
    batches = [each for each in BATCHES if each <= workload.largest_batch]
    memories = [each for each in MEMORIES if each >= workload.needs_mb] if workload.has_function else [point.memory_mb]
    now = project(workload, point, items, assumptions)

    def cheapest(points: Iterable[Point]) -> Alternative | None:
        best: Alternative | None = None
        for each in points:
            then = project(workload, each, items, assumptions)
            usd = then.cost.total_usd
            if _bearable(workload, each, then, now) and usd < (now.cost.total_usd if best is None else best.usd):
                best = Alternative(change=_change(point, each), point=each, usd=usd, seconds=then.seconds)
        return best

    single = [
        cheapest(replace(point, execution_type=each) for each in execution_types),
        cheapest(replace(point, batch_size=each) for each in batches),
        cheapest(replace(point, memory_mb=each) for each in memories),
    ]
    together = cheapest(
        replace(point, execution_type=type_, batch_size=batch, memory_mb=memory)
        for type_, batch, memory in product(execution_types, batches, memories)
    )
    worthy = [each for each in single if each is not None and each.usd <= (1 - MUCH) * now.cost.total_usd]
    least = min((each.usd for each in worthy), default=now.cost.total_usd)
    if together is not None and together.usd <= (1 - MUCH) * least:
        worthy.append(together)
    return tuple(sorted(worthy, key=lambda each: each.usd, reverse=True))


def _bearable(workload: Workload, point: Point, then: Projection, now: Projection) -> bool:
    limit = (
        min(EXPRESS_SECONDS, workload.timeout_seconds) if point.execution_type == EXPRESS else workload.timeout_seconds
    )
    return then.longest_child_seconds <= WELL_WITHIN * limit and then.seconds <= SLOWER * now.seconds


def _change(point: Point, other: Point) -> str:
    words = []
    if other.batch_size != point.batch_size:
        words.append(f"batches of {other.batch_size:,}")
    if other.execution_type != point.execution_type:
        words.append(f"{other.execution_type} children")
    if other.memory_mb != point.memory_mb:
        words.append(f"{other.memory_mb:,} MB")
    return ", ".join(words)
