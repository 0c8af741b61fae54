"""Operations on the versions of state machines."""

from __future__ import annotations

import time
from typing import Final

from local.stepfunctions.api.errors import ApiError, validation
from local.stepfunctions.api.paging import page
from local.stepfunctions.api.resources import Answer, Request, machine_name, machine_of
from local.stepfunctions.engine import Engine
from local.stepfunctions.machines import StateMachine, Version

MAX_VERSIONS: Final = 1_000
"""Versions of a state machine (API reference of PublishStateMachineVersion)."""

_FIRST_REVISION: Final = "INITIAL"


def publish_current(machine: StateMachine, description: str | None, at: float) -> Version:
    """The version of the current revision.

    Raises:
        ApiError: ServiceQuotaExceededException.
    """
    published = any(version.machine is machine.current for version in machine.versions.values())
    if not published and len(machine.versions) >= MAX_VERSIONS:
        raise quota_exceeded(f"The state machine has {MAX_VERSIONS} versions, as many as it may have; delete some")
    return machine.publish(description, at)


def quota_exceeded(message: str) -> ApiError:
    """As many as there may be."""
    return ApiError("ServiceQuotaExceededException", message, status=402)


async def publish_state_machine_version(engine: Engine, request: Request) -> Answer:
    """PublishStateMachineVersion: once for each revision; a later description is not taken."""
    machine = machine_of(engine, request["stateMachineArn"], living=True)
    current = machine.current.revision or _FIRST_REVISION
    wanted = request.get("revisionId", current)
    if wanted != current:
        raise ApiError(
            "ConflictException",
            f"Failed to publish the State Machine version for revision {wanted}. "
            f"The current State Machine revision is {current}.",
        )
    version = publish_current(machine, request.get("description"), time.time())
    return {"creationDate": version.created, "stateMachineVersionArn": version.arn}


async def list_state_machine_versions(engine: Engine, request: Request) -> Answer:
    """ListStateMachineVersions, the newest first."""
    machine = machine_of(engine, request["stateMachineArn"])
    rows = sorted(machine.versions.values(), key=lambda version: -version.number)
    return page(rows, request, "stateMachineVersions", _row, lambda version: -version.number)


def _row(version: Version) -> Answer:
    return {"stateMachineVersionArn": version.arn, "creationDate": version.created}


async def delete_state_machine_version(engine: Engine, request: Request) -> Answer:
    """DeleteStateMachineVersion: its executions go on; deleting what is not there succeeds."""
    name = machine_name(request["stateMachineVersionArn"])
    if name.version is None:
        raise validation(f"The ARN must be of a state machine version. Received: {name.arn}")
    machine = engine.machines.get(name.base)
    if machine is None:
        return {}
    aliases = machine.aliases_of(name.version)
    if aliases:
        raise ApiError(
            "ConflictException",
            "Version to be deleted must not be referenced by an alias. "
            f"Current list of aliases referencing this version: [{', '.join(aliases)}]",
        )
    machine.versions.pop(name.version, None)
    return {}
