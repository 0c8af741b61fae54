"""Task: a call of a service, with its timeout and its events."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from local.stepfunctions.definition.nodes import TaskState
from local.stepfunctions.errors import StatesError, TaskTimeout
from local.stepfunctions.integrations import TaskCall
from local.stepfunctions.payload import Payload, check_size
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.run.flow import Outcome
from local.stepfunctions.run.numbers import positive_number


async def run_task(state: TaskState, payload: Payload, branch: Branch) -> Outcome:
    """Call the service that Resource names; its answer is the state's result."""
    value = flow.effective_input(state, payload, branch)
    scope = branch.scope(value)
    timeout = positive_number(state.timeout, scope)
    parameters = Payload(flow.arguments(state, value, branch))
    role = branch.run.role_arn
    call = TaskCall(
        parameters=parameters.value,
        client=partial(_client, branch, role),
        region=branch.run.services.region,
        account=branch.run.services.account,
        execution_arn=branch.run.execution_arn,
        timeout=timeout,
    )
    events = _Events(state, parameters, timeout, branch)
    branch.event(*events.scheduled)
    branch.event(*events.started)
    try:
        async with asyncio.timeout(timeout):
            result = Payload(await state.integration.run(call))
        check_size(result, state.name)
    except TimeoutError:
        branch.event(*events.ended("TimedOut", {"error": TaskTimeout.NAME}))
        raise TaskTimeout from None
    except StatesError as error:
        details = {"error": error.name} if error.cause is None else {"error": error.name, "cause": error.cause}
        branch.event(*events.ended("Failed", details))
        raise
    branch.event(*events.ended("Succeeded", {"output": result}))
    return flow.finish_with_result(state, payload, result, branch)


async def _client(branch: Branch, role_arn: str, service: str) -> Any:
    return await branch.run.services.client(service, role_arn)


class _Events:
    """The names and details of a task's events."""

    scheduled: tuple[str, dict[str, Any]]
    started: tuple[str, dict[str, Any] | None]

    def __init__(self, state: TaskState, parameters: Payload, timeout: int | None, branch: Branch) -> None:
        integration = state.integration
        limits = {} if timeout is None else {"timeoutInSeconds": timeout}
        self._function = integration.family == "lambda_function"
        if self._function:
            self._resource: dict[str, Any] = {}
            self.scheduled = (
                "LambdaFunctionScheduled",
                {"input": parameters, "resource": state.resource, **limits},
            )
            self.started = ("LambdaFunctionStarted", None)
        else:
            self._resource = {"resource": integration.resource, "resourceType": integration.resource_type}
            region = branch.run.services.region
            self.scheduled = (
                "TaskScheduled",
                {"parameters": parameters, "region": region, **self._resource, **limits},
            )
            self.started = ("TaskStarted", self._resource)

    def ended(self, how: str, details: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return ("LambdaFunction" if self._function else "Task") + how, {**self._resource, **details}
