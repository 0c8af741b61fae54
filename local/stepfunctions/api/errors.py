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
    """``StateMachineDoesNotExist`` and the like; ``kind`` in words, as in ``State Machine``."""
    return ApiError(f"{kind.replace(' ', '')}DoesNotExist", f"{kind} Does Not Exist: '{arn}'")


def already_exists(kind: str, arn: str) -> ApiError:
    """``StateMachineAlreadyExists`` and the like."""
    return ApiError(f"{kind.replace(' ', '')}AlreadyExists", f"{kind} Already Exists: '{arn}'")


def invalid_arn(arn: str) -> ApiError:
    """An ARN that is not one, or is one of something else."""
    return ApiError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")


def validation(message: str) -> ApiError:
    """A request that does not fit the model."""
    return ApiError("ValidationException", message)
