"""The server's end of a Python function's process: one invocation after the other, failures told as AWS tells them.

It builds on ministack, so only the server's process may import it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from ministack.core import lambda_runtime

from local.faults import kill
from local.mends.function_pipes import Ended, Pipes
from local.mends.function_report import ERROR, SUCCESS, TIMEOUT, Init, Report, log_stream, logging_environment

SCRIPT: Final = Path(__file__).with_name("function_process.py").read_text(encoding="utf-8")
INIT_SECONDS: Final = 10.0
"""How long the start of a function may take (Lambda Developer Guide, "Lambda execution environment": init phase)."""

TIMED_OUT: Final = "Sandbox.Timedout"

failures: Final[dict[str, dict[str, Any]]] = {}
"""What callers are to be told of failed invocations, by request id."""

reports: Final[dict[str, Report]] = {}
"""What is to be written of invocations to the log, by request id."""


class InitFailed(RuntimeError):
    """The function's module could not be imported; ``told`` is the failure as the process tells it."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["errorMessage"])
        self.told = told


class Stopped(RuntimeError):
    """The process was ended, or ended itself; ``kind`` is AWS's name for that."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class PythonWorker(lambda_runtime.Worker):  # type: ignore[misc] # ministack has no types
    """A process that runs a Python function: ministack's, but for what is said and how long is waited.

    An exception of the function leaves the process as it is; a timeout ends it.
    """

    _pipes: Pipes
    _stream: str
    _peak_bytes: int

    def _read_stderr(self) -> None:
        """Ministack has a thread for it: here the log is read together with the answers."""

    def _spawn(self) -> None:
        """Start the process and import the function's module. Raises InitFailed or Stopped."""
        self._stream = log_stream(self.config, environment=uuid4().hex, now=time.time())
        self._peak_bytes = 0
        super()._spawn()
        self._pipes = Pipes(self._proc)
        question = {
            "depth": {"variable": lambda_runtime.INVOKE_DEPTH_ENV, "header": lambda_runtime.INVOKE_DEPTH_HEADER},
            "environment": logging_environment(self.config, self._stream),
        }
        # A start that lasts too long is made again, then within the function's own timeout.
        answer = self._ask(question, INIT_SECONDS + self._timeout)
        if "failure" in answer:
            self._pipes.end()
            raise InitFailed(answer["failure"])

    def invoke(
        self,
        event: Any,
        request_id: str,
        *,
        trace_id: str | None = None,
        depth: int | None = None,
        durable: dict[str, Any] | None = None,
        invoked_function_arn: str | None = None,
    ) -> dict[str, Any]:
        """Run one invocation, in the time that the function and its start have."""
        overlay = durable or {}
        question = {
            "event": event,
            "context": {"request_id": request_id, "arn": invoked_function_arn or "", "seconds": self._timeout},
            "environment": {
                "_X_AMZN_TRACE_ID": trace_id,
                lambda_runtime.INVOKE_DEPTH_ENV: None if depth is None else str(depth),
                **{name: overlay.get(name) for name in lambda_runtime.DURABLE_ENV_VARS},
            },
        }
        with self._lock:
            asked = began = time.time()
            cold = self._proc is None or self._proc.poll() is not None
            loaded = not cold
            more: dict[str, Any] = {}
            error_type = None
            try:
                if cold:
                    self._spawn()
                    loaded, began = True, time.time()
                with kill.due(self._proc):
                    answer = self._ask(question, self._timeout)
                status = ERROR if "failure" in answer else SUCCESS
            except InitFailed as failed:
                answer, status, error_type = {"failure": failed.told}, ERROR, failed.told["errorType"]
            except Stopped as stopped:
                message = f"RequestId: {request_id} Error: {stopped}"
                answer = {"failure": {"errorType": stopped.kind, "errorMessage": message}}
                more["trace"] = message  # of all else the process has left a trace in the log
                status, error_type = (TIMEOUT, None) if stopped.kind == TIMED_OUT else (ERROR, stopped.kind)
            more |= {"cold_start": cold, "log": self._pipes.log()}
            now = time.time()
            if not loaded:
                began = now
            self._peak_bytes = answer.get("peak_bytes", self._peak_bytes)
            reports[request_id] = Report(
                stream=self._stream,
                began=began,
                ended=now,
                seconds=answer.get("seconds", now - began),
                peak_bytes=self._peak_bytes,
                status=status,
                error_type=error_type,
                init=Init(began=asked, seconds=began - asked, status=SUCCESS if loaded else ERROR) if cold else None,
            )
        if "failure" not in answer:
            return {"status": "ok", "result": answer["result"], **more}
        failures[request_id] = answer["failure"]
        return {"status": "error", "error": answer["failure"]["errorMessage"], "trace": "", **more}

    def _ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        try:
            return self._pipes.ask(question, seconds)
        except TimeoutError:
            raise Stopped(TIMED_OUT, f"Task timed out after {self._timeout:.2f} seconds") from None
        except Ended as ended:
            raise Stopped("Runtime.ExitError", str(ended)) from None

    @property
    def _timeout(self) -> float:
        return float(self.config["Timeout"])
