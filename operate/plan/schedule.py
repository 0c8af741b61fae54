"""When children start and end: the exact schedule of equal children under the limits of AWS."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What holds children back: ``rate`` starts a second, and ``slots`` at once.

    Of the slots ``burst`` are there at the start and ``ramp`` more come every second.
    """

    rate: float
    slots: int
    burst: float = math.inf
    ramp: float = math.inf

    def opens(self, slot: int) -> float:
        """When the slot of that index (from 0) is there at first, in seconds."""
        if slot >= self.slots:
            return math.inf
        return max(0.0, (slot + 1 - self.burst) / self.ramp) if slot + 1 > self.burst else 0.0


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """``seconds`` from the first start to the last end; the ``slots`` that were used, each of them cold once."""

    seconds: float
    slots: int


def schedule(*, children: int, warm: float, cold: float, limits: Limits) -> Schedule:
    """Schedule ``children`` that take ``warm`` seconds, or ``cold`` when they are the first in their slot.

    A child starts as soon as the rate allows it and a slot is there; a new one is opened only when no used one is free.
    Children are followed one by one until their pattern repeats, and the rest is arithmetic: the work is bounded by the
    slots and their ramp, not by the number of children.
    """
    spacing = 1 / limits.rate
    free: list[float] = []  # a heap: when each used slot is free again
    clock, end = -spacing, 0.0
    punctual = saturated = 0  # children in a row that only the rate held back, and that found every slot in use
    for child in range(children):
        due = clock + spacing
        opens = max(due, limits.opens(len(free)))
        if free and free[0] <= opens:
            clock = max(due, free[0])
            took = warm
            punctual = punctual + 1 if clock == due else 0
            saturated = saturated + 1 if len(free) == limits.slots else 0
            heapq.heapreplace(free, clock + took)
        else:
            clock, took = opens, cold
            punctual = saturated = 0
            heapq.heappush(free, clock + took)
        end = max(end, clock + took)
        rest = children - child - 1
        due = clock + spacing
        if rest and punctual >= len(free) and free[0] <= due:
            return Schedule(seconds=max(end, clock + rest * spacing + warm), slots=len(free))
        if rest and saturated >= len(free) and free[0] >= due:
            rounds, last = divmod(rest - 1, len(free))
            return Schedule(seconds=sorted(free)[last] + (rounds + 1) * warm, slots=len(free))
    return Schedule(seconds=end, slots=len(free))
