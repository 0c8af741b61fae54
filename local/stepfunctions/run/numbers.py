"""Numbers of a state that are literal, found by a path, or computed by an expression."""

from __future__ import annotations

from local.stepfunctions.definition.nodes import Field
from local.stepfunctions.errors import QueryEvaluationError, RuntimeFailure
from local.stepfunctions.language.jsonata_errors import unexpected_type
from local.stepfunctions.payload import dumps
from local.stepfunctions.scope import Json, Scope


def _refused(field: Field, value: Json, kind: str) -> RuntimeFailure | QueryEvaluationError:
    text = dumps(value).decode()
    shown = text if text.startswith('"') else f'"{text}"'
    if field.name.endswith("Path"):
        return RuntimeFailure(
            f"The {field.name} field refers to value {shown} which is not a valid {kind}: {field.text}"
        )
    return unexpected_type(field.text, field.name, "number", value)


def whole_number(field: Field | None, scope: Scope) -> int | None:
    """The field as a whole number that is not negative, or None when it is not given.

    Raises:
        RuntimeFailure: the path leads to something else, in AWS's words.
        QueryEvaluationError: the expression gives something else.
    """
    if field is None:
        return None
    value = field.evaluate(scope)
    if isinstance(value, float) and value.is_integer() and not field.name.endswith("Path"):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refused(field, value, "integer")
    if value < 0:
        raise RuntimeFailure(f"{field.name.removesuffix('Path')} cannot be negative.")
    return value


def positive_number(field: Field | None, scope: Scope) -> int | None:
    """The field as a whole number above zero, or None when it is not given."""
    value = whole_number(field, scope)
    if value == 0 and field is not None:
        raise RuntimeFailure(f"{field.name.removesuffix('Path')} must be positive.")
    return value


def percentage(field: Field | None, scope: Scope) -> float | None:
    """The field as a number from 0 to 100, or None when it is not given."""
    if field is None:
        return None
    value = field.evaluate(scope)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(field, value, "float")
    if not 0 <= value <= 100:
        raise RuntimeFailure(f"{field.name.removesuffix('Path')} must be between 0 and 100.")
    return float(value)
