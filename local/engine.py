"""The Step Functions engine as a child process of the server."""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.environment import TOKEN_VARIABLE
from local.failures import StartError
from local.ports import HOST
from local.processes import POLL_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger("distmap.engine")

READY_SECONDS = 20.0
STOP_SECONDS = 3.0  # to finish what it writes; the process is killed after it


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A started engine. It is ready when its ready file names its port."""

    process: subprocess.Popen[bytes]
    ready_file: Path
    service_token: str
    """What shows the server that a request is the engine's own."""

    @classmethod
    def start(cls, *, module: str, endpoint: str, region: str, account: str, data: Path) -> Engine:
        """Start ``python -m module`` against the endpoint. It inherits this process's group, output and
        environment, and has a token on top.
        """
        data.mkdir(parents=True, exist_ok=True)
        ready = data / "ready.json"
        ready.unlink(missing_ok=True)
        options = {
            "--port": "0",
            "--endpoint": endpoint,
            "--region": region,
            "--account": account,
            "--data-dir": str(data),
            "--ready-file": str(ready),
        }
        command = [sys.executable, "-m", module, *(word for option in options.items() for word in option)]
        token = secrets.token_hex(16)
        environment = {**os.environ, TOKEN_VARIABLE: token}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)  # noqa: S603 - our own module
        return cls(process=process, ready_file=ready, service_token=token)

    def wait_ready(self) -> int:
        """The port that the engine listens on. Raises StartError when it ends or stays silent."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.ready_file.exists():
                port: int = json.loads(self.ready_file.read_text(encoding="utf-8"))["port"]
                threading.Thread(target=self._report_end, name="engine-end", daemon=True).start()
                return port
            if self.process.poll() is not None:
                raise StartError(f"the Step Functions engine ended with code {self.process.returncode} while starting")
            time.sleep(POLL_SECONDS / 4)
        raise StartError(f"the Step Functions engine did not listen within {READY_SECONDS:.0f} s")

    def stop(self) -> None:
        """End the process: politely, then for good."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _report_end(self) -> None:
        code = self.process.wait()
        if code not in (0, -15):
            log.error("the Step Functions engine ended with code %d", code)


def engine_url(port: int) -> str:
    """Where an engine that listens on ``port`` answers."""
    return f"http://{HOST}:{port}/"
