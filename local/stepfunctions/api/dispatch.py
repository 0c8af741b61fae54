"""From a request's target to its operation, and the answer or error back as AWS JSON 1.0."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson

from local.stepfunctions.api import (
    aliases,
    executions,
    listings,
    machines,
    map_runs,
    tags,
    tasks,
    validation,
    versions,
)
from local.stepfunctions.api.errors import ApiError
from local.stepfunctions.api.model import check_request, operation_model
from local.stepfunctions.engine import Engine
from local.stepfunctions.payload import dumps

_log = logging.getLogger(__name__)

Operation = Callable[[Engine, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateStateMachine": machines.create_state_machine,
    "UpdateStateMachine": machines.update_state_machine,
    "DescribeStateMachine": machines.describe_state_machine,
    "DescribeStateMachineForExecution": machines.describe_state_machine_for_execution,
    "DeleteStateMachine": machines.delete_state_machine,
    "ListStateMachines": machines.list_state_machines,
    "ValidateStateMachineDefinition": validation.validate_state_machine_definition,
    "PublishStateMachineVersion": versions.publish_state_machine_version,
    "ListStateMachineVersions": versions.list_state_machine_versions,
    "DeleteStateMachineVersion": versions.delete_state_machine_version,
    "CreateStateMachineAlias": aliases.create_state_machine_alias,
    "UpdateStateMachineAlias": aliases.update_state_machine_alias,
    "DescribeStateMachineAlias": aliases.describe_state_machine_alias,
    "DeleteStateMachineAlias": aliases.delete_state_machine_alias,
    "ListStateMachineAliases": aliases.list_state_machine_aliases,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "ListTagsForResource": tags.list_tags_for_resource,
    "StartExecution": executions.start_execution,
    "StartSyncExecution": executions.start_sync_execution,
    "RedriveExecution": executions.redrive_execution,
    "StopExecution": executions.stop_execution,
    "DescribeExecution": executions.describe_execution,
    "ListExecutions": listings.list_executions,
    "GetExecutionHistory": listings.get_execution_history,
    "CreateActivity": tasks.create_activity,
    "DescribeActivity": tasks.describe_activity,
    "DeleteActivity": tasks.delete_activity,
    "ListActivities": tasks.list_activities,
    "GetActivityTask": tasks.get_activity_task,
    "SendTaskSuccess": tasks.send_task_success,
    "SendTaskFailure": tasks.send_task_failure,
    "SendTaskHeartbeat": tasks.send_task_heartbeat,
    "DescribeMapRun": map_runs.describe_map_run,
    "ListMapRuns": map_runs.list_map_runs,
    "UpdateMapRun": map_runs.update_map_run,
}
_TARGET_PREFIX: Final = "AWSStepFunctions."


async def answer(engine: Engine, target: str, body: bytes) -> tuple[int, bytes]:
    """HTTP status and body for a request."""
    try:
        return 200, dumps(await _run(engine, target, body))
    except ApiError as error:
        shown = {"__type": error.name, "message": error.message, **error.more}
        return error.status, dumps(shown)
    except Exception as error:  # noqa: BLE001 - answered as InternalFailure and logged with its traceback
        _log.exception("the request %s failed by a fault of the engine", target)
        return 500, dumps({"__type": "InternalFailure", "message": f"The engine failed: {error!r}"})


async def _run(engine: Engine, target: str, body: bytes) -> dict[str, Any]:
    name = target.removeprefix(_TARGET_PREFIX)
    model = operation_model(name)
    if model is None or not target.startswith(_TARGET_PREFIX):
        raise ApiError("UnknownOperationException", f"There is no operation '{target}'")
    try:
        request = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise ApiError("SerializationException", f"The request is not JSON: {error}") from error
    check_request(model, request)
    operation = OPERATIONS.get(name)
    if operation is None:
        raise ApiError("UnsupportedOperationException", f"{name} is not supported by this engine", status=501)
    return await operation(engine, request)
