"""An execution that did not succeed goes on where it stopped: what succeeded stays, the rest runs again."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from operate import execution, runs, text
from operate.errors import ExecutionError

if TYPE_CHECKING:
    from operate.execution import MapRun
    from operate.report import Report
    from operate.runs import AskToStop
    from operate.stacks import Stack
    from operate.watch import Display

REDRIVABLE = "REDRIVABLE"
SEEN_SECONDS = 30.0  # DescribeExecution tells of a redrive a moment after it was taken
SEEN_EVERY_SECONDS = 0.2


def redrive(stack: Stack, arn: str, display: Display, *, timeout: float, ask_to_stop: AskToStop) -> Report:
    """Redrive an execution, wait for its end, verify and price; ExecutionError when it cannot be redriven.

    Ctrl-C is as in `runs.run`. Asked twice for the same end of an execution, AWS redrives it once: the token is made
    here, for the one request and the SDK's retries of it.
    """
    sfn = stack.client("stepfunctions")
    before = _checked(sfn.describe_execution(executionArn=arn))
    map_runs = execution.describe(sfn, arn).map_runs
    answer = sfn.redrive_execution(executionArn=arn, clientToken=uuid.uuid4().hex)
    display.step(f"redrive {before['redriveCount'] + 1} of {arn}, since {answer['redriveDate']:%H:%M:%S}")
    for map_run in map_runs:
        display.step(_what_is_done(map_run))
    _wait_until_seen(sfn, arn, redrives=before["redriveCount"])
    expected = max((map_run.items.total for map_run in map_runs), default=0)
    runs.wait(stack, display, arn, expected=expected, timeout=timeout, ask_to_stop=ask_to_stop)
    return runs.report(stack, arn, display)


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The DescribeExecution answer of an execution that can be redriven; else ExecutionError with reason and remedy."""
    if answer.get("redriveStatus") == REDRIVABLE:
        return answer
    arn, status = answer["executionArn"], answer["status"]
    reason = answer.get("redriveStatusReason") or f"AWS says {answer.get('redriveStatus', 'nothing')} of it"
    match status:
        case execution.RUNNING:
            remedy = "wait for its end, or stop it first"
        case execution.SUCCEEDED:
            remedy = f"there is nothing left to do; see it with `distmap report {arn}`"
        case _:
            remedy = "start a new one with `distmap run`"
    raise ExecutionError(f"{arn} is {status} and cannot be redriven: {reason}: {remedy}")


def _what_is_done(map_run: MapRun) -> str:
    items = map_run.items
    return f"Map Run {map_run.label}: {map_run.status}, {items.succeeded:,} of {text.counted(items.total, 'item')} done"


def _wait_until_seen(sfn: Any, arn: str, *, redrives: int) -> None:
    """Wait until the redrive shows, so that the end before it is not taken for the end of it."""
    deadline = time.monotonic() + SEEN_SECONDS
    while sfn.describe_execution(executionArn=arn)["redriveCount"] <= redrives:
        if time.monotonic() >= deadline:
            raise ExecutionError(
                f"AWS took the redrive of {arn}, and does not show it after {SEEN_SECONDS:g} s:"
                f" see it with `distmap report {arn}`"
            )
        time.sleep(SEEN_EVERY_SECONDS)
