"""Failures that a user can act on: one line on stderr, an exit code, and no traceback.

OperateError                 any failure with a message for the user; exit code 1
├── UsageError               the command line asks for something that does not exist; exit code 2
├── StackError               the stack is not deployed, or cannot be reached
├── ExecutionError           the execution did not end as it should
├── ResultsError             result files that are missing, cut short or not what a Map Run writes
└── InterruptedRunError      Ctrl-C while an execution ran; exit code 130
"""

from __future__ import annotations

from typing import ClassVar

INTERRUPTED_EXIT_CODE = 130  # 128 + SIGINT, the shell's convention


class OperateError(Exception):
    """A failure whose message names what is wrong and what to do about it."""

    exit_code: ClassVar[int] = 1


class UsageError(OperateError):
    """The command line names a use case, a parameter or a value that does not exist."""

    exit_code: ClassVar[int] = 2


class StackError(OperateError):
    """The stack is not deployed, or its endpoint or credentials do not work."""


class ExecutionError(OperateError):
    """The execution could not be started or followed to its end."""


class ResultsError(OperateError):
    """A result file is missing, cut short or not in the form that a Map Run writes."""


class InterruptedRunError(OperateError):
    """A person ended the watch over an execution; the message says whether it was stopped or goes on."""

    exit_code: ClassVar[int] = INTERRUPTED_EXIT_CODE


def message_of(error: BaseException) -> str | None:
    """Say in one line what went wrong and what to do; None for a failure that is a defect of ours."""
    from datagen.errors import DatagenError
    from local.failures import LocalError

    if isinstance(error, LocalError):
        return str(error)  # a server that does not start shows the end of its log
    if isinstance(error, (OperateError, DatagenError)):
        return one_line(str(error))
    known = _aws_message(error)
    return None if known is None else one_line(known)


def one_line(text: str) -> str:
    """Join the lines of ``text`` with blanks."""
    return " ".join(text.split())


def _aws_message(error: BaseException) -> str | None:
    from botocore import exceptions as aws

    match error:
        case aws.NoCredentialsError() | aws.PartialCredentialsError():
            return "no AWS credentials found: set AWS_PROFILE, or log in with `aws sso login`"
        case (
            aws.ProfileNotFound()
            | aws.TokenRetrievalError()
            | aws.SSOTokenLoadError()
            | aws.UnauthorizedSSOTokenError()
        ):
            return f"{error}: set AWS_PROFILE to a profile that exists, or log in with `aws sso login`"
        case aws.ConnectionError():
            return f"{error}: check that the stack is up (`distmap local status` for the local one)"
        case aws.ClientError():
            answer = error.response.get("Error", {})
            return (
                f"AWS refused {error.operation_name}: {answer.get('Code', 'unknown error')}:"
                f" {answer.get('Message', 'no message')}"
            )
        case _:
            return None
