"""A quote as tables for a terminal, or for a log that is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from operate import text
from operate.plan.sensitivity import NOTICEABLE
from operate.report_view import cost_table, new_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from operate.plan.quote import Quote


def show(console: Console, quote: Quote) -> None:
    """Print what a run costs and takes, what would be cheaper, and what all that rests on."""
    console.print()
    for line in headline(quote):
        console.print(line, soft_wrap=True)
    for warning in quote.warnings:
        console.print(Text(f"! {warning}", style="bad"), soft_wrap=True)
    cost = quote.projection.cost
    console.print(cost_table(cost, title=f"Cost on AWS (list prices of {cost.region}, {cost.as_of})"))
    if quote.memory:
        console.print(_memory_table(quote))
    for alternative in quote.alternatives:
        saved = 1 - alternative.usd / cost.total_usd
        console.print(
            f"{saved:.0%} cheaper: [name]{alternative.change}[/], {text.usd(alternative.usd)}"
            f" in {text.seconds(alternative.seconds)}"
        )
    console.print(_assumptions_table(quote))
    for line in (
        f"times of the function: {quote.workload.timings}",
        "every other assumption changes less than 1 %; --json lists all, --assume NAME=VALUE takes another",
    ):
        console.print(Text(line, style="quiet"), soft_wrap=True)


def headline(quote: Quote) -> list[str]:
    """Say what is run, what comes out, and what it is made of."""
    point, found = quote.point, quote.projection
    at_once = f"{point.max_concurrency:,}" if point.max_concurrency else "no limit"
    memory = f", {point.memory_mb:,} MB" if quote.workload.has_function else ""
    run = (
        f"[name]{quote.workload.use_case}[/] on {text.counted(quote.items, 'item')}: {point.execution_type} children of"
        f" {found.batch:,}, concurrency {at_once}{memory}"
    )
    outcome = (
        f"[name]{text.usd(found.cost.total_usd)}[/] in about [name]{text.seconds(found.seconds)}[/] on AWS,"
        f" bottleneck: {found.bottleneck}"
    )
    children = "1 child" if found.children == 1 else f"{found.children:,} children"
    work = (
        f"{children} of {text.seconds(found.child_seconds)}, the longest {text.seconds(found.longest_child_seconds)},"
        f" {found.concurrency:,} at once"
    )
    return [run, outcome, work]


def _memory_table(quote: Quote) -> Table:
    table = new_table("Memory of the function")
    for column in ("MB", "ms a full batch", "USD a million items"):
        table.add_column(column, justify="right")
    for each in quote.memory:
        style = "name" if each.memory_mb == quote.point.memory_mb else ""
        cells = (f"{each.memory_mb:,}", f"{each.milliseconds:,.0f}", text.usd(each.usd_per_million_items))
        table.add_row(*(Text(cell, style=style) for cell in cells))
    return table


def _assumptions_table(quote: Quote) -> Table:
    """The assumptions that were given, and those that the figures hang on."""
    described = quote.assumptions.described()
    table = new_table("Assumed of AWS, and what half or twice of it would change")
    table.add_column("name", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    table.add_column("USD", justify="right", no_wrap=True)
    table.add_column("source", style="quiet")
    for each in quote.sensitivities:
        assumed = described[each.name]
        if each.noticeable or assumed.overridden:
            name = Text(each.name, style="name" if assumed.overridden else "")
            table.add_row(
                name, f"{assumed.value:,g}", assumed.unit, _changes(each.seconds), _changes(each.usd), assumed.source
            )
    return table


def _changes(changes: tuple[float, float]) -> str:
    return " ".join("." if abs(change) < NOTICEABLE else f"{change:+.0%}" for change in changes)
