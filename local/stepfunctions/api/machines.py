"""Operations on state machines."""

from __future__ import annotations

from collections.abc import Callable

from local.stepfunctions.api.errors import (
    ApiError,
    already_exists,
    deleting,
    does_not_exist,
    no_state_machine,
    validation,
)
from local.stepfunctions.api.paging import page
from local.stepfunctions.api.resources import (
    Answer,
    Request,
    execution_of,
    labelled_execution,
    machine_name,
    machine_of,
    part_of,
)
from local.stepfunctions.api.settings import check_encryption, check_logging, check_name, check_role
from local.stepfunctions.api.tags import tags_of
from local.stepfunctions.api.versions import publish_current
from local.stepfunctions.definition.parse import InvalidDefinition
from local.stepfunctions.engine import Engine
from local.stepfunctions.machines import Machine, StateMachine, Version, new_machine

_NOTHING_TO_UPDATE = (
    "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified"
)
_FOR_EXECUTION = (
    "stateMachineArn", "name", "definition", "roleArn", "loggingConfiguration", "tracingConfiguration",
    "encryptionConfiguration", "revisionId", "variableReferences",
)  # fmt: skip


async def create_state_machine(engine: Engine, request: Request) -> Answer:
    """CreateStateMachine: idempotent for the same definition, type, configuration and publication."""
    name = request["name"]
    check_name(name)
    check_role(request["roleArn"])
    _check_description(request)
    check_encryption(request.get("encryptionConfiguration"))
    await check_logging(engine, request.get("loggingConfiguration"))
    tags = tags_of(request.get("tags", []))
    arn = engine.place.state_machine(name)
    current = _checked(lambda: new_machine(arn, name, request))
    machine = engine.machines.get(arn)
    if machine is None:
        machine = engine.machines[arn] = StateMachine(current=current)
        engine.tags[arn] = tags
        version = machine.publish(request.get("versionDescription"), current.created) if _publishes(request) else None
    else:
        version = _same_again(machine, current, request)
    answer: Answer = {"stateMachineArn": arn, "creationDate": machine.current.created}
    return answer if version is None else answer | {"stateMachineVersionArn": version.arn}


def _same_again(machine: StateMachine, created: Machine, request: Request) -> Version | None:
    """The first version, if the machine has one, when this request is the one that made the machine.

    Raises:
        ApiError: StateMachineAlreadyExists or StateMachineDeleting.
    """
    if machine.deleting:
        raise deleting(created.arn)
    if not machine.current.same_as(created):
        raise already_exists("State Machine", f"'{created.arn}'")
    first = machine.versions.get(1)
    if first is None and _publishes(request):
        raise already_exists("State Machine", "This state machine was already created without a published version.")
    if first is not None and not _publishes(request):
        raise already_exists("State Machine", "This state machine was already created with a published version.")
    if first is not None and first.description != request.get("versionDescription"):
        raise already_exists(
            "State Machine",
            "This state machine was already created with a published version using a different description.",
        )
    return first


def _publishes(request: Request) -> bool:
    return bool(request.get("publish"))


def _check_description(request: Request) -> None:
    if request.get("versionDescription") is not None and not _publishes(request):
        raise validation("Version description can only be set when publish is true")


def _checked(make: Callable[[], Machine]) -> Machine:
    try:
        return make()
    except InvalidDefinition as error:
        raise ApiError("InvalidDefinition", str(error)) from error


