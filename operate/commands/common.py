"""What several commands share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import orjson
import typer

from operate import console

if TYPE_CHECKING:
    from operate.report import Report
    from operate.watch import Display


def display(*, watch: bool) -> Display:
    """Who is told what goes on, on stderr."""
    from operate.watch import MovingDisplay, QuietDisplay

    return (MovingDisplay if watch else QuietDisplay)(console.progress())


def finish(report_: Report, *, as_json: bool) -> None:
    """Print a report on stdout and exit: with 0 only if it is verified."""
    from operate import report_view

    if as_json:
        typer.echo(orjson.dumps(report_.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        report_view.show(console.results(), report_)
    raise typer.Exit(0 if report_.verified else 1)


def ask_to_stop() -> bool:
    """Stop unless a person at a terminal says that the execution shall go on."""
    if not sys.stdin.isatty():
        return True
    try:
        return typer.confirm("The execution still runs. Stop it?", default=True, err=True)
    except (typer.Abort, KeyboardInterrupt):
        return True
