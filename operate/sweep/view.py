"""A sweep as a table for a terminal, or for a log that is no terminal."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text

from operate import text
from operate.report_view import new_table
from operate.stacks import LOCAL

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from operate.sweep.result import Estimate, SweepResult, Trial

FRONT = "*"


def show(console: Console, result: SweepResult) -> None:
    """Print the points with what they take, what that rests on, and which to take."""
    console.print(_table(result))
    for line in notes(result):
        console.print(Text(line, style="quiet"), soft_wrap=True)
    for failure in result.failures:
        point = f"batch {failure.point.batch_size:,}, concurrency {failure.point.max_concurrency:,}"
        said = f"not tried out: {point}, {failure.point.execution_type}: {failure.reason}"
        console.print(Text(said, style="bad"), soft_wrap=True)
    console.print()
    found = result.recommendation
    asked = f" ({found.constraint})" if found.constraint and found.index is not None else ""
    console.print(Text(f"{found.sentence}{asked}", style="bad" if found.index is None else "name"), soft_wrap=True)


def notes(result: SweepResult) -> list[str]:
    """Say what the figures rest on, one line each."""
    lines = [
        f"{FRONT} on the Pareto front: nothing is both faster and cheaper on AWS",
        f"{place(result)}: timed or extrapolated there; AWS: projected, list prices",
        "longest: child on AWS; EXPRESS?: whether it may be, and how much of the five minutes it leaves",
    ]
    if result.calibration is not None:
        fit = result.calibration
        lines.append(
            f"function: {fit.fixed_ms:,.1f} ms a batch + {fit.item_ms:,.2f} ms an item, mean deviation {fit.error:.0%},"
            f" from {fit.source}"
        )
    lines.extend(f"batch {batch:,}: {_held(result, batch)}" for batch in _batches_ended_early(result))
    if unfilled := _never_filled(result):
        lines.append(
            f"no trial filled a batch of {', '.join(f'{batch:,}' for batch in unfilled)}:"
            " what its children take is inferred from smaller ones"
        )
    lines.extend(
        f"extrapolation to {check.items:,} {result.noun}s, batch {check.point.batch_size:,}, concurrency"
        f" {check.point.max_concurrency:,}, {check.point.execution_type}: {text.seconds(check.predicted_seconds)}"
        f" predicted, {text.seconds(check.measured_seconds)} measured ({check.error:+.0%})"
        for check in result.checks
    )
    changed = [f"{name} = {each.value:g} {each.unit}" for name, each in result.assumptions.items() if each.overridden]
    if changed:
        lines.append(f"assumed instead of the defaults: {', '.join(changed)}")
    return lines


def _never_filled(result: SweepResult) -> list[int]:
    """The batch sizes that are more than the items of their largest trial."""
    most: dict[int, int] = {}
    for trial in result.trials:
        batch = trial.point.batch_size
        most[batch] = max(most.get(batch, 0), trial.items)
    return sorted(batch for batch, items in most.items() if items < batch)


def _batches_ended_early(result: SweepResult) -> list[int]:
    """The batch sizes whose children had fewer items, for a child's input ends at the payload quota."""
    short = {
        trial.point.batch_size
        for trial in result.trials
        if trial.children > math.ceil(trial.items / trial.point.batch_size)
    }
    return sorted(short)


def _held(result: SweepResult, batch: int) -> str:
    most = max(trial.items // trial.children for trial in result.trials if trial.point.batch_size == batch)
    return f"a child gets {most:,} {result.noun}s at most on average, then its input reaches the payload quota"


def place(result: SweepResult) -> str:
    """Say where the trials ran."""
    return "this machine" if result.stack == LOCAL else f"stack {result.stack}"


def _table(result: SweepResult) -> Table:
    where = "here" if result.stack == LOCAL else result.stack
    memories = {estimate.point.memory_mb for estimate in result.estimates}
    one_memory = f", function of {min(memories):,} MB" if len(memories) == 1 and min(memories) else ""
    table = new_table(f"{result.use_case}: {text.counted(result.items, result.noun)}{one_memory}")
    table.add_column("", min_width=len(FRONT), no_wrap=True)
    for column in ("batch", "at once"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("type", no_wrap=True)
    if len(memories) > 1:
        table.add_column("MB", justify="right", no_wrap=True)
    for column in (f"trial {where}", f"all {where}", "AWS", "AWS cost", "longest"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("EXPRESS?", no_wrap=True)
    table.add_column("bottleneck", style="quiet")
    for index, estimate in enumerate(result.estimates):
        chosen = index == result.recommendation.index
        table.add_row(
            FRONT if index in result.front else "",
            *_cells(estimate, _trial_of(result, estimate), with_memory=len(memories) > 1),
            style="good" if chosen else "",
        )
    return table


def _trial_of(result: SweepResult, estimate: Estimate) -> Trial:
    """Find the trial that an estimate rests on: the largest one of its point that is no check."""
    checked = {(check.point, check.items) for check in result.checks}
    same = [
        trial
        for trial in result.trials
        if replace(trial.point, memory_mb=estimate.point.memory_mb) == estimate.point
        and (trial.point, trial.items) not in checked
    ]
    return max(same, key=lambda trial: trial.items)


def _cells(estimate: Estimate, trial: Trial, *, with_memory: bool) -> list[str]:
    point, express = estimate.point, estimate.express
    error = "?" if estimate.local_error is None else f"{estimate.local_error:.0%}"
    allowed = "yes" if express.allowed else "no"
    return [
        f"{point.batch_size:,}",
        f"{point.max_concurrency:,}" if point.max_concurrency else "no limit",
        point.execution_type,
        *([f"{point.memory_mb:,}"] if with_memory else []),
        f"{trial.median_seconds:.2f} s ±{trial.spread:.0%}",
        f"{text.seconds(estimate.local_seconds)} ±{error}",
        text.seconds(estimate.aws_seconds),
        text.usd(estimate.aws_usd),
        text.seconds(estimate.longest_child_seconds),
        f"{allowed}, {express.margin:.0%}" if express.margin > 0 else allowed,
        estimate.bottleneck,
    ]
