"""State machines: their revisions, each with its checked definition, and the versions and aliases made of them."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import orjson

from local.stepfunctions.definition.nodes import Definition, DistributedMapState, ExecutionType
from local.stepfunctions.definition.parse import parse_definition
from local.stepfunctions.language import variable_references
from local.stepfunctions.maprun.record import generated_label

_DEFAULT_LOGGING: Final[Mapping[str, Any]] = {"level": "OFF", "includeExecutionData": False}
_DEFAULT_TRACING: Final[Mapping[str, Any]] = {"enabled": False}
_DEFAULT_ENCRYPTION: Final[Mapping[str, Any]] = {"type": "AWS_OWNED_KEY"}
_DEFAULT_REUSE_SECONDS: Final = 300
"""kmsDataKeyReusePeriodSeconds of a customer managed key that names none."""

FULL_WEIGHT: Final = 100
"""What the weights of an alias's routes add up to."""


def encryption_of(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The encryption configuration of a request, with what AWS puts where nothing is given."""
    if given is None or given["type"] == _DEFAULT_ENCRYPTION["type"]:
        return _DEFAULT_ENCRYPTION
    return {"kmsDataKeyReusePeriodSeconds": _DEFAULT_REUSE_SECONDS, **given}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One revision of a state machine; an execution keeps the one that it started with."""

    arn: str
    name: str
    type: ExecutionType
    role_arn: str
    text: str
    definition: Definition
    logging: Mapping[str, Any] = field(default_factory=lambda: _DEFAULT_LOGGING)
    tracing: Mapping[str, Any] = field(default_factory=lambda: _DEFAULT_TRACING)
    encryption: Mapping[str, Any] = field(default_factory=lambda: _DEFAULT_ENCRYPTION)
    created: float = field(default_factory=time.time)
    updated: float = 0.0
    """When the revision was made; 0 for the first one, which is as old as the machine."""
    revision: str | None = None
    """None for the first one."""

    @property
    def revised(self) -> float:
        """When the revision was made."""
        return self.updated or self.created

    @cached_property
    def variable_references(self) -> dict[str, list[str]]:
        """The variables that each state reads."""
        return variable_references(orjson.loads(self.text))

    def same_as(self, other: Machine) -> bool:
        """Whether creating the other again would change nothing: AWS leaves the role and the tags out."""
        mine, others = (
            (machine.text, machine.type, machine.logging, machine.tracing, machine.encryption)
            for machine in (self, other)
        )
        return mine == others

    def changed(
        self,
        *,
        text: str | None = None,
        role_arn: str | None = None,
        logging: Mapping[str, Any] | None = None,
        tracing: Mapping[str, Any] | None = None,
        encryption: Mapping[str, Any] | None = None,
    ) -> Machine:
        """The next revision, or this one when nothing is different.

        Raises:
            InvalidDefinition: when the new definition has mistakes.
        """
        changed = replace(
            self,
            text=self.text if text is None else text,
            role_arn=role_arn or self.role_arn,
            logging=self.logging if logging is None else {**_DEFAULT_LOGGING, **logging},
            tracing=self.tracing if tracing is None else {**_DEFAULT_TRACING, **tracing},
            encryption=self.encryption if encryption is None else encryption_of(encryption),
        )
        if changed.same_as(self) and changed.role_arn == self.role_arn:
            return self
        definition = self.definition if text is None else parse_definition(text, machine_type=self.type)
        return replace(changed, definition=definition, updated=time.time(), revision=str(uuid.uuid4()))

    def map_labelled(self, label: str) -> DistributedMapState | None:
        """The distributed map of a label, given or generated."""
        for state in self.definition.maps:
            if label in (state.label, generated_label(self.arn, state.pointer)):
                return state
        return None


def new_machine(arn: str, name: str, request: Mapping[str, Any]) -> Machine:
    """A machine from a CreateStateMachine request.

    Raises:
        InvalidDefinition: with every mistake of the definition.
    """
    machine_type: ExecutionType = request.get("type", "STANDARD")
    text = request["definition"]
    return Machine(
        arn=arn,
        name=name,
        type=machine_type,
        role_arn=request["roleArn"],
        text=text,
        definition=parse_definition(text, machine_type=machine_type),
        logging={**_DEFAULT_LOGGING, **request.get("loggingConfiguration", {})},
        tracing={**_DEFAULT_TRACING, **request.get("tracingConfiguration", {})},
        encryption=encryption_of(request.get("encryptionConfiguration")),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A published revision."""

    arn: str
    number: int
    machine: Machine
    description: str | None
    created: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A version that an alias leads to, in this many of a hundred executions."""

    version_arn: str
    number: int
    weight: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Alias:
    """A name for one or two versions."""

    arn: str
    name: str
    description: str | None
    routes: tuple[Route, ...]
    created: float = field(default_factory=time.time)
    updated: float | None = None

    def choose(self, drawn: float) -> Route:
        """The route of an execution; ``drawn`` from 0 to 1, without 1."""
        left = drawn * FULL_WEIGHT
        for route in self.routes:
            left -= route.weight
            if left < 0:
                return route
        return self.routes[-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What an execution is started from: a revision, and the version and alias that led to it."""

    machine: Machine
    version_arn: str | None = None
    alias_arn: str | None = None


@dataclass(slots=True, kw_only=True)
class StateMachine:
    """A state machine: its current revision, its versions by number and its aliases by name."""

    current: Machine
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    last_version: int = 0
    """Numbers are not used again."""
    deleting: bool = False

    def publish(self, description: str | None, at: float) -> Version:
        """The version of the current revision: a new one, unless there is one."""
        for version in self.versions.values():
            if version.machine is self.current:
                return version
        self.last_version += 1
        number = self.last_version
        version = Version(
            arn=f"{self.current.arn}:{number}",
            number=number,
            machine=self.current,
            description=description,
            created=at,
        )
        self.versions[number] = version
        return version

    def aliases_of(self, number: int) -> list[str]:
        """The names of the aliases that lead to a version."""
        return [alias.name for alias in self.aliases.values() if any(route.number == number for route in alias.routes)]

    def through(self, alias: Alias) -> Target:
        """What an execution through the alias is started from, drawn by the weights of its routes."""
        route = alias.choose(random.random())  # noqa: S311 - a share of executions, no secret
        version = self.versions[route.number]
        return Target(machine=version.machine, version_arn=version.arn, alias_arn=alias.arn)
