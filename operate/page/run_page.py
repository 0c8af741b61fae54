"""The page of a run: ``distmap report EXECUTION_ARN --html FILE`` writes it, and its numbers as JSON beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from local.state import write_atomically
from operate.page import layout
from operate.page.gather import gather
from operate.page.privacy import INPUT_CHARS, excerpt, masked
from operate.page.run_model import page_of

if TYPE_CHECKING:
    from pathlib import Path

    from operate.page.run_model import RunPage
    from operate.report import Report
    from operate.stacks import Stack

JSON_STYLE = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def write(stack: Stack, report: Report, path: Path) -> Path:
    """Write the page of a report to ``path`` and its JSON beside it, each whole or not at all; return the JSON's path.

    UsageError when ``path`` cannot be such a file; ``files.checked_page_path`` tells so before the run is read.
    """
    page = page_of(gather(stack, report))
    beside = path.with_suffix(".json")
    write_atomically(beside, orjson.dumps(page.to_json(), option=JSON_STYLE).decode())
    write_atomically(path, render(page))
    return beside


def render(page: RunPage) -> str:
    """Return the page as HTML."""
    execution = page.report.execution
    return layout.render(
        "run.html",
        figures={name: figure for view in page.maps for name, figure in view.figures.items()},
        page=page,
        checks=[replace(each, detail=masked(each.detail)) for each in page.report.checks],
        error=excerpt(execution.error or ""),
        cause=excerpt(execution.cause or "no cause given"),
        input_chars=INPUT_CHARS,
    )
