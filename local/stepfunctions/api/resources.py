"""From ARNs to what they name, with AWS's refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from local.stepfunctions import arns
from local.stepfunctions.api.errors import (
    deleting,
    does_not_exist,
    invalid_arn,
    no_state_machine,
    validation,
    wrong_resource,
)
from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.machines import Alias, StateMachine, Target, Version

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]


def check_arn(arn: str, *kinds: str) -> arns.Parsed:
    """The ARN in pieces.

    Raises:
        ApiError: InvalidArn, when it is no ARN of Step Functions or none of these kinds.
    """
    parsed = arns.parse(arn)
    if parsed is None:
        raise invalid_arn(arn)
    if parsed.kind not in kinds:
        raise wrong_resource(parsed.kind)
    return parsed


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineName:
    """A state machine's ARN: of the machine (``base``), of a labelled map in it, of a version or of an alias."""

    arn: str
    base: str
    label: str | None = None
    version: int | None = None
    alias: str | None = None

    @property
    def qualified(self) -> bool:
        """Whether the ARN names a part of the machine."""
        return self.arn != self.base


def machine_name(arn: str, *, labelled: bool = False) -> MachineName:
    """What a state machine's ARN names; ``labelled`` where the one of a map may stand.

    Raises:
        ApiError: InvalidArn, or ValidationException for the ARN of a map where none may stand.
    """
    parsed = check_arn(arn, "stateMachine")
    label = parsed.parts[0].partition("/")[2]
    if label:
        if not labelled:
            message = f"This operation does not support the ARN of a Distributed Map state: '{arn}'"
            raise validation(message, "API_DOES_NOT_SUPPORT_LABELED_ARNS")
        return MachineName(arn=arn, base=arn.partition("/")[0], label=label)
    if len(parsed.parts) == 1:
        return MachineName(arn=arn, base=arn)
    if len(parsed.parts) > 2:  # a name and a qualifier
        raise invalid_arn(arn)
    qualifier = parsed.parts[1]
    base = arn.removesuffix(f":{qualifier}")
    if qualifier.isdecimal():
        return MachineName(arn=arn, base=base, version=int(qualifier))
    return MachineName(arn=arn, base=base, alias=qualifier)


def machine_of(engine: Engine, arn: str, *, living: bool = False) -> StateMachine:
    """The state machine of an unqualified ARN; ``living`` refuses one that is being deleted.

    Raises:
        ApiError: InvalidArn, StateMachineDoesNotExist or StateMachineDeleting.
    """
    name = machine_name(arn)
    machine = None if name.qualified else engine.machines.get(arn)
    if machine is None:
        raise no_state_machine(arn)
    if living and machine.deleting:
        raise deleting(arn)
    return machine


def part_of(engine: Engine, name: MachineName) -> tuple[StateMachine, Version | None, Alias | None]:
    """The machine of an ARN with the version or alias that it names.

    Raises:
        ApiError: StateMachineDoesNotExist.
    """
    machine = engine.machines.get(name.base)
    if machine is None:
        raise no_state_machine(name.arn)
    if name.version is not None:
        version = machine.versions.get(name.version)
        if version is None:
            raise no_state_machine(name.arn, "Version")
        return machine, version, None
    if name.alias is not None:
        alias = machine.aliases.get(name.alias)
        if alias is None:
            raise no_state_machine(name.arn, "Alias")
        return machine, None, alias
    return machine, None, None


def target_of(engine: Engine, arn: str) -> Target:
    """What an execution is started from.

    Raises:
        ApiError: InvalidArn, StateMachineDoesNotExist, StateMachineDeleting, ValidationException.
    """
    machine, version, alias = part_of(engine, machine_name(arn))
    if machine.deleting:
        raise deleting(arn)
    if alias is not None:
        return machine.through(alias)
    if version is not None:
        return Target(machine=version.machine, version_arn=version.arn)
    return Target(machine=machine.current)


def labelled_execution(arn: str) -> bool:
    """Whether the ARN is of a Map Run's child.

    Raises:
        ApiError: InvalidArn, also for an EXPRESS execution that is no child: there is nothing to be read of it.
    """
    parsed = check_arn(arn, "execution", "express")
    labelled = "/" in parsed.parts[0]
    if parsed.kind == "express" and not labelled:
        raise wrong_resource(parsed.kind)
    return labelled


def execution_of(engine: Engine, arn: str) -> Execution:
    """The execution of an ARN.

    Raises:
        ApiError: InvalidArn or ExecutionDoesNotExist.
    """
    labelled_execution(arn)
    execution = engine.executions.get(arn)
    if execution is None:
        raise does_not_exist("Execution", arn)
    return execution
