"""Operations on state machines and their tags."""

from __future__ import annotations

import re
import uuid
from typing import Any

from local.stepfunctions import arns
from local.stepfunctions.api.errors import ApiError, already_exists, does_not_exist, invalid_arn, validation
from local.stepfunctions.api.paging import page
from local.stepfunctions.definition.parse import InvalidDefinition
from local.stepfunctions.engine import Engine
from local.stepfunctions.machines import Machine, new_machine

Request = dict[str, Any]
Answer = dict[str, Any]

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")


def check_name(name: str) -> None:
    """Refuse a name that AWS refuses."""
    if _NAME.fullmatch(name) is None:
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def machine_of(engine: Engine, arn: str) -> Machine:
    """The state machine of an ARN.

    Raises:
        ApiError: InvalidArn or StateMachineDoesNotExist.
    """
    parsed = arns.parse(arn)
    if parsed is None or parsed.kind != "stateMachine":
        raise invalid_arn(arn)
    machine = engine.machines.get(arn)
    if machine is None:
        raise does_not_exist("State Machine", arn)
    return machine


def _refuse(request: Request, *fields: str) -> None:
    for name in fields:
        if request.get(name):
            raise validation(f"The field '{name}' is not supported by this engine")


async def create_state_machine(engine: Engine, request: Request) -> Answer:
    """CreateStateMachine: idempotent for the same definition, role, type and configuration."""
    _refuse(request, "publish", "versionDescription")
    name = request["name"]
    check_name(name)
    if _ROLE.fullmatch(request["roleArn"]) is None:
        raise ApiError("InvalidArn", f"Invalid Role Arn: '{request['roleArn']}'")
    arn = engine.place.state_machine(name)
    machine = _checked(lambda: new_machine(arn, name, request))
    existing = engine.machines.get(arn)
    if existing is None:
        engine.machines[arn] = existing = machine
        engine.tags[arn] = {tag["key"]: tag.get("value", "") for tag in request.get("tags", [])}
    elif not existing.same_as(machine):
        raise already_exists("State Machine", arn)
    return {"stateMachineArn": arn, "creationDate": existing.created}


def _checked(make: Any) -> Machine:
    try:
        made: Machine = make()
    except InvalidDefinition as error:
        raise ApiError("InvalidDefinition", str(error)) from error
    return made


async def update_state_machine(engine: Engine, request: Request) -> Answer:
    """UpdateStateMachine: executions that run keep the revision that they began with."""
    _refuse(request, "publish", "versionDescription")
    machine = machine_of(engine, request["stateMachineArn"])
    changes = {
        "text": request.get("definition"),
        "role_arn": request.get("roleArn"),
        "logging": request.get("loggingConfiguration"),
        "tracing": request.get("tracingConfiguration"),
        "encryption": request.get("encryptionConfiguration"),
    }
    if all(value is None for value in changes.values()):
        raise ApiError(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, "
            "the TracingConfiguration or the EncryptionConfiguration must be specified",
        )
    changed = _checked(lambda: machine.changed(**changes))
    engine.machines[machine.arn] = changed
    return {"updateDate": changed.updated, "revisionId": changed.revision}


async def describe_state_machine(engine: Engine, request: Request) -> Answer:
    """DescribeStateMachine."""
    return describe(machine_of(engine, request["stateMachineArn"]))


def describe(machine: Machine) -> Answer:
    """A machine as DescribeStateMachine answers it."""
    answer: Answer = {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "status": "ACTIVE",
        "definition": machine.text,
        "roleArn": machine.role_arn,
        "type": machine.type,
        "creationDate": machine.created,
        "loggingConfiguration": dict(machine.logging),
        "tracingConfiguration": dict(machine.tracing),
        "encryptionConfiguration": dict(machine.encryption),
    }
    if machine.revision is not None:
        answer["revisionId"] = machine.revision
    return answer


async def describe_state_machine_for_execution(engine: Engine, request: Request) -> Answer:
    """DescribeStateMachineForExecution: the revision that the execution began with."""
    arn = request["executionArn"]
    execution = engine.executions.get(arn)
    if execution is not None:
        return _for_execution(execution.machine)
    child = await engine.children.find(arn)
    if child is None:
        raise does_not_exist("Execution", arn)
    record = engine.map_runs[child.map_run].record
    machine = engine.executions[record.execution_arn].machine
    state = next(
        state
        for state in machine.definition.maps
        if record.label in (state.label, engine_label(machine, state.pointer))
    )
    answer = _for_execution(machine)
    return answer | {
        "stateMachineArn": record.machine_arn,
        "definition": state.processor_definition,
        "label": record.label,
        "mapRunArn": record.arn,
    }


def engine_label(machine: Machine, pointer: str) -> str:
    """The generated label of a machine's distributed map."""
    from local.stepfunctions.maprun.record import generated_label

    return generated_label(machine.arn, pointer)


def _for_execution(machine: Machine) -> Answer:
    shown = describe(machine)
    kept = (
        "stateMachineArn",
        "name",
        "definition",
        "roleArn",
        "loggingConfiguration",
        "tracingConfiguration",
        "encryptionConfiguration",
        "revisionId",
    )
    answer = {key: shown[key] for key in kept if key in shown}
    return answer | {"updateDate": machine.updated or machine.created}


async def delete_state_machine(engine: Engine, request: Request) -> Answer:
    """DeleteStateMachine: deleting what is not there succeeds; executions that run go on to their end."""
    arn = request["stateMachineArn"]
    parsed = arns.parse(arn)
    if parsed is None or parsed.kind != "stateMachine":
        raise invalid_arn(arn)
    engine.machines.pop(arn, None)
    engine.tags.pop(arn, None)
    return {}


async def list_state_machines(engine: Engine, request: Request) -> Answer:
    """ListStateMachines, by creation."""
    machines = sorted(engine.machines.values(), key=lambda machine: machine.created)
    return page(machines, request, "stateMachines", _summary)


def _summary(machine: Machine) -> Answer:
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": machine.type,
        "creationDate": machine.created,
    }


def _tagged(engine: Engine, arn: str) -> dict[str, str]:
    if arns.parse(arn) is None:
        raise invalid_arn(arn)
    tags = engine.tags.get(arn)
    if tags is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
    return tags


async def tag_resource(engine: Engine, request: Request) -> Answer:
    """TagResource."""
    tags = _tagged(engine, request["resourceArn"])
    merged = tags | {tag["key"]: tag.get("value", "") for tag in request["tags"]}
    if len(merged) > 50:
        raise ApiError("TooManyTags", f"The resource would have {len(merged)} tags; the limit is 50")
    tags.update(merged)
    return {}


async def untag_resource(engine: Engine, request: Request) -> Answer:
    """UntagResource."""
    tags = _tagged(engine, request["resourceArn"])
    for key in request["tagKeys"]:
        tags.pop(key, None)
    return {}


async def list_tags_for_resource(engine: Engine, request: Request) -> Answer:
    """ListTagsForResource."""
    tags = _tagged(engine, request["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def new_execution_name() -> str:
    """A name for an execution that was given none."""
    return str(uuid.uuid4())
