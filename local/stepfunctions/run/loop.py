"""From state to state, with Retry and Catch in one place."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from local.stepfunctions.definition.nodes import (
    Catcher,
    ChoiceState,
    DistributedMapState,
    FailState,
    MapState,
    ParallelState,
    PassState,
    Retrier,
    State,
    SucceedState,
    TaskState,
    WaitState,
    Workflow,
)
from local.stepfunctions.errors import (
    BranchFailed,
    DataLimitExceeded,
    ExceedToleratedFailureThreshold,
    ItemReaderFailed,
    NamedStatesError,
    QueryEvaluationError,
    ResultWriterFailed,
    RuntimeFailure,
    StatesError,
    TaskTimeout,
)
from local.stepfunctions.language import check_total
from local.stepfunctions.payload import Payload, check_size
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch, Checkpoint
from local.stepfunctions.run.flow import Outcome
from local.stepfunctions.run.inline_map import run_distributed, run_inline_map
from local.stepfunctions.run.parallel import run_parallel
from local.stepfunctions.run.simple import run_choice, run_fail, run_pass, run_succeed, run_wait
from local.stepfunctions.run.task import run_task
from local.stepfunctions.scope import Json

_RUNNERS: Final[Mapping[type[State], tuple[str, Callable[[Any, Payload, Branch], Awaitable[Outcome]]]]] = {
    PassState: ("Pass", run_pass),
    SucceedState: ("Succeed", run_succeed),
    FailState: ("Fail", run_fail),
    ChoiceState: ("Choice", run_choice),
    WaitState: ("Wait", run_wait),
    TaskState: ("Task", run_task),
    ParallelState: ("Parallel", run_parallel),
    MapState: ("Map", run_inline_map),
    DistributedMapState: ("Map", run_distributed),
}
_RETRYABLE: Final = frozenset({"Task", "Parallel", "Map"})
_HAS_FAILED_EVENT: Final = frozenset({"Parallel", "Map"})
_TELLS_ITS_PLACE: Final = (
    BranchFailed,
    DataLimitExceeded,
    ExceedToleratedFailureThreshold,
    ItemReaderFailed,
    ResultWriterFailed,
    TaskTimeout,
)
"""Failures whose cause AWS gives as it is; the other reserved ones are told with the state and event."""

_STATES_A_TURN: Final = 64
"""A workflow gives way to others after this many states: one that goes in a circle never waits for anything else."""


async def run_workflow(workflow: Workflow, payload: Payload, branch: Branch) -> Payload:
    """Run states from the start to the end; the last one's output.

    Raises:
        StatesError: when a state fails and nothing catches it.
    """
    name: str | None = workflow.start_at
    resumed = branch.checkpoint if branch.resuming else None
    if resumed is not None:
        branch.resuming = False
        name, payload = resumed.state, resumed.payload
    states_run = 0
    while name is not None:
        outcome = await _run_state(workflow.states[name], payload, branch, resumed)
        payload, name, resumed = outcome.output, outcome.next, None
        states_run += 1
        if states_run % _STATES_A_TURN == 0:
            await asyncio.sleep(0)
    branch.output = payload
    return payload


async def _run_state(state: State, payload: Payload, branch: Branch, resumed: Checkpoint | None) -> Outcome:
    kind, runner = _RUNNERS[type(state)]
    before = branch.cursor.last
    branch.enter(state.name, retries=kind in _RETRYABLE)
    if resumed is None:
        entered = branch.event(f"{kind}StateEntered", {"input": payload, "name": state.name})
        branch.checkpoint = Checkpoint(state.name, payload, entered)
    else:
        entered = resumed.entered
        branch.cursor.last = resumed.begun or entered
    attempts = [0] * len(state.retriers)
    while True:
        try:
            outcome = await _attempt(runner, state, payload, branch)
        except StatesError as error:
            if _place(error, state.name, entered) and isinstance(error, QueryEvaluationError):
                _evaluation_failed(error, state, before, branch)
            delay = retry_delay(state.retriers, attempts, error)
            if delay is not None:
                await asyncio.sleep(delay)
                branch.state["RetryCount"] += 1
                branch.checkpoint = Checkpoint(state.name, payload, entered)
                continue
            if kind in _HAS_FAILED_EVENT and not isinstance(error, RuntimeFailure):
                branch.event(f"{kind}StateFailed")
            catcher = _catcher(state.catchers, error)
            if catcher is None:
                raise error from None
            outcome = _caught(state, catcher, error, payload, branch)
            check_size(outcome.output, state.name)
        break
    details: dict[str, Any] = {"name": state.name, "output": outcome.output}
    if outcome.assigned:
        details["assignedVariables"] = flow.assigned_texts(outcome.assigned)
        branch.variables = {**branch.variables, **outcome.assigned}
        check_total(branch.variables, state_name=state.name)
    branch.event(f"{kind}StateExited", details)
    return outcome


async def _attempt(
    runner: Callable[[Any, Payload, Branch], Awaitable[Outcome]], state: State, payload: Payload, branch: Branch
) -> Outcome:
    try:
        outcome = await runner(state, payload, branch)
        check_size(outcome.output, state.name)
    except RecursionError as error:
        raise RuntimeFailure("A value is nested too deeply to be processed.") from error
    return outcome


def _place(error: StatesError, name: str, entered: int) -> bool:
    """Say where the error happened in AWS's words: once, by the innermost state; whether it was said now."""
    if not isinstance(error, NamedStatesError) or isinstance(error, _TELLS_ITS_PLACE) or error.placed:
        return False
    place = f"An error occurred while executing the state '{name}' (entered at the event id #{entered})."
    error.cause = f"{place} {error.cause}"
    error.placed = True
    return True


