"""What a person sees: a progress bar on a terminal, plain lines elsewhere, and the summary."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datagen.checks.validation import Report
    from datagen.inventory import Inventory
    from datagen.request import Job, Progress, ProgressListener, Summary

LINE_SECONDS = 2.0  # between plain lines


@contextmanager
def shown_progress(console: Console, title: str) -> Iterator[ProgressListener]:
    """A listener that draws on the console while the block runs."""
    if not console.is_terminal:
        yield _Lines(console, title)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None, note="")

        def listen(progress: Progress) -> None:
            bar.update(task, completed=progress.bytes, total=progress.bytes_total, note=_note(progress))

        yield listen


class _Lines:
    """Prints a line every two seconds."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._next = time.monotonic() + LINE_SECONDS

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_SECONDS
            share = min(100, 100 * progress.bytes // max(1, progress.bytes_total))
            self._console.print(f"{self._title}: {share} %, {_note(progress)}", highlight=False)


def _note(progress: Progress) -> str:
    return f"{progress.objects:,} objects, {progress.rows:,} rows, {megabytes(progress.bytes)}"


def summary_text(summary: Summary) -> str:
    """The summary of a run, one line for the data and one for the truth."""
    speed = f", {summary.megabytes_per_second:,.0f} MB/s" if summary.written_bytes else ", nothing was missing"
    return (
        f"{summary.dataset}: {summary.objects:,} objects, {summary.rows:,} rows, {megabytes(summary.bytes)}"
        f" in {summary.seconds:.1f} s{speed}\n"
        f"data  {summary.to}\ntruth {summary.truth}"
    )


def inventory_text(made: Inventory) -> str:
    """What an inventory lists, and where its manifest is."""
    return (
        f"inventory: {made.rows:,} objects in {len(made.files)} data files,"
        f" {megabytes(sum(file.size for file in made.files))}, in {made.seconds:.1f} s\nmanifest {made.manifest}"
    )


def report_text(report: Report) -> str:
    """A line for each finding, and the verdict."""
    lines = [f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.detail}" for check in report.checks]
    failed = sum(not check.ok for check in report.checks)
    verdict = f"{failed} of {len(lines)} checks failed" if failed else f"all {len(lines)} checks passed"
    return "\n".join([*lines, f"{report.dataset} at {report.to}: {verdict}"])


def megabytes(count: int) -> str:
    """Bytes in units of a million."""
    return f"{count / 1e6:,.1f} MB"


def plan_text(job: Job) -> str:
    """What a run would make, and what it would cost in S3."""
    from datagen.price import price_of

    size = job.size()
    price = price_of(size)
    return (
        f"{job.dataset_name}: would write {size.objects:,} objects, {size.rows:,} rows,"
        f" about {megabytes(size.bytes)}, to {job.to.url}\n"
        f"S3 Standard in us-east-1: {price.puts:,} PUT requests ${price.puts_usd:,.2f},"
        f" a month of storage ${price.month_usd:,.2f}"
    )
