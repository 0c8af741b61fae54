"""How long a function takes, and what it costs, at each size of memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operate.cost import model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from operate.plan.assumptions import Assumptions
    from operate.plan.workload import Point, Workload

MEMORIES = (512, 1_024, 1_769, 2_048, 3_008, 3_538, 5_307, 10_240)  # whole vCPUs are at multiples of 1,769 MB
MILLION = 1_000_000


class CurveError(ValueError):
    """A memory size that the measured curve does not hold, or a use case without a function."""


@dataclass(frozen=True, kw_only=True)
class MemoryPoint:
    """A warm invocation for a full batch at ``memory_mb``, and what the function costs for a million items."""

    memory_mb: int
    milliseconds: float
    usd_per_million_items: float


def memory_curve(
    workload: Workload,
    point: Point,
    memories: Iterable[int],
    assumptions: Assumptions,
    *,
    measured: Mapping[int, float] | None = None,
) -> tuple[MemoryPoint, ...]:
    """Return the curve at each of ``memories``, cold starts left out.

    ``measured`` (memory in MB -> milliseconds of one invocation for a full batch) replaces the model of the duration;
    CurveError names a size that it lacks.
    """
    if workload.architecture is None:
        raise CurveError(f"{workload.use_case} has no function whose memory could be tuned")
    batch = workload.batch(point)
    curve = []
    for memory in memories:
        if measured is not None and memory not in measured:
            known = ", ".join(str(each) for each in sorted(measured))
            raise CurveError(f"nothing was measured at {memory} MB; there are {known} MB")
        took = measured[memory] if measured is not None else workload.function_ms(batch, memory, assumptions)
        invocations = MILLION / batch
        compute = model.lambda_compute(
            requests=1,
            gb_seconds=model.lambda_gb_seconds(billed_ms=math.ceil(took), memory_mb=memory),
            architecture=workload.architecture,
        )
        curve.append(
            MemoryPoint(
                memory_mb=memory,
                milliseconds=took,
                usd_per_million_items=model.price(compute).total_usd * invocations,
            )
        )
    return tuple(curve)