def _evaluation_failed(error: QueryEvaluationError, state: State, before: int, branch: Branch) -> None:
    # AWS links this event to the one before the state was entered.
    branch.cursor.last = before
    details: dict[str, Any] = {"cause": error.cause, "error": error.name, "state": state.name}
    if error.location is not None:
        details["location"] = error.location
    branch.event("EvaluationFailed", details)


def retry_delay(retriers: tuple[Retrier, ...], attempts: list[int], error: StatesError) -> float | None:
    """Seconds to wait before the next attempt, or None when the error is not to be retried (any more)."""
    for index, retrier in enumerate(retriers):
        if matches(retrier.errors, error):
            if attempts[index] >= retrier.max_attempts:
                return None
            delay = retrier.interval_seconds * retrier.backoff_rate ** attempts[index]
            attempts[index] += 1
            if retrier.max_delay_seconds is not None:
                delay = min(delay, retrier.max_delay_seconds)
            return random.uniform(0, delay) if retrier.full_jitter else delay  # noqa: S311 - jitter, not a secret
    return None


def matches(names: tuple[str, ...], error: StatesError) -> bool:
    """Whether ErrorEquals matches the error.

    States.Runtime is never matched by a wildcard; States.TaskFailed matches every error of a task but a timeout.
    A heartbeat that ran out is recorded as States.Timeout, and either name matches it.
    """
    if error.name in names:
        return True
    if isinstance(error, RuntimeFailure):
        return False
    if "States.ALL" in names:
        return True
    if "States.HeartbeatTimeout" in names and isinstance(error, TaskTimeout) and error.heartbeat:
        return True
    return "States.TaskFailed" in names and not isinstance(error, TaskTimeout)


def _catcher(catchers: tuple[Catcher, ...], error: StatesError) -> Catcher | None:
    return next((catcher for catcher in catchers if matches(catcher.errors, error)), None)


def _caught(state: State, catcher: Catcher, error: StatesError, payload: Payload, branch: Branch) -> Outcome:
    shown: dict[str, Json] = {"Error": error.name, "Cause": "" if error.cause is None else error.cause}
    if not error.name:  # SendTaskFailure without an error
        shown = {"Error": None, "Cause": error.cause}
    if state.language == "JSONata":
        output, assigned = flow.evaluate_output(
            catcher.output, catcher.assign, branch, payload.value, error_output=shown
        )
        return Outcome(Payload(shown if catcher.output is None else output), catcher.next, assigned)
    assigned = None if catcher.assign is None else catcher.assign(branch.scope(shown))
    return Outcome(flow.put_result(catcher.result_path, payload, Payload(shown)), catcher.next, assigned)
