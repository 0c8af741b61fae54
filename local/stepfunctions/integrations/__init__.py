"""The services that a Task state can call."""

from __future__ import annotations

from local.stepfunctions.integrations.registry import resolve
from local.stepfunctions.integrations.task import (
    Family,
    Integration,
    Pattern,
    TaskCall,
    UnknownResource,
)

__all__ = [
    "Family",
    "Integration",
    "Pattern",
    "TaskCall",
    "UnknownResource",
    "resolve",
]
