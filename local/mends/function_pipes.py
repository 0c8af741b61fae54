"""One question and one answer at a time with a child process, in JSON lines, within a time; its log beside
them.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PIECE_BYTES: Final = 1 << 16
END_SECONDS: Final = 2.0
"""What a killed process may take to be gone."""

MAX_LOG_BYTES: Final = 1 << 22
"""What is kept of a log between two takings."""


class Ended(Exception):
    """The process ended instead of answering; the text is how."""


class Pipes:
    """The pipes of a process that answers on its standard output and logs to its standard error."""

    def __init__(self, process: subprocess.Popen[Any]) -> None:
        self._process = process
        self._in, self._out, self._err = (
            _unblocked(stream) for stream in (process.stdin, process.stdout, process.stderr)
        )
        self._log = bytearray()

    def ask(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The answer. Raises TimeoutError or Ended; then the process is gone."""
        try:
            answer: dict[str, Any] = json.loads(self._exchange(json.dumps(question).encode() + b"\n", seconds))
        except (TimeoutError, Ended):
            self.end()
            raise
        return answer

    def log(self) -> str:
        """What the process has printed since it was last asked for."""
        self._read_log()
        text = self._log.decode(errors="replace")
        self._log.clear()
        return text.removesuffix("\n")

    def end(self) -> None:
        """Kill the process."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)

    def _exchange(self, line: bytes, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        unsent = memoryview(line)
        answer = bytearray()
        waiting = select.poll()
        waiting.register(self._in, select.POLLOUT)
        waiting.register(self._out, select.POLLIN)
        waiting.register(self._err, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            for ready, _event in waiting.poll(left * 1000):
                if ready == self._in:
                    unsent = unsent[self._write(unsent) :]
                    if not unsent:
                        waiting.unregister(self._in)
                elif ready == self._err:
                    if not self._read_log():
                        waiting.unregister(self._err)
                else:
                    piece = os.read(self._out, PIECE_BYTES)
                    if not piece:
                        raise Ended(self._how())
                    answer += piece
                    if piece.endswith(b"\n"):
                        return bytes(answer)
        raise TimeoutError

    def _write(self, unsent: memoryview) -> int:
        try:
            return os.write(self._in, unsent[:PIECE_BYTES])
        except BrokenPipeError:
            return len(unsent)  # the end of its answers tells that it is gone

    def _read_log(self) -> bool:
        """Read what is there; False at the end of the log."""
        while True:
            try:
                piece = os.read(self._err, PIECE_BYTES)
            except BlockingIOError:
                return True
            if not piece:
                return False
            self._log += piece[: MAX_LOG_BYTES - len(self._log)]

    def _how(self) -> str:
        """How the process ended, in the words of AWS's runtime."""
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return "it no longer answers"
        if code == 0:
            return "Runtime exited without providing a reason"
        reason = f"exit status {code}" if code > 0 else f"signal: {(signal.strsignal(-code) or str(-code)).lower()}"
        return f"Runtime exited with error: {reason}"


def _unblocked(stream: IO[Any] | None) -> int:
    assert stream is not None  # noqa: S101 - the process was started with all three pipes
    os.set_blocking(stream.fileno(), False)
    return stream.fileno()
