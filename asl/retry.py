"""What happens when a state fails: try again, or go on elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from asl.limits import MAX_RETRY_DELAY_SECONDS, MAX_SECONDS
from asl.values import (
    DISCARD,
    Asl,
    Discard,
    Path,
    QueryLanguage,
    Template,
    range_problems,
    render,
    template_problems,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALL_ERRORS = "States.ALL"


@dataclass(frozen=True, kw_only=True)
class Retrier:
    """``max_attempts`` more tries, the first after ``interval_seconds``, each wait ``backoff_rate`` longer."""

    errors: tuple[str, ...]
    interval_seconds: int | None = None
    max_attempts: int | None = None
    backoff_rate: float | None = None
    max_delay_seconds: int | None = None
    jitter: Literal["FULL", "NONE"] | None = None

    def to_asl(self) -> Asl:
        optional = {
            "IntervalSeconds": self.interval_seconds,
            "MaxAttempts": self.max_attempts,
            "BackoffRate": self.backoff_rate,
            "MaxDelaySeconds": self.max_delay_seconds,
            "JitterStrategy": self.jitter,
        }
        given = {name: value for name, value in optional.items() if value is not None}
        return {"ErrorEquals": list(self.errors), **given}

    def problems(self) -> list[str]:
        language = QueryLanguage.JSONPATH
        return [
            *range_problems(self.interval_seconds, "interval_seconds", 1, MAX_SECONDS, language),
            *range_problems(self.max_attempts, "max_attempts", 0, MAX_SECONDS, language),
            *range_problems(self.backoff_rate, "backoff_rate", 1, None, language),
            *range_problems(self.max_delay_seconds, "max_delay_seconds", 1, MAX_RETRY_DELAY_SECONDS, language),
        ]


@dataclass(frozen=True, kw_only=True)
class Catcher:
    """Where to go on when ``errors`` outlast the retries; without ``result_path`` the error is the input."""

    errors: tuple[str, ...]
    next: str
    result_path: Path | Discard | None = None
    output: Template | None = None
    assign: Mapping[str, Template] | None = None

    def to_asl(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        catcher: Asl = {"ErrorEquals": list(self.errors)}
        if self.result_path is not None:
            catcher["ResultPath"] = None if self.result_path is DISCARD else self.result_path.text
        if self.output is not None:
            catcher["Output"] = render(self.output, language)
        if self.assign is not None:
            catcher["Assign"] = render(self.assign, language)
        return catcher | {"Next": self.next}

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = template_problems(self.assign, language, "assign")
        problems += template_problems(self.output, language, "output")
        if language is QueryLanguage.JSONATA and self.result_path is not None:
            problems.append("result_path is JSONPath; a JSONata catcher has output")
        if language is QueryLanguage.JSONPATH and self.output is not None:
            problems.append("output is JSONata; a JSONPath catcher has result_path")
        return problems


# "Invoke an AWS Lambda function with Step Functions": the transient errors of the Lambda service.
LAMBDA_RETRY = Retrier(
    errors=(
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ),
    interval_seconds=2,
    max_attempts=6,
    backoff_rate=2,
)


def error_order_problems(handlers: Sequence[Retrier | Catcher], where: str) -> list[str]:
    """What is wrong with the order of retriers or catchers: States.ALL stands alone and last."""
    problems = []
    for index, handler in enumerate(handlers):
        if not handler.errors:
            problems.append(f"{where}[{index}]: name at least one error")
        if ALL_ERRORS in handler.errors and len(handler.errors) > 1:
            problems.append(f"{where}[{index}]: {ALL_ERRORS} stands alone, got {', '.join(handler.errors)}")
        if ALL_ERRORS in handler.errors and index != len(handlers) - 1:
            problems.append(f"{where}[{index}]: {ALL_ERRORS} must be last, it hides what follows")
    return problems
