"""The activity as a worker sees it: polls, reports, and what the answers mean."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.worker.settings import Settings

GONE: Final = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})
"""The task is no longer this worker's: it timed out, was retried, or its execution ended."""
PASSING: Final = frozenset(
    {
        *("ActivityWorkerLimitExceeded", "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable"),
        *("Throttling", "ThrottlingException", "TooManyRequestsException"),
    }
)
FAILED: Final = 500  # statuses from here on may pass too
ERROR_CHARACTERS, CAUSE_CHARACTERS = 256, 32_768  # "SendTaskFailure", Step Functions API Reference
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
REPORTS: Final = 6  # attempts to report on a task, for half a minute or so


class TaskGone(Exception):
    """The task is no longer this worker's: what it says of it does not count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A task in hand: its token, and its input as JSON."""

    token: str
    input: str


class Activity:
    """Calls that are safe to make from several threads.

    A throttle or a lost connection raises Passing; a task of another's raises TaskGone; what else is wrong, such as an
    activity that does not exist, is raised as botocore tells it.
    """

    def __init__(self, client: Any, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def poll(self) -> Taken | None:
        """The next task, or None when a minute has brought none."""
        arn, name = self._settings.activity_arn, self._settings.worker_name
        answer = self._call("get_activity_task", activityArn=arn, workerName=name)
        token = answer.get("taskToken")
        return Taken(token=token, input=answer["input"]) if token else None

    def beat(self, token: str) -> None:
        """Say that the task is being worked on."""
        self._call("send_task_heartbeat", taskToken=token)

    def succeed(self, token: str, answer: Mapping[str, Any]) -> None:
        """Say that the task is done."""
        self._call("send_task_success", taskToken=token, output=json.dumps(answer, separators=(",", ":")))

    def fail(self, token: str, error: str, cause: str) -> None:
        """Say that the task has failed."""
        told = {"error": error[:ERROR_CHARACTERS], "cause": cause[:CAUSE_CHARACTERS]}
        self._call("send_task_failure", taskToken=token, **told)

    def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self._client, operation)(**parameters)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in GONE:
                raise TaskGone(code) from error
            if code in PASSING or error.response["ResponseMetadata"]["HTTPStatusCode"] >= FAILED:
                raise Passing(f"{operation}: {code}") from error
            raise
        except (HTTPClientError, NoConnection) as error:
            raise Passing(f"{operation}: {type(error).__name__}") from error
        return answer


class Passing(Exception):
    """Step Functions asks for patience, or cannot be reached."""


def wait_seconds(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """How long to wait after the attempt of that number, from one: a random part of 1, 2, 4 ... 30 seconds.

    Random, so that workers that were throttled together do not come back together.
    """
    return chance() * min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempt - 1, 30))
