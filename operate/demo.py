"""The demonstration: every use case on a fresh AWS on localhost, one table at the end, and nothing left behind."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from operate import local_aws, report_view, runs, text
from operate.console import mark
from operate.errors import InterruptedRunError, message_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from operate.report import Report
    from operate.stacks import Stack
    from operate.watch import Display

SCALE = "demo"
SEED = 1
RUN_SECONDS = 600.0
ANY_FREE_PORT = 0
OPTIMIZED = "noaa"
PROCESSES = "2"  # functions at once: a process each on this machine


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A use case of the demonstration: its report, or why there is none."""

    use_case: str
    report: Report | None
    failure: str


def demonstrate(console: Console, display: Display, *, scale: str = SCALE) -> bool:
    """Deploy, run every use case, tear down, print the table; True when all results are verified."""
    from local.state import StateDir
    from usecases.registry import USE_CASES

    with tempfile.TemporaryDirectory(prefix="distmap-demo-") as folder:
        state = StateDir(path=Path(folder) / "local")
        with local_aws.deployed(state, display, port=ANY_FREE_PORT) as stack:
            shown = [_run(name, scale, stack, display) for name in USE_CASES]
            advice = _optimize(scale, stack, display, Path(folder))
    for each in shown:
        if each.report is not None and not each.report.verified:
            report_view.show(console, each.report)
    console.print(table(console, shown))
    for each in shown:
        if each.failure:
            console.print(Text(f"{each.use_case}: {each.failure}", style="bad"))
    console.print(Text(f"optimization of {OPTIMIZED}: {advice.said}", style="name" if advice.ok else "bad"))
    return advice.ok and all(each.report is not None and each.report.verified for each in shown)


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What a few trials say about a full run, or why they say nothing."""

    said: str
    ok: bool


def _optimize(scale: str, stack: Stack, display: Display, folder: Path) -> Advice:
    """Try four ways to run a use case on a few items, and recommend one for all."""
    from operate.sweep.choose import Constraints
    from operate.sweep.experiment import sweep
    from operate.sweep.grid import Axes
    from operate.sweep.request import request_for

    display.step(f"optimization: {OPTIMIZED} in four ways", style="name")
    some = runs.use_case_named(OPTIMIZED).counts[scale]
    request = request_for(
        OPTIMIZED,
        axes=Axes(
            batch=(str(max(1, some // 24)), str(some // 4)),
            concurrency=(PROCESSES,),
            type=("STANDARD", "EXPRESS"),
            memory=(),
        ),
        points=(),
        points_file=None,
        items=None,
        scale=scale,
        count=None,
        seed=SEED,
        trial_items=None,
        repeat=1,
        constraints=Constraints(max_seconds=None, max_usd=None, account_concurrency=None, downstream_limit=None),
        overrides=(),
        fresh=True,
        timeout=RUN_SECONDS,
    )
    try:
        found = sweep(request, stack, display, folder=folder / "sweeps")
    except InterruptedRunError:
        raise
    except Exception as error:
        message = message_of(error)
        if message is None:
            raise
        return Advice(said=message, ok=False)
    return Advice(said=found.recommendation.sentence, ok=found.recommendation.index is not None)


def _run(name: str, scale: str, stack: Stack, display: Display) -> Shown:
    """Run one use case; a failure that the user can read is kept, so that the others still run; Ctrl-C ends all."""
    request = runs.request_for(name, scale=scale, count=None, seed=SEED, assignments=[], timeout=RUN_SECONDS)
    display.step(f"{name}: {request.use_case.title}", style="name")
    try:
        report = runs.run(request, stack, display, ask_to_stop=lambda: True)
    except InterruptedRunError:
        raise
    except Exception as error:
        message = message_of(error)
        if message is None:
            raise
        display.step(f"{name} failed: {message}", style="bad")
        return Shown(use_case=name, report=None, failure=message)
    return Shown(use_case=name, report=report, failure="")


def table(console: Console, shown: Sequence[Shown]) -> Table:
    """Build the table: a row for each use case."""
    built = report_view.new_table("Distmap on this machine")
    built.add_column("use case", no_wrap=True)
    for column in ("items", "children", "seconds", "items/s"):
        built.add_column(column, justify="right", no_wrap=True)
    built.add_column("verified", no_wrap=True)
    built.add_column("AWS cost", justify="right", no_wrap=True)
    for each in shown:
        if each.report is None:
            built.add_row(each.use_case, "", "", "", "", f"{mark(console, ok=False)} failed", "")
            continue
        report = each.report
        took = report.execution.seconds or 0.0
        wrong = sum(not check.ok for check in report.checks)
        built.add_row(
            each.use_case,
            f"{report.items.total:,}",
            f"{report.executions.total:,}",
            f"{took:.2f}",
            f"{report.items.finished / took:,.0f}" if took else "",
            f"{mark(console, ok=report.verified)} {len(report.checks) - wrong} of {len(report.checks)}",
            text.usd(report.cost.total_usd),
        )
    return built
