"""One container: a process group of its own that ends with the server, however that ends."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Final

from local.processes import GUARD_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

log = logging.getLogger("distmap.fargate")

READ_BYTES: Final = 64 * 1024
LONGEST_LINE_BYTES: Final = 256 * 1024
"""Of a log event (CloudWatch Logs quotas); a longer line becomes several."""
LAST_LINES_SECONDS: Final = 2.0


class Container:
    """A running container. ``said`` gets its lines; ``ended`` its exit code, once, when nobody of its group is left."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        said: Callable[[list[str]], None] | None,
        ended: Callable[[int], None],
    ) -> None:
        """Start it. Raises OSError when the command cannot be run."""
        self._said, self._on_end = said, ended
        self._lock = threading.Lock()
        self._gone = False
        self._timer: threading.Timer | None = None
        self._process = subprocess.Popen(  # noqa: S603 - the task definition's command
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if said is None else subprocess.PIPE,
            stderr=subprocess.DEVNULL if said is None else subprocess.STDOUT,
            cwd=directory,
            env=dict(environment),
            start_new_session=True,
        )
        self._guard = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-I", "-S", str(GUARD_SCRIPT), str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="container-log", daemon=True)
        if said is not None:
            self._reader.start()
        threading.Thread(target=self._wait, name="container", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self, seconds: float) -> None:
        """Send SIGTERM to the container's first process, and SIGKILL to all of them ``seconds`` later."""
        if seconds > 0:
            self._signal(lambda: os.kill(self.pid, signal.SIGTERM))
        timer = threading.Timer(seconds, self.kill)
        timer.daemon = True
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = timer
            if not self._gone:
                timer.start()

    def kill(self) -> None:
        """End it at once."""
        self._signal(lambda: os.killpg(self.pid, signal.SIGKILL))

    def _signal(self, send: Callable[[], None]) -> None:
        with self._lock, contextlib.suppress(ProcessLookupError):
            if not self._gone:  # the id may be another process's by now
                send()

    def _wait(self) -> None:
        code = self._process.wait()
        with self._lock:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # a container ends with its first process
            self._gone = True
            if self._timer is not None:
                self._timer.cancel()
        self._guard.kill()
        self._guard.communicate()
        if self._said is not None:
            self._reader.join(LAST_LINES_SECONDS)
        self._on_end(exit_code(code))

    def _read(self) -> None:
        out = self._process.stdout
        assert out is not None  # noqa: S101 - the thread runs only then
        rest = b""
        with out:
            while chunk := os.read(out.fileno(), READ_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > LONGEST_LINE_BYTES:
                    lines, rest = [*lines, rest], b""
                self._tell(lines)
        self._tell([rest] if rest else [])

    def _tell(self, lines: list[bytes]) -> None:
        if not lines or self._said is None:
            return
        try:
            self._said([line.decode(errors="replace") for line in lines])
        except Exception:
            log.exception("what a container said is lost")


def exit_code(returned: int) -> int:
    """As a container runtime tells it: 128 and the signal's number for a process that a signal ended."""
    return returned if returned >= 0 else 128 - returned
