"""The exceptions of the API, by their AWS names."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refused request: the exception's name, its message, and fields beside it."""

    def __init__(self, name: str, message: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.status = status
        self.more = more


def does_not_exist(kind: str, arn: str) -> ApiError:
    """``ExecutionDoesNotExist`` and the like; ``kind`` in words, as in ``State Machine``."""
    return ApiError(f"{kind.replace(' ', '')}DoesNotExist", f"{kind} Does Not Exist: '{arn}'")


def no_state_machine(arn: str, part: str = "") -> ApiError:
    """``StateMachineDoesNotExist``, of the machine or of a part of it (``Version``)."""
    return ApiError("StateMachineDoesNotExist", f"State Machine {part}{' ' if part else ''}Does Not Exist: '{arn}'")


def already_exists(kind: str, why: str) -> ApiError:
    """``StateMachineAlreadyExists`` and the like."""
    return ApiError(f"{kind.replace(' ', '')}AlreadyExists", f"{kind} Already Exists: {why}")


def deleting(arn: str) -> ApiError:
    """``StateMachineDeleting``."""
    return ApiError("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")


def not_found(arn: str) -> ApiError:
    """``ResourceNotFound``."""
    return ApiError("ResourceNotFound", f"Resource not found: '{arn}'")


def invalid_arn(arn: str) -> ApiError:
    """Something that is no ARN of Step Functions."""
    return ApiError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")


def wrong_resource(kind: str) -> ApiError:
    """An ARN of a kind of resource that the operation does not take."""
    return ApiError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {kind}'")


def validation(message: str, reason: str | None = None) -> ApiError:
    """A request that does not fit the model; ``reason`` is AWS's code for some of them."""
    more: dict[str, Any] = {} if reason is None else {"reason": reason}
    return ApiError("ValidationException", message, **more)


def unsupported_type() -> ApiError:
    """An operation that the type of the machine has not."""
    message = "This operation is not supported by this type of state machine"
    return ApiError("StateMachineTypeNotSupported", message)
