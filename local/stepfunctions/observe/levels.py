"""Which events of an execution each log level has (Developer Guide, "Log levels for Step Functions events")."""

from __future__ import annotations

from typing import Final

FATAL: Final = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
ERROR: Final = FATAL | {
    "FailStateEntered",
    "LambdaFunctionFailed",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionStartFailed",
    "LambdaFunctionTimedOut",
    "MapIterationAborted",
    "MapIterationFailed",
    "MapRunAborted",
    "MapRunFailed",
    "MapStateAborted",
    "MapStateFailed",
    "ParallelStateAborted",
    "ParallelStateFailed",
    "TaskFailed",
    "TaskStartFailed",
    "TaskStateAborted",
    "TaskSubmitFailed",
    "TaskTimedOut",
    "WaitStateAborted",
    # The page leaves these out; they are failures like the ones above.
    "ActivityFailed",
    "ActivityScheduleFailed",
    "ActivityTimedOut",
    "EvaluationFailed",
}
_LEVELS: Final[dict[str, frozenset[str] | None]] = {"ALL": None, "ERROR": ERROR, "FATAL": FATAL, "OFF": frozenset()}


def logged(level: str) -> frozenset[str] | None:
    """The types of events that are logged; None for all."""
    return _LEVELS[level]
