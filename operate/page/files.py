"""Where a page may be written: told before the work for it is done."""

from __future__ import annotations

import os
from pathlib import Path

from operate.errors import UsageError

SUFFIXES = (".html", ".htm")


def checked_page_path(path: Path) -> Path:
    """Return the path; UsageError when no page can be written there: not .html, a directory, or in no directory."""
    if path.is_dir():
        raise UsageError(f"--html {path} is a directory: give the name of a file in it, such as {path / 'run.html'}")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--html {path} does not end in .html: give {path.name}.html, its JSON goes beside it")
    if not path.parent.is_dir():
        raise UsageError(f"--html {path}: there is no directory {path.parent}: create it with `mkdir -p {path.parent}`")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"--html {path}: the directory {path.parent} may not be written to: choose another")
    return path
