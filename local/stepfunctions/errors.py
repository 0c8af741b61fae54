"""Failures of an execution, as data with their AWS names.

    StatesError                      any failure that Retry and Catch can see; ``name`` is what they match
    ├── RuntimeFailure               States.Runtime: neither retried nor caught
    ├── DataLimitExceeded            States.DataLimitExceeded: an input or output over 256 KiB
    ├── TaskTimeout                  States.Timeout
    ├── IntrinsicFailure             States.IntrinsicFailure
    ├── ParameterPathFailure         States.ParameterPathFailure
    ├── ResultPathMatchFailure       States.ResultPathMatchFailure
    ├── QueryEvaluationError         States.QueryEvaluationError
    ├── BranchFailed                 States.BranchFailed
    ├── ItemReaderFailed             States.ItemReaderFailed
    ├── ResultWriterFailed           States.ResultWriterFailed
    └── ExceedToleratedFailureThreshold

A task that fails with the service's own name (``Lambda.TooManyRequestsException``, ``S3.NoSuchKeyException``,
a handler's ``ValueError``) is a plain ``StatesError(name, cause)``.

Source: AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows".
"""

from __future__ import annotations

from typing import ClassVar


class StatesError(Exception):
    """A failure named ``name`` whose ``cause`` is the text that the history shows (None: no cause key)."""

    def __init__(self, name: str, cause: str | None = None) -> None:
        super().__init__(name if cause is None else f"{name}: {cause}")
        self.name = name
        self.cause = cause
        self.placed = False
        """Whether the cause already tells in which state it happened."""


class NamedStatesError(StatesError):
    """A failure whose name AWS reserves."""

    NAME: ClassVar[str]

    def __init__(self, cause: str | None = None) -> None:
        super().__init__(self.NAME, cause)


class RuntimeFailure(NamedStatesError):
    """The definition and the data do not fit (a path that finds nothing, a value of the wrong type)."""

    NAME = "States.Runtime"


class DataLimitExceeded(NamedStatesError):
    """An input or output is over the payload quota of 262,144 bytes."""

    NAME = "States.DataLimitExceeded"


class TaskTimeout(NamedStatesError):
    """A task, a state machine or an EXPRESS child ran longer than it may.

    ``heartbeat``: a heartbeat did not come; AWS records States.Timeout, and States.HeartbeatTimeout matches too.
    """

    NAME = "States.Timeout"

    def __init__(self, cause: str | None = None, *, heartbeat: bool = False) -> None:
        super().__init__(cause)
        self.heartbeat = heartbeat


class IntrinsicFailure(NamedStatesError):
    """An intrinsic function was given arguments that it cannot take."""

    NAME = "States.IntrinsicFailure"


class ParameterPathFailure(NamedStatesError):
    """A path in Parameters, ItemSelector or ResultSelector found nothing."""

    NAME = "States.ParameterPathFailure"


class ResultPathMatchFailure(NamedStatesError):
    """ResultPath cannot be applied to the state's input."""

    NAME = "States.ResultPathMatchFailure"


class QueryEvaluationError(NamedStatesError):
    """A JSONata expression failed, or gave a value of the wrong type, in the field that ``location`` names."""

    NAME = "States.QueryEvaluationError"

    def __init__(self, cause: str | None = None, *, location: str | None = None) -> None:
        super().__init__(cause)
        self.location = location


class BranchFailed(NamedStatesError):
    """A branch of a Parallel state failed."""

    NAME = "States.BranchFailed"


class ItemReaderFailed(NamedStatesError):
    """The items of a distributed map could not be read."""

    NAME = "States.ItemReaderFailed"


class ResultWriterFailed(NamedStatesError):
    """The results of a distributed map could not be written."""

    NAME = "States.ResultWriterFailed"


class ExceedToleratedFailureThreshold(NamedStatesError):
    """More items failed than the distributed map tolerates."""

    NAME = "States.ExceedToleratedFailureThreshold"
