"""Assign blocks: the variables that a state sets, within AWS's limits."""

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

MAX_TOTAL_BYTES: Final = 10_485_760
"""UTF-8 bytes of JSON of all variables of an execution (same page)."""


def compile_assign(
    block: Mapping[str, Json], *, language: QueryLanguage, field: str = "Assign", catching: bool = True
) -> Assign:
    """A function from the scope to the new values by name, all read before any is set.

    ``field`` and ``catching`` are those of compile_template. Raises LanguageError with a pointer from the block;
    the function raises DataLimitExceeded when a value, or all together, are larger than a state may set.
    """
    for key in block:
        _check_name(key.removesuffix(".$") if language == "JSONPath" else key)
    evaluate = compile_template(dict(block), language=language, field=field, catching=catching)

    def assign(scope: Scope) -> dict[str, Json]:
        values: dict[str, Json] = evaluate(scope)
        _check_sizes(values, scope.state_name)
        return values

    return assign


def check_total(variables: Mapping[str, Json], *, state_name: str) -> None:
    """Refuse more variables than an execution may hold, after ``state_name`` has set some of them."""
    excess = sum(map(_size, variables.values())) - MAX_TOTAL_BYTES
    if excess > 0:
        raise _exceeded(
            f"Execution total variable size limit exceeded. State '{state_name}' assigned variables "
            f"that exceed the total execution limit by {excess} bytes."
        )


def _check_name(name: str) -> None:
    if name == "states":
        raise LanguageError("Reserved variable name 'states' cannot be assigned")
    if VARIABLE_NAME.fullmatch(name) is None or len(name) > MAX_NAME:
        raise LanguageError(
            f"Invalid variable name '{name}'",
            detail=f"a name has up to {MAX_NAME} letters, digits and underscores, and no digit first",
        )


def _check_sizes(values: Mapping[str, Json], state_name: str) -> None:
    total = 0
    for name, value in values.items():
        size = _size(value)
        assigned = f"Variable '{name}' in state '{state_name}' was assigned {size} bytes"
        if size > MAX_ASSIGNED_BYTES:
            raise _exceeded(f"Variable size limit exceeded. {assigned}.")
        total += size
        if total > MAX_ASSIGNED_BYTES:
            raise _exceeded(
                f"State total variable size limit exceeded. {assigned}, which caused the size of variables "
                f"assigned in the state to exceed its limit by {total - MAX_ASSIGNED_BYTES} bytes."
            )


def _size(value: Json) -> int:
    return len(compact(value).encode("utf-8", "surrogatepass"))


def _exceeded(cause: str) -> DataLimitExceeded:
    failure = DataLimitExceeded(cause)
    failure.placed = True
    return failure
