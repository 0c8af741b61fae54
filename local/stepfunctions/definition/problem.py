"""A mistake in a definition, as AWS reports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ERROR", "WARNING"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A mistake: AWS's code, its message and the JSON pointer of the place (None when it has none)."""

    code: str
    message: str
    pointer: str | None
    severity: Severity = "ERROR"

    def __str__(self) -> str:
        """As CreateStateMachine lists it; AWS prints a missing place as null."""
        return f"{self.code}: {self.message} at {'null' if self.pointer is None else self.pointer or '/'}"

    def describe(self) -> dict[str, str]:
        """As ValidateStateMachineDefinition lists it."""
        shown = {"severity": self.severity, "code": self.code, "message": self.message}
        return shown if self.pointer is None else shown | {"location": self.pointer or "/"}
