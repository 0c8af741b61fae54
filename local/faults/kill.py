"""Invocations whose process is killed while it works, as when its machine fails."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

after_seconds: ContextVar[float | None] = ContextVar("after_seconds", default=None)
"""How long the function that the current request invokes may work until its process is killed; None: to its end."""


@contextmanager
def due(process: subprocess.Popen[Any]) -> Iterator[None]:
    """Kill the process if the block lasts for longer than the current request's function may work."""
    seconds = after_seconds.get()
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
