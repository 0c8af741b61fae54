"""A run as it goes on: rates and remaining times, as a live picture or as lines of a log."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from operate import text
from operate.execution import RUNNING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from datagen.request import Progress as DataProgress
    from operate.execution import Counts, MapRun, Progress

RATE_WINDOW_SECONDS = 5.0
LINE_EVERY_SECONDS = 2.0
REFRESH_PER_SECOND = 8
WIDE_COLUMNS = 100  # from here on there is room for counts beside the bar


class RateMeter:
    """Units a second over the last few seconds of what was observed."""

    def __init__(self, window: float = RATE_WINDOW_SECONDS) -> None:
        self._window = window
        self._seen: deque[tuple[float, int]] = deque()

    def observe(self, at: float, done: int) -> None:
        """Note that ``done`` units were done at the time ``at``."""
        self._seen.append((at, done))
        while len(self._seen) > 2 and self._seen[1][0] <= at - self._window:
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """The mean rate of the window; 0 before two observations."""
        if len(self._seen) < 2:
            return 0.0
        (first_at, first), (last_at, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_at - first_at) if last_at > first_at else 0.0

    def remaining_seconds(self, total: int) -> float | None:
        """How long the rest takes at this rate; None while there is no rate."""
        rate = self.per_second
        return (total - self._seen[-1][1]) / rate if rate > 0 else None


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """One thing that advances: done of total, at a rate."""

    label: str
    unit: str
    done: int
    total: int
    per_second: float
    remaining: float | None
    note: str

    def line(self) -> str:
        """Say it in one line of a log."""
        share = f" ({self.done / self.total:.0%})" if self.total else ""
        eta = f", {text.seconds(self.remaining)} left" if self.remaining else ""
        note = f"; {self.note}" if self.note else ""
        return f"{self.label}: {self.done:,} of {self.total:,} {self.unit}{share}, {self.per_second:,.0f}/s{eta}{note}"


def children_note(executions: Counts) -> str:
    """Say where the child executions are; states that no child is in are left out, but for failures."""
    parts = [
        f"{executions.succeeded:,} succeeded",
        f"{executions.running:,} running",
        f"{executions.pending:,} pending",
        f"{executions.failed:,} failed",
    ]
    if executions.timed_out:
        parts.append(f"{executions.timed_out:,} timed out")
    if executions.aborted:
        parts.append(f"{executions.aborted:,} aborted")
    return "children " + ", ".join(parts)


def picture(gauges: list[Gauge], *, wide: bool) -> RenderableType:
    """Draw gauges one below the other, each with its note; counts are left out where there is no room."""
    rows: list[RenderableType] = []
    for gauge in gauges:
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(no_wrap=True)
        row.add_column(ratio=1)
        for _ in range(4 if wide else 3):
            row.add_column(no_wrap=True, justify="right")
        share = f"{gauge.done / gauge.total:.0%}" if gauge.total else ""
        eta = f"{text.seconds(gauge.remaining)} left" if gauge.remaining else ""
        counts = [f"{gauge.done:,} of {gauge.total:,} {gauge.unit}"] if wide else []
        bar = ProgressBar(total=gauge.total or None, completed=gauge.done, pulse=not gauge.total)
        row.add_row(
            Text(gauge.label, style="name"), bar, share, *counts, f"{gauge.per_second:,.0f} {gauge.unit}/s", eta
        )
        rows.append(row)
        if gauge.note:
            rows.append(Text(f"  {gauge.note}", style="quiet"))
    return Group(*rows)


class Display(Protocol):
    """Who is told what goes on."""

    def step(self, what: str, style: str = "") -> None:
        """Say that something is done, for good."""

    def data(self, progress: DataProgress) -> None:
        """Show how far the generation of data is."""

    def map_runs(self, progress: Progress, expected: int) -> None:
        """Show how far the Map Runs are; ``expected`` items, while the reader has not found them all."""

    def objects(self, label: str, done: int, total: int) -> None:
        """Show how many objects are done."""

    def busy(self, what: str) -> None:
        """Show what is being done now, where no end is in sight."""

    def pause(self) -> None:
        """Take away what moves, so that the terminal is free."""


class QuietDisplay:
    """Says what is done, and nothing in between."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, what: str, style: str = "") -> None:
        """Print one line."""
        self._console.print(Text(what, style=style), soft_wrap=True)

    def data(self, progress: DataProgress) -> None:
        """Say nothing."""

    def map_runs(self, progress: Progress, expected: int) -> None:
        """Say nothing."""

    def objects(self, label: str, done: int, total: int) -> None:
        """Say nothing."""

    def busy(self, what: str) -> None:
        """Say nothing."""

    def pause(self) -> None:
        """Nothing moves."""


class MovingDisplay(QuietDisplay):
    """Follows what goes on: drawn in place on a terminal, a line every few seconds elsewhere."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._live: Live | None = None
        self._meters: dict[str, RateMeter] = {}
        self._last_line: float | None = None

    def step(self, what: str, style: str = "") -> None:
        """Print one line in the place of what moved."""
        self.pause()
        super().step(what, style)

    def data(self, progress: DataProgress) -> None:
        """Show the bytes written."""
        self._show([self._gauge("data", "MB", progress.bytes // 10**6, progress.bytes_total // 10**6, "")])

    def map_runs(self, progress: Progress, expected: int) -> None:
        """Show the items of every Map Run, and where its child executions are."""
        self._show([self._of_map_run(map_run, expected) for map_run in progress.map_runs])

    def objects(self, label: str, done: int, total: int) -> None:
        """Show the objects."""
        self._show([self._gauge(label, "objects", done, total, "")])

    def busy(self, what: str) -> None:
        """Turn a wheel beside the words; a log gets none of them."""
        if self._console.is_terminal:
            self._draw(Spinner("dots", Text(what, overflow="ellipsis", no_wrap=True)))

    def pause(self) -> None:
        """Wipe the moving part and forget its rates."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._meters.clear()
        self._last_line = None

    def _of_map_run(self, map_run: MapRun, expected: int) -> Gauge:
        items = map_run.items
        total = max(items.total, expected if map_run.status == RUNNING else 0)
        note = children_note(map_run.executions)
        return self._gauge(map_run.label, "items", items.finished, total, note, key=map_run.arn)

    def _gauge(self, label: str, unit: str, done: int, total: int, note: str, *, key: str = "") -> Gauge:
        meter = self._meters.setdefault(key or label, RateMeter())
        meter.observe(time.monotonic(), done)
        return Gauge(
            label=label,
            unit=unit,
            done=done,
            total=max(done, total),
            per_second=meter.per_second,
            remaining=meter.remaining_seconds(max(done, total)),
            note=note,
        )

    def _show(self, gauges: list[Gauge]) -> None:
        if self._console.is_terminal:
            self._draw(picture(gauges, wide=self._console.width >= WIDE_COLUMNS))
        else:
            self._log(gauges)

    def _log(self, gauges: list[Gauge]) -> None:
        now = time.monotonic()
        if self._last_line is None:
            self._last_line = now
        if now - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = now
            for gauge in gauges:
                self._console.print(gauge.line(), soft_wrap=True)

    def _draw(self, what: RenderableType) -> None:
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=REFRESH_PER_SECOND, transient=True)
            self._live.start()
        self._live.update(what)
