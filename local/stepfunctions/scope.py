"""What an expression can see while it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A JSON value as Python holds it: dict, list, str, int, float, bool or None."""

MISSING: Any = object()
"""Marks a value that is absent, where None would mean JSON null."""


@dataclass(slots=True, kw_only=True)
class Scope:
    """The values that paths, templates and JSONata expressions of one state refer to.

    input      ``$`` in JSONPath, ``$states.input`` in JSONata
    context    ``$$`` in JSONPath, ``$states.context`` in JSONata
    variables  ``$name`` in both
    result     ``$states.result`` in JSONata; MISSING where the state has none (yet)
    error_output  ``$states.errorOutput`` in a JSONata Catch; MISSING elsewhere
    state_name    named in the cause of a failure
    """

    input: Json
    context: Mapping[str, Any]
    variables: Mapping[str, Json] = field(default_factory=dict)
    result: Json = MISSING
    error_output: Json = MISSING
    state_name: str = ""
