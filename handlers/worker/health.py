"""Whether a worker makes progress: ``python -m handlers.worker.health`` is the container's health check.

It fails when the file named by HEALTH_FILE is missing or has not been touched for longer than a poll and a retry take.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

STALE_SECONDS: Final = 240
"""A worker touches the file when it polls, at most 70 seconds apart, and between the blocks of a task, where a request
to S3 may be retried for 60 seconds."""


def touch(file: Path | None) -> None:
    """Say that there is progress."""
    if file is not None:
        file.touch()


def problem(file: str | None, now: float) -> str | None:
    """What is wrong with the worker whose file this is, or None."""
    if not file:
        return "HEALTH_FILE is not set: the worker touches no file"
    try:
        age = now - Path(file).stat().st_mtime
    except FileNotFoundError:
        return f"{file} is not there: the worker has not started"
    return f"{file} is {age:.0f} s old, {STALE_SECONDS} s at most are healthy" if age > STALE_SECONDS else None


if __name__ == "__main__":
    sys.exit(problem(os.environ.get("HEALTH_FILE"), time.time()))
