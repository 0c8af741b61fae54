"""A report as tables for a terminal, or for a log that is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from operate import text
from operate.console import mark
from operate.stacks import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from operate.cost.model import Cost
    from operate.execution import Counts
    from operate.report import Report

STATES: Mapping[str, Callable[[Counts], int]] = {
    "total": lambda counts: counts.total,
    "succeeded": lambda counts: counts.succeeded,
    "failed": lambda counts: counts.failed,
    "timed out": lambda counts: counts.timed_out,
    "aborted": lambda counts: counts.aborted,
    "running": lambda counts: counts.running,
    "pending": lambda counts: counts.pending,
}
ALWAYS_SHOWN = {"total", "succeeded", "failed"}
UNSUCCESSFUL = {"failed", "timed out", "aborted"}


def show(console: Console, report: Report) -> None:
    """Print a report: what it did, whether it is right, what it costs."""
    console.print()
    console.print(headline(console, report))
    console.print(Text(report.execution.arn, style="quiet"), soft_wrap=True)
    if report.map_runs or report.arrived:
        console.print(_counts_table(report))
    if report.checks:
        console.print(_checks_table(console, report))
    else:
        console.print("not verified: the state machine belongs to no use case of this stack")
        if report.execution.error:
            console.print(Text(f"{report.execution.error}: {report.execution.cause or 'no cause given'}", style="bad"))
    console.print(_cost_table(report))


def headline(console: Console, report: Report) -> str:
    """Say in a few words what became of a run."""
    took = "" if report.execution.seconds is None else f" in {text.seconds(report.execution.seconds)}"
    wrong = sum(not check.ok for check in report.checks)
    outcome = (
        "verified"
        if report.verified
        else f"[bad]{text.counted(wrong, 'check')} failed[/]"
        if wrong
        else "[bad]not verified[/]"
    )
    return (
        f"{mark(console, ok=report.verified)} [name]{report.use_case or 'execution'}[/] on {report.stack}:"
        f" {report.execution.status}{took}, {outcome}"
    )


def new_table(title: str) -> Table:
    """Return a table in the style of all tables here."""
    return Table(
        box=box.SIMPLE_HEAD,
        title=f"\n{title}",
        title_justify="left",
        title_style="name",
        show_edge=False,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )


def _counts_table(report: Report) -> Table:
    rows = [
        (f"{map_run.label} {unit}", counts, map_run.seconds)
        for map_run in report.map_runs
        for unit, counts in (("items", map_run.items), ("children", map_run.executions))
    ]
    if report.arrived is not None:
        arrived = (("objects", report.arrived.objects), ("executions", report.arrived.executions))
        rows = [(unit, counts, report.execution.seconds) for unit, counts in arrived]
    states = [state for state in STATES if state in ALWAYS_SHOWN or any(STATES[state](row[1]) for row in rows)]
    table = new_table("Map Runs" if report.map_runs else "Arrivals")
    table.add_column("")
    for column in (*states, "seconds", "per second"):
        table.add_column(column, justify="right")
    for label, counts, took in rows:
        rate = f"{counts.finished / took:,.0f}" if took else ""
        table.add_row(
            label,
            *(_cell(state, STATES[state](counts)) for state in states),
            f"{took:,.2f}" if took is not None else "running",
            rate,
        )
    return table


def _cell(state: str, number: int) -> Text:
    return Text(f"{number:,}", style="quiet" if not number else "bad" if state in UNSUCCESSFUL else "")


def _checks_table(console: Console, report: Report) -> Table:
    table = new_table("Checks")
    table.add_column("")
    table.add_column("claim")
    table.add_column("found", overflow="fold")
    for check in report.checks:
        table.add_row(mark(console, ok=check.ok), check.name, Text(check.detail, style="" if check.ok else "bad"))
    return table


def _cost_table(report: Report) -> Table:
    cost = report.cost
    measured = "; durations as measured here" if report.stack == LOCAL else ""
    return cost_table(cost, title=f"Cost on AWS (list prices of {cost.region}, {cost.as_of}{measured})")


def cost_table(cost: Cost, *, title: str) -> Table:
    """Return the lines of a cost and their total; what was not used at all has no line."""
    table = new_table(title)
    table.add_column("what")
    table.add_column("quantity", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("USD", justify="right", no_wrap=True)
    table.add_column("counted", style="quiet")
    for line in cost.lines:
        if line.quantity == 0:
            continue
        table.add_row(line.name, text.quantity(line.quantity), line.unit, text.usd(line.usd), line.basis)
    table.add_section()
    table.add_row("total", "", "", Text(text.usd(cost.total_usd), style="name"), "")
    return table
