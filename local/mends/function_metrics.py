"""The metrics of Python functions as Lambda counts them, whoever invoked the function.

Ministack counts synchronous invocations, asynchronous ones when they are asked for, and those of event source
mappings not at all; the time of the whole call for the function's; a throttled call twice, and as an invocation;
and not how many run at once. Source: Lambda Developer Guide, "Types of metrics for Lambda functions".
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

from local.mends.function_report import MS, SUCCESS, Report

NAMESPACE: Final = "AWS/Lambda"


def apply() -> None:
    """Leave the counting of Python functions to `count`, throttles and concurrency excepted."""
    service = importlib.import_module("ministack.services.lambda_svc")
    emit, acquire = service._emit_lambda_metrics, service._acquire_execution_slot  # noqa: SLF001 - the seam

    def _emit_lambda_metrics(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        function = service._functions.get(function_name) or {"config": {}}  # noqa: SLF001 - the seam
        if not str(function["config"].get("Runtime", "")).startswith("python"):
            emit(function_name, duration_ms, error, throttle)
        elif throttle and duration_ms == 0:  # of a refused call it is told twice
            _record(function_name, "Throttles", 1)

    def _acquire_execution_slot(func: dict[str, Any], config: dict[str, Any]) -> Any:
        slot, limit = acquire(func, config)
        if slot is not None:
            _record(config["FunctionName"], "ConcurrentExecutions", service._inflight.get(slot, 1))  # noqa: SLF001 - the seam
        return slot, limit

    for mend in (_emit_lambda_metrics, _acquire_execution_slot):
        setattr(service, mend.__name__, mend)


def count(config: Mapping[str, Any], report: Report) -> None:
    """Count an invocation that is over."""
    name = config["FunctionName"]
    _record(name, "Invocations", 1)
    _record(name, "Errors", int(report.status != SUCCESS))
    _record(name, "Throttles", 0)
    _record(name, "Duration", report.seconds * MS, "Milliseconds")


def _record(function_name: str, metric: str, value: float, unit: str = "Count") -> None:
    cloudwatch = importlib.import_module("ministack.services.cloudwatch")
    cloudwatch.record_metric(NAMESPACE, metric, value, unit, {"FunctionName": function_name})
