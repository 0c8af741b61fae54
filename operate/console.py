"""The two streams of the command: results on stdout, what goes on meanwhile on stderr."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from rich.console import Console
from rich.theme import Theme

PIPE_WIDTH = 120  # of a stream that is no terminal
THEME = Theme({"good": "green", "bad": "bold red", "quiet": "dim", "name": "bold"})


def results() -> Console:
    """Return the console of stdout."""
    return _console(sys.stdout)


def progress() -> Console:
    """Return the console of stderr."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(file=stream, theme=THEME, width=width, highlight=False, soft_wrap=False)


def mark(console: Console, *, ok: bool) -> str:
    """Return a sign for right or wrong that the console's encoding has."""
    if console.encoding.lower().startswith("utf"):
        return "[good]✓[/]" if ok else "[bad]✗[/]"
    return "[good]ok[/]" if ok else "[bad]WRONG[/]"
