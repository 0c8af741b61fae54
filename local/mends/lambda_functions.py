"""Python functions as AWS runs them: their own error types reach the caller, and a call costs what it does.

Ministack tells each exception as Runtime.HandlerError, which no Retry or Catch can tell apart; it starts a new
process after each; it waits 50 ms for a first line of log after each call; and a module that never finishes its
import holds its callers for ever. `function_worker` takes the place of its worker for the python runtimes.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def apply() -> None:
    """Have ministack use `PythonWorker`, and answer callers with what it tells of failures."""
    runtime = importlib.import_module("ministack.core.lambda_runtime")
    service = importlib.import_module("ministack.services.lambda_svc")
    ours = importlib.import_module("local.mends.function_worker")
    class_for, binary_for = runtime._worker_class_for, runtime._detect_runtime_binary  # noqa: SLF001 - the seam
    execute = service._execute_function_warm  # noqa: SLF001 - the seam

    def _worker_class_for(config: dict[str, Any]) -> Any:
        return ours.PythonWorker if str(config.get("Runtime", "")).startswith("python") else class_for(config)

    def _detect_runtime_binary(name: str) -> Any:
        return (sys.executable, ours.SCRIPT) if name.startswith("python") else binary_for(name)

    def _execute_function_warm(func: dict[str, Any], event: Any, request_id: str) -> Any:
        answer = execute(func, event, request_id)
        told = ours.failures.pop(request_id, None)
        return answer if told is None else {**answer, "body": told}

    for module, mend in (
        (runtime, _worker_class_for),
        (runtime, _detect_runtime_binary),
        (service, _execute_function_warm),
    ):
        setattr(module, mend.__name__, mend)