async def update_state_machine(engine: Engine, request: Request) -> Answer:
    """UpdateStateMachine: executions that run keep the revision that they began with."""
    machine = machine_of(engine, request["stateMachineArn"], living=True)
    changes = {
        "text": request.get("definition"),
        "role_arn": request.get("roleArn"),
        "logging": request.get("loggingConfiguration"),
        "tracing": request.get("tracingConfiguration"),
        "encryption": request.get("encryptionConfiguration"),
    }
    if all(value is None for value in changes.values()):
        raise ApiError("MissingRequiredParameter", _NOTHING_TO_UPDATE)
    if changes["encryption"] is not None and changes["text"] is None:
        message = "The definition must be specified when the EncryptionConfiguration is specified"
        raise ApiError("MissingRequiredParameter", message)
    _check_description(request)
    if changes["role_arn"] is not None:
        check_role(changes["role_arn"])
    check_encryption(changes["encryption"])
    await check_logging(engine, changes["logging"])
    current = _checked(lambda: machine.current.changed(**changes))
    machine.current = current
    answer: Answer = {"updateDate": current.revised}
    if current.revision is not None:
        answer["revisionId"] = current.revision
    if _publishes(request):
        version = publish_current(machine, request.get("versionDescription"), current.revised)
        answer["stateMachineVersionArn"] = version.arn
    return answer


async def describe_state_machine(engine: Engine, request: Request) -> Answer:
    """DescribeStateMachine: the current revision, a version, or the workflow of a labelled map."""
    name = machine_name(request["stateMachineArn"], labelled=True)
    if name.alias is not None:
        raise no_state_machine(name.arn)
    machine, version, _alias = part_of(engine, name)
    status = {"status": "DELETING"} if machine.deleting else {}
    if version is not None:
        more = {"stateMachineArn": version.arn, "creationDate": version.created}
        if version.description is not None:
            more["description"] = version.description
        return _included(_describe(version.machine) | more | status, request)
    answer = _describe(machine.current) | status
    if name.label is None:
        return _included(answer, request)
    state = machine.current.map_labelled(name.label)
    if state is None:
        raise no_state_machine(name.arn)
    answer.pop("variableReferences", None)
    return answer | {"stateMachineArn": name.arn, "definition": state.processor_definition, "label": name.label}


def _included(answer: Answer, request: Request) -> Answer:
    """The answer without the definition, where metadata alone is asked for."""
    if request.get("includedData") == "METADATA_ONLY":
        answer["definition"] = "{}"
        answer.pop("variableReferences", None)
    return answer


def _describe(machine: Machine) -> Answer:
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
    if machine.variable_references:
        answer["variableReferences"] = machine.variable_references
    return answer


async def describe_state_machine_for_execution(engine: Engine, request: Request) -> Answer:
    """DescribeStateMachineForExecution: the revision that the execution began with."""
    arn = request["executionArn"]
    if not labelled_execution(arn):
        return _included(_for_execution(execution_of(engine, arn).machine), request)
    child = await engine.children.find(arn)
    if child is None or child.map_run not in engine.map_runs:
        raise does_not_exist("Execution", arn)
    record = engine.map_runs[child.map_run].record
    machine = engine.executions[record.execution_arn].machine
    state = machine.map_labelled(record.label)
    if state is None:
        raise does_not_exist("Execution", arn)
    answer = _for_execution(machine)
    answer.pop("variableReferences", None)
    return answer | {
        "stateMachineArn": record.machine_arn,
        "definition": state.processor_definition,
        "label": record.label,
        "mapRunArn": record.arn,
    }


def _for_execution(machine: Machine) -> Answer:
    shown = _describe(machine)
    return {key: shown[key] for key in _FOR_EXECUTION if key in shown} | {"updateDate": machine.revised}


async def delete_state_machine(engine: Engine, request: Request) -> Answer:
    """DeleteStateMachine, with its versions and aliases; deleting what is not there succeeds."""
    name = machine_name(request["stateMachineArn"])
    if name.qualified:
        message = f"A version or alias is deleted by an operation of its own: '{name.arn}'"
        raise validation(message)
    engine.delete_machine(name.base)
    return {}


async def list_state_machines(engine: Engine, request: Request) -> Answer:
    """ListStateMachines, by name; those that are being deleted are left out."""
    machines = sorted(
        (machine.current for machine in engine.machines.values() if not machine.deleting),
        key=lambda machine: machine.name,
    )
    return page(machines, request, "stateMachines", _summary, lambda machine: machine.name)


def _summary(machine: Machine) -> Answer:
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": machine.type,
        "creationDate": machine.created,
    }
