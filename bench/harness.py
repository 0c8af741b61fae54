"""What benchmarks share: repeated measurements, the memory of a process, and aligned tables."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REPETITIONS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One way of doing a job: ``units`` of work (items, rows, calls) in each of the repetitions' ``seconds``."""

    name: str
    units: int
    seconds: tuple[float, ...]
    note: str = ""

    @property
    def median(self) -> float:
        """Seconds of the middle repetition."""
        return statistics.median(self.seconds)

    @property
    def rate(self) -> float:
        """Units a second, by the median."""
        return self.units / self.median


def median_of(
    name: str, units: int, work: Callable[[], float], *, repetitions: int = REPETITIONS, note: str = ""
) -> Measurement:
    """Do the work a few times; ``work`` returns the seconds that count, so that its preparations do not."""
    return Measurement(name=name, units=units, seconds=tuple(work() for _ in range(repetitions)), note=note)


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print an aligned table: columns whose cells begin with a digit stand right, all others left."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    numbers = [all(cell[:1].isdigit() for cell in column) for column in zip(*rows, strict=True)]
    print(f"\n{title}")
    for row in (headings, ["-" * width for width in widths], *rows):
        cells = zip(row, widths, numbers, strict=True)
        line = "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in cells)
        print(f"  {line}".rstrip(), flush=True)


def rates(title: str, unit: str, measurements: Sequence[Measurement], *, baseline: Measurement | None = None) -> None:
    """Print medians and rates, with each one's rate as a multiple of the baseline's when there is one."""
    headings = ["", unit, "median s", f"{unit}/s", *([] if baseline is None else ["ratio"]), "note"]
    rows = []
    for found in measurements:
        ratio = [] if baseline is None else [f"{found.rate / baseline.rate:,.1f}x"]
        rows.append([found.name, f"{found.units:,}", f"{found.median:.2f}", f"{found.rate:,.0f}", *ratio, found.note])
    table(title, headings, rows)


def peak_rss(pid: int) -> int:
    """The most memory that a process has held so far, in bytes (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"/proc/{pid}/status tells no VmHWM; peak memory can be read on Linux only")
    return int(found[1]) * 1024
