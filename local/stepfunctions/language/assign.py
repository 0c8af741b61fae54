"""Assign blocks: the variables that a state sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from local.stepfunctions.errors import DataLimitExceeded
from local.stepfunctions.language.diagnostics import LanguageError, compact
from local.stepfunctions.language.path_syntax import VARIABLE_NAME
from local.stepfunctions.language.template import QueryLanguage, compile_template
from local.stepfunctions.scope import Json, Scope

Assign: TypeAlias = Callable[[Scope], dict[str, Json]]

MAX_NAME: Final = 80
"""Characters of a variable's name (Developer Guide, "Passing data between states with variables")."""

MAX_ASSIGNED_BYTES: Final = 262_144
"""UTF-8 bytes of JSON of a variable, and of all variables that one Assign sets (same page)."""


def compile_assign(
    block: Mapping[str, Json], *, language: QueryLanguage, field: str = "Assign", catching: bool = True
) -> Assign:
    """A function from the scope to the new values by name, all read before any is set.

    Raises LanguageError with a pointer from the block; the function raises DataLimitExceeded when the values together
    are larger than a state may set.
    """
    for key in block:
        name = key.removesuffix(".$") if language == "JSONPath" else key
        _check_name(name)
    evaluate = compile_template(dict(block), language=language, field=field, catching=catching)

    def assign(scope: Scope) -> dict[str, Json]:
        values: dict[str, Json] = evaluate(scope)
        size = sum(len(compact(value).encode("utf-8", "surrogatepass")) for value in values.values())
        if size > MAX_ASSIGNED_BYTES:
            raise DataLimitExceeded(
                f"The variables of the state take {size} bytes, over the limit of {MAX_ASSIGNED_BYTES}."
            )
        return values

    return assign


def _check_name(name: str) -> None:
    if name == "states":
        raise LanguageError("Reserved variable name 'states' cannot be assigned")
    if VARIABLE_NAME.fullmatch(name) is None or len(name) > MAX_NAME:
        raise LanguageError(f"Invalid variable name '{name}'")
