"""Jobs that a Task waits for: nested executions, and tasks of ECS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from local.stepfunctions.errors import StatesError
from local.stepfunctions.integrations.aws import AwsClient, AwsError
from local.stepfunctions.integrations.failures import optimised_failure
from local.stepfunctions.integrations.optimised import OptimisedTask
from local.stepfunctions.integrations.sdk import client_of
from local.stepfunctions.integrations.shapes import epoch_milliseconds, from_model, text_of
from local.stepfunctions.integrations.task import TaskCall

if TYPE_CHECKING:
    from local.stepfunctions.scope import Json

FIRST_POLL_SECONDS = 0.05
LONGEST_POLL_SECONDS = 1.0

_EXECUTION_FIELDS = (
    "Cause",
    "Error",
    "ExecutionArn",
    "Input",
    "InputDetails",
    "Name",
    "Output",
    "OutputDetails",
    "StartDate",
    "StateMachineArn",
    "Status",
    "StopDate",
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ExecutionTask(OptimisedTask):
    """``states:startExecution``; with ``.sync:2`` the input and output of the result are parsed."""

    async def wait(self, call: TaskCall, submitted: Json) -> Json:
        """The execution as DescribeExecution tells it; States.TaskFailed with it as the cause if it failed."""
        client = await client_of(call, self.service)
        parameters = {"executionArn": submitted["ExecutionArn"]}

        async def closed() -> dict[str, Json] | None:
            found = await _ask(self, client, "DescribeExecution", parameters)
            return None if found["Status"] == "RUNNING" else found

        execution = await _until(closed)
        result = {name: execution[name] for name in _EXECUTION_FIELDS if name in execution}
        if self.pattern == "sync:2":
            result |= {name: orjson.loads(result[name]) for name in ("Input", "Output") if name in result}
        if result["Status"] != "SUCCEEDED":
            raise StatesError("States.TaskFailed", text_of(result))
        return result

    async def stop(self, call: TaskCall, submitted: Json) -> None:
        """Stop the execution."""
        client = await client_of(call, self.service)
        await _ask(self, client, "StopExecution", {"executionArn": submitted["ExecutionArn"]})


@dataclass(frozen=True, kw_only=True)
class EcsTask(OptimisedTask):
    """``ecs:runTask``; a task that waits fails for what could not be placed, and for a container's exit code."""

    def problems(self, parameters_template: Json) -> list[str]:
        """As the base, and the fields that ``.sync`` keeps for itself."""
        found = super().problems(parameters_template)
        if self.pattern == "sync" and isinstance(parameters_template, dict):
            reserved = [name for name in ("Count", "StartedBy") if {name, f"{name}.$"} & parameters_template.keys()]
            found += [f"The field '{name}' is not supported by Step Functions" for name in reserved]
        return found

    def checked(self, result: dict[str, Json]) -> Json:
        if self.pattern != "request_response" and result.get("Failures"):
            raise StatesError("AmazonECS.Unknown", text_of(result))
        return result

    async def wait(self, call: TaskCall, submitted: Json) -> Json:
        """The stopped task; States.TaskFailed with it as the cause if a container did not exit with 0."""
        client = await client_of(call, self.service)
        started = submitted["Tasks"][0]
        parameters = {"cluster": started["ClusterArn"], "tasks": [started["TaskArn"]]}

        async def stopped() -> dict[str, Json] | None:
            task: dict[str, Json] = (await _ask(self, client, "DescribeTasks", parameters))["Tasks"][0]
            return task if task["LastStatus"] == "STOPPED" else None

        task = await _until(stopped)
        codes = [container.get("ExitCode") for container in task.get("Containers", [])]
        if not codes or any(code != 0 for code in codes):
            raise StatesError("States.TaskFailed", text_of(task))
        return task

    async def stop(self, call: TaskCall, submitted: Json) -> None:
        """Stop the task."""
        client = await client_of(call, self.service)
        started = submitted["Tasks"][0]
        await _ask(self, client, "StopTask", {"cluster": started["ClusterArn"], "task": started["TaskArn"]})


async def _ask(
    task: OptimisedTask, client: AwsClient, operation: str, parameters: Mapping[str, Any]
) -> dict[str, Json]:
    try:
        answer = await client.call(operation, parameters)
    except AwsError as error:
        raise optimised_failure(error, client.service, task.names) from error
    shape = client.service.operation(operation).output_shape
    found: dict[str, Json] = from_model(answer, shape, epoch_milliseconds)
    return found


async def _until(ask: Callable[[], Awaitable[T | None]]) -> T:
    delay = FIRST_POLL_SECONDS
    while True:
        await asyncio.sleep(delay)
        found = await ask()
        if found is not None:
            return found
        delay = min(delay * 1.5, LONGEST_POLL_SECONDS)
