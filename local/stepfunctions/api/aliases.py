"""Operations on the aliases of state machines."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from local.stepfunctions.api.errors import ApiError, deleting, invalid_arn, not_found, validation
from local.stepfunctions.api.paging import page
from local.stepfunctions.api.resources import Answer, MachineName, Request, machine_name, part_of
from local.stepfunctions.api.versions import quota_exceeded
from local.stepfunctions.engine import Engine
from local.stepfunctions.machines import FULL_WEIGHT, Alias, Route, StateMachine

MAX_ALIASES: Final = 100
"""Aliases of a state machine (API reference of CreateStateMachineAlias)."""

_ROUTING: Final = "INVALID_ROUTING_CONFIGURATION"


async def create_state_machine_alias(engine: Engine, request: Request) -> Answer:
    """CreateStateMachineAlias: idempotent for the same description and routes."""
    machine, routes = _routes(engine, request["routingConfiguration"])
    name, description = request["name"], request.get("description")
    alias = machine.aliases.get(name)
    if alias is not None and (alias.description, alias.routes) != (description, routes):
        raise ApiError(
            "ConflictException",
            "Failed to create alias because an alias with the same name and a different routing configuration "
            "already exists.",
        )
    if alias is None:
        if len(machine.aliases) >= MAX_ALIASES:
            raise quota_exceeded(f"The state machine has {MAX_ALIASES} aliases, as many as it may have; delete some")
        arn = f"{machine.current.arn}:{name}"
        alias = machine.aliases[name] = Alias(arn=arn, name=name, description=description, routes=routes)
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}


def _routes(engine: Engine, configuration: Sequence[Mapping[str, Any]]) -> tuple[StateMachine, tuple[Route, ...]]:
    """The routes of an alias, and the machine whose versions they lead to.

    Raises:
        ApiError: ValidationException, ResourceNotFound or StateMachineDeleting.
    """
    arns = [entry["stateMachineVersionArn"] for entry in configuration]
    names = [machine_name(arn) for arn in arns]
    numbers = [name.version for name in names if name.version is not None]
    received = f"Received: [{', '.join(arns)}]"
    start = "Routing configuration must contain"
    if len(numbers) < len(names):
        raise validation(f"{start} state machine version ARNs. {received}", _ROUTING)
    if len(set(arns)) < len(arns):
        raise validation(f"{start} distinct state machine version ARNs. {received}", _ROUTING)
    if len({name.base for name in names}) > 1:
        raise validation(f"{start} state machine version ARNs for the same state machine. {received}", _ROUTING)
    weights = [entry["weight"] for entry in configuration]
    if sum(weights) != FULL_WEIGHT:
        shown = ", ".join(map(str, weights))
        why = f"Sum of routing configuration weights must equal {FULL_WEIGHT}. Received: [{shown}]"
        raise validation(why, _ROUTING)
    machine = engine.machines.get(names[0].base)
    if machine is None or any(number not in machine.versions for number in numbers):
        raise _missing()
    if machine.deleting:
        raise deleting(names[0].base)
    routes = zip(arns, numbers, weights, strict=True)
    return machine, tuple(Route(version_arn=arn, number=number, weight=weight) for arn, number, weight in routes)


def _missing() -> ApiError:
    return ApiError("ResourceNotFound", "Request references a resource that does not exist.")


def _named(engine: Engine, arn: str) -> tuple[StateMachine | None, Alias | None]:
    name = _alias_name(arn)
    machine = engine.machines.get(name.base)
    return machine, None if machine is None else machine.aliases.get(name.alias or "")


def _alias_name(arn: str) -> MachineName:
    name = machine_name(arn)
    if name.alias is None:
        raise invalid_arn(arn)
    return name


async def update_state_machine_alias(engine: Engine, request: Request) -> Answer:
    """UpdateStateMachineAlias: what is not given stays."""
    arn = request["stateMachineAliasArn"]
    machine, alias = _named(engine, arn)
    if request.get("description") is None and request.get("routingConfiguration") is None:
        raise validation("Either description or routing configuration must be specified")
    if machine is None or alias is None:
        raise _missing()
    routes = alias.routes
    if request.get("routingConfiguration") is not None:
        routed, routes = _routes(engine, request["routingConfiguration"])
        if routed is not machine:
            shown = ", ".join(route.version_arn for route in routes)
            raise validation(
                "Routing configuration must contain state machine version ARNs for the same state machine. "
                f"Received: [{shown}]",
                _ROUTING,
            )
    updated = time.time()
    description = request.get("description", alias.description)
    machine.aliases[alias.name] = replace(alias, description=description, routes=routes, updated=updated)
    return {"updateDate": updated}


async def describe_state_machine_alias(engine: Engine, request: Request) -> Answer:
    """DescribeStateMachineAlias."""
    arn = request["stateMachineAliasArn"]
    _machine, alias = _named(engine, arn)
    if alias is None:
        raise not_found(arn)
    routes = [{"stateMachineVersionArn": route.version_arn, "weight": route.weight} for route in alias.routes]
    answer: Answer = {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "routingConfiguration": routes,
        "creationDate": alias.created,
    }
    for key, value in (("description", alias.description), ("updateDate", alias.updated)):
        if value is not None:
            answer[key] = value
    return answer


async def delete_state_machine_alias(engine: Engine, request: Request) -> Answer:
    """DeleteStateMachineAlias: its executions go on; deleting what is not there succeeds."""
    machine, alias = _named(engine, request["stateMachineAliasArn"])
    if machine is not None and alias is not None:
        del machine.aliases[alias.name]
    return {}


async def list_state_machine_aliases(engine: Engine, request: Request) -> Answer:
    """ListStateMachineAliases of a machine, or of one of its versions, by name."""
    name = machine_name(request["stateMachineArn"])
    machine, version, _alias = part_of(engine, name)
    if machine.deleting:
        raise deleting(name.arn)
    leading = set(machine.aliases) if version is None else set(machine.aliases_of(version.number))
    rows = [machine.aliases[alias] for alias in sorted(leading)]
    return page(rows, request, "stateMachineAliases", _row, lambda alias: alias.name)


def _row(alias: Alias) -> Answer:
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}
