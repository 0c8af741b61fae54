"""State machines: what was created, with its checked definition."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local.stepfunctions.definition.nodes import Definition, ExecutionType
from local.stepfunctions.definition.parse import parse_definition

_DEFAULT_LOGGING: Mapping[str, Any] = {"level": "OFF", "includeExecutionData": False}
_DEFAULT_TRACING: Mapping[str, Any] = {"enabled": False}
_DEFAULT_ENCRYPTION: Mapping[str, Any] = {"type": "AWS_OWNED_KEY"}


@dataclass(frozen=True, kw_only=True, slots=True)
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
    updated: float | None = None
    revision: str | None = None

    def same_as(self, other: Machine) -> bool:
        """Whether creating the other again would change nothing."""
        mine, others = (
            (
                machine.text,
                machine.role_arn,
                machine.type,
                machine.logging,
                machine.tracing,
                machine.encryption,
            )
            for machine in (self, other)
        )
        return mine == others

    def changed(
        self,
        *,
        text: str | None,
        role_arn: str | None,
        logging: Mapping[str, Any] | None,
        tracing: Mapping[str, Any] | None,
        encryption: Mapping[str, Any] | None,
    ) -> Machine:
        """The next revision.

        Raises:
            InvalidDefinition: when the new definition has mistakes.
        """
        return replace(
            self,
            text=self.text if text is None else text,
            definition=self.definition if text is None else parse_definition(text, machine_type=self.type),
            role_arn=role_arn or self.role_arn,
            logging=self.logging if logging is None else {**_DEFAULT_LOGGING, **logging},
            tracing=self.tracing if tracing is None else {**_DEFAULT_TRACING, **tracing},
            encryption=self.encryption if encryption is None else encryption,
            updated=time.time(),
            revision=str(uuid.uuid4()),
        )


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
        encryption=request.get("encryptionConfiguration", _DEFAULT_ENCRYPTION),
    )
