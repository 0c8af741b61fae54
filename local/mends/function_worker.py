"""The server's end of a Python function's process: one invocation after the other, and a failure as AWS tells it.

Imported in the server's process alone, since it builds on ministack.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

SCRIPT = Path(__file__).with_name("function_process.py").read_text(encoding="utf-8")
INIT_SECONDS = 10.0  # Lambda Developer Guide, "Lambda execution environment": the init phase
KILL_SECONDS = 2.0  # what a killed process may take to be gone
PIECE_BYTES = 1 << 16
MAX_LOG_BYTES = 1 << 22
"""What one invocation may print; on top of it nothing is kept."""


class Ended(Exception):
    """The function's process ended during an invocation."""


class PythonWorker(lambda_runtime.Worker):  # type: ignore[misc] # ministack has no types
    """A process that runs a Python function, in the place of ministack's own.

    A failed invocation leaves the process as it is; one that times out ends it. No call lasts longer than the
    function's timeout, and that of its start.
    """

    def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        super().__init__(func_name, config, code_zip)
        self.reports: dict[str, dict[str, Any]] = {}
        """The failures of invocations by request id, for whoever answers the caller."""
        self._log = bytearray()

    def _read_stderr(self) -> None:
        """Leave the log to `_exchange`: ministack calls this in a thread."""

    def _spawn(self) -> None:
        """Start the process and import the function's module.

        Raises RuntimeError when that fails or takes too long.
        """
        super()._spawn()
        for stream in (self._proc.stdin, self._proc.stdout, self._proc.stderr):
            os.set_blocking(stream.fileno(), False)
        depth = {"variable": lambda_runtime.INVOKE_DEPTH_ENV, "header": lambda_runtime.INVOKE_DEPTH_HEADER}
        # An init that is cut off is tried again within the function's timeout.
        answer = self._exchange({"depth": depth}, INIT_SECONDS + self._timeout)

    @property
    def _timeout(self) -> float:
        return float(self.config.get("Timeout", 3))
