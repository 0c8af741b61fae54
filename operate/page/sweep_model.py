"""From a sweep's result to what its page says: heat maps, the Pareto front, and the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operate import text
from operate.page.palette import HEAT_STEPS

if TYPE_CHECKING:
    from operate.plan.workload import Point
    from operate.sweep.result import Estimate, ExpressAnswer, SweepResult

NO_LIMIT = 0  # max_concurrency of a Point
MINUTES_FROM, HOURS_FROM = 180, 7_200  # seconds, from where a cell says minutes or hours
NOT_TRIED, FAILED = "not tried", "failed"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One point of a heat map; ``step`` None and a word instead of a number where there is no estimate."""

    text: str
    step: int | None
    recommended: bool


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """What one measure is for each batch size (rows) and concurrency (columns) at one type and memory."""

    title: str
    measure: str
    batches: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    lowest: str
    highest: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One estimate in the table of all points; ``letter`` marks the Pareto front."""

    letter: str
    recommended: bool
    estimate: Estimate


@dataclass(frozen=True, kw_only=True)
class ExpressRow:
    """May children with this batch size and memory be EXPRESS? Judged by the longest one of all points."""

    batch_size: int
    memory_mb: int
    answer: ExpressAnswer


def heat_maps(result: SweepResult) -> tuple[tuple[HeatMap, HeatMap], ...]:
    """Return seconds and dollars for each execution type and memory; all maps of a measure share their colours."""
    points = [each.point for each in result.estimates] + [each.point for each in result.failures]
    found = {(point.execution_type, point.memory_mb) for point in points}
    kinds = sorted(sorted(found, reverse=True), key=lambda kind: kind[1])  # by memory, STANDARD first
    return tuple(
        (
            _heat_map(result, points, kind, "Seconds", lambda each: each.aws_seconds, short_seconds),
            _heat_map(result, points, kind, "Dollars", lambda each: each.aws_usd, short_usd),
        )
        for kind in kinds
    )


def rows(result: SweepResult) -> tuple[Row, ...]:
    """Return all estimates: the front from the fastest on, then the others from the fastest on."""
    letters = front_letters(result)
    ordered = sorted(range(len(result.estimates)), key=lambda index: (index not in letters, *_speed(result, index)))
    return tuple(
        Row(
            letter=letters.get(index, ""),
            recommended=index == result.recommendation.index,
            estimate=result.estimates[index],
        )
        for index in ordered
    )


def front_letters(result: SweepResult) -> dict[int, str]:
    """Name the points of the front A, B, C ... from the fastest on."""
    return {
        index: letters_of(number)
        for number, index in enumerate(sorted(result.front, key=lambda index: _speed(result, index)))
    }


def letters_of(number: int) -> str:
    """Return A to Z, then AA, AB ... for 0, 1, 2 ..."""
    head, last = divmod(number, 26)
    return (letters_of(head - 1) if head else "") + chr(ord("A") + last)


def express_rows(result: SweepResult) -> tuple[ExpressRow, ...]:
    """Return the answer for each batch size and memory, by the point with the longest child."""
    worst: dict[tuple[int, int], ExpressAnswer] = {}
    for each in result.estimates:
        key = (each.point.batch_size, each.point.memory_mb)
        if key not in worst or each.express.longest_seconds > worst[key].longest_seconds:
            worst[key] = each.express
    return tuple(
        ExpressRow(batch_size=batch, memory_mb=memory, answer=answer)
        for (batch, memory), answer in sorted(worst.items())
    )


def concurrency_text(value: int) -> str:
    """Say a concurrency; 0 is what the service allows."""
    return "no limit" if value == NO_LIMIT else f"{value:,}"


def short_seconds(value: float) -> str:
    """Say a duration in the width of a cell: `0.42 s`, `38 s`, `5.2 min`, `3.1 h`."""
    if value >= HOURS_FROM:
        return f"{value / text.HOUR:,.1f} h"
    if value >= MINUTES_FROM:
        minutes = value / text.MINUTE
        return f"{minutes:.1f} min" if minutes < 9.95 else f"{minutes:.0f} min"
    if value >= text.MINUTE:
        return f"{int(value)} s"  # cut as `text.seconds` cuts them
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"


def short_usd(value: float) -> str:
    """Say a price in the width of a cell: `$12.35`, `$0.324`, `$0.0879`, `<$0.0001`."""
    return f"${value:.3f}" if 0.1 <= value < 1 else text.usd(value)


def _heat_map(
    result: SweepResult,
    points: Sequence[Point],
    kind: tuple[str, int],
    measure: str,
    value_of: Callable[[Estimate], float],
    shown: Callable[[float], str],
) -> HeatMap:
    values = [value_of(each) for each in result.estimates]
    step = _scale(values)
    memories = {point.memory_mb for point in points}
    own = [point for point in points if (point.execution_type, point.memory_mb) == kind]
    batches = sorted({point.batch_size for point in own})
    widths = sorted({point.max_concurrency for point in own}, key=lambda value: (value == NO_LIMIT, value))
    found = {each.point: (index, value_of(each)) for index, each in enumerate(result.estimates)}
    failed = {each.point for each in result.failures}
    by_place = {(point.batch_size, point.max_concurrency): point for point in own}

    def cell(batch: int, width: int) -> Cell:
        point = by_place.get((batch, width))
        if point is None or point not in found:
            return Cell(text=FAILED if point in failed else NOT_TRIED, step=None, recommended=False)
        index, value = found[point]
        return Cell(text=shown(value), step=step(value), recommended=index == result.recommendation.index)

    return HeatMap(
        title=kind[0] if len(memories) == 1 else f"{kind[0]}, {kind[1]:,} MB",
        measure=measure,
        batches=tuple(f"{batch:,}" for batch in batches),
        columns=tuple(concurrency_text(width) for width in widths),
        rows=tuple(tuple(cell(batch, width) for width in widths) for batch in batches),
        lowest=shown(min(values)) if values else "",
        highest=shown(max(values)) if values else "",
    )


def _scale(values: Iterable[float]) -> Callable[[float], int]:
    """Return what gives a value its colour: 0 for the lowest to HEAT_STEPS - 1 for the highest, by ratio."""
    above_zero = [value for value in values if value > 0]
    low, high = (min(above_zero), max(above_zero)) if above_zero else (1.0, 1.0)
    spread = math.log(high / low)

    def step(value: float) -> int:
        if value <= low or not spread:
            return 0
        return min(HEAT_STEPS - 1, int(math.log(value / low) / spread * HEAT_STEPS))

    return step


def _speed(result: SweepResult, index: int) -> tuple[float, float]:
    return result.estimates[index].aws_seconds, result.estimates[index].aws_usd
