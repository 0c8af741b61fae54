"""Task: a call of a service, a wait for a job or a callback, or an activity; with its timeouts and events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any

from local.stepfunctions.callbacks import Ticket
from local.stepfunctions.definition.nodes import TaskState
from local.stepfunctions.errors import RuntimeFailure, StatesError, TaskTimeout
from local.stepfunctions.integrations import Integration, TaskCall
from local.stepfunctions.integrations.aws import AwsClient
from local.stepfunctions.payload import Payload, check_size
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.run.flow import Outcome
from local.stepfunctions.run.numbers import positive_number
from local.stepfunctions.scope import Json

_log = logging.getLogger(__name__)

STOP_JOB_SECONDS = 10.0
"""How long the end of a job is waited for when its task has ended without it."""


async def run_task(state: TaskState, payload: Payload, branch: Branch) -> Outcome:
    """Do what Resource says; the answer is the state's result."""
    integration = state.integration
    services = branch.run.services
    value = flow.effective_input(state, payload, branch)
    if integration.family != "activity" and integration.pattern == "request_response":
        return await _run(state, payload, value, branch, None)
    ticket = services.tokens.issue()
    branch.task = {"Token": ticket.token}
    try:
        return await _run(state, payload, value, branch, ticket)
    finally:
        branch.task = None
        ticket.close()


async def _run(state: TaskState, payload: Payload, value: Json, branch: Branch, ticket: Ticket | None) -> Outcome:
    scope = branch.scope(value)
    limits = _Limits(positive_number(state.timeout, scope), positive_number(state.heartbeat, scope))
    parameters = Payload(flow.arguments(state, value, branch))
    if state.integration.family == "activity":
        assert ticket is not None  # noqa: S101 - run_task issues one for every activity
        result = await _activity(state, parameters, limits, branch, ticket)
    else:
        result = await _call(state, parameters, limits, branch, ticket)
    return flow.finish_with_result(state, payload, result, branch)


class _Limits:
    """Timeouts in seconds, as the events show them."""

    def __init__(self, timeout: int | None, heartbeat: int | None) -> None:
        self.timeout = timeout
        self.heartbeat = heartbeat
        given = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        self.shown = {key: value for key, value in given.items() if value is not None}


async def _call(
    state: TaskState, parameters: Payload, limits: _Limits, branch: Branch, ticket: Ticket | None
) -> Payload:
    integration = state.integration
    services = branch.run.services
    call = TaskCall(
        parameters=parameters.value,
        client=partial(_client, branch),
        region=services.region,
        account=services.account,
        execution_arn=branch.run.execution_arn,
        timeout=limits.timeout,
    )
    family = "Task"
    of: dict[str, Any] = {"resource": integration.resource, "resourceType": integration.resource_type}
    scheduled = {"parameters": parameters, "region": services.region, **of, **limits.shown}
    if integration.family == "lambda_function":
        family, of = "LambdaFunction", {}
        scheduled = {"input": parameters, "resource": state.resource, **limits.shown}
    branch.event(f"{family}Scheduled", scheduled)
    branch.event(f"{family}Started", of or None)

    async def work() -> Payload:
        result = Payload(await integration.run(call))
        if ticket is None:
            return result
        branch.event("TaskSubmitted", {"output": result, **of})
        waiting = ticket.wait(limits.heartbeat)
        if integration.pattern == "callback":
            return await waiting
        try:
            return await _first(waiting, _finished(integration.wait(call, result.value)))
        except (asyncio.CancelledError, TaskTimeout):
            await _stop_job(integration, call, result.value)
            raise

    return await _ended(work(), family, of, limits, state, branch)


async def _ended(
    work: Coroutine[Any, Any, Payload],
    family: str,
    of: dict[str, Any],
    limits: _Limits,
    state: TaskState,
    branch: Branch,
) -> Payload:
    """Wait for the work within its timeout, and leave the event of how it ended."""
    try:
        async with asyncio.timeout(limits.timeout):
            result = await work
        check_size(result, state.name)
    except (TimeoutError, TaskTimeout) as error:
        branch.event(f"{family}TimedOut", {**of, "error": TaskTimeout.NAME})
        raise TaskTimeout(heartbeat=isinstance(error, TaskTimeout) and error.heartbeat) from None
    except StatesError as error:
        details = {key: text for key, text in (("error", error.name), ("cause", error.cause)) if text}
        branch.event(f"{family}Failed", {**of, **details})
        raise
    branch.event(f"{family}Succeeded", {**of, "output": result})
    return result


async def _first(callback: Coroutine[Any, Any, Payload], job: Coroutine[Any, Any, Payload]) -> Payload:
    """Whichever ends first: a job that is waited for may also be answered by its task token."""
    tasks = [asyncio.create_task(callback), asyncio.create_task(job)]
    try:
        done, _waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stop_job(integration: Integration, call: TaskCall, submitted: Json) -> None:
    """End a job that nobody waits for any more, as AWS does when a task times out or is stopped."""
    stopping = asyncio.create_task(integration.stop(call, submitted))
    done, _late = await asyncio.wait([stopping], timeout=STOP_JOB_SECONDS)
    if not done:
        stopping.cancel()
        _log.warning("a job of %s could not be stopped within %g s", integration.resource, STOP_JOB_SECONDS)
    elif (error := stopping.exception()) is not None:
        _log.warning("a job of %s could not be stopped: %s", integration.resource, error)


async def _finished(wait: Coroutine[Any, Any, Json]) -> Payload:
    return Payload(await wait)


async def _activity(state: TaskState, parameters: Payload, limits: _Limits, branch: Branch, ticket: Ticket) -> Payload:
    activity = branch.run.services.activities.get(state.resource)
    if activity is None:
        failure = RuntimeFailure(f"The activity {state.resource} does not exist.")
        failure.placed = True
        raise failure
    branch.event("ActivityScheduled", {"resource": state.resource, "input": parameters, **limits.shown})
    task = activity.schedule(ticket, parameters)
    try:
        worker = await task.taken
    finally:
        activity.withdraw(task)
    branch.event("ActivityStarted", {} if worker is None else {"workerName": worker})
    return await _ended(ticket.wait(limits.heartbeat), "Activity", {}, limits, state, branch)


async def _client(branch: Branch, service: str) -> AwsClient:
    return await branch.run.services.client(service, branch.run.role_arn)
