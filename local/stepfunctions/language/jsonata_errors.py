"""What AWS says when a JSONata expression cannot be read, fails, or gives something that it may not."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any, Final

from jsonata import jexception

from local.stepfunctions.errors import QueryEvaluationError
from local.stepfunctions.language.diagnostics import compact

_CODE: Final = re.compile(r"[SDT]\d{4}")
_HOLE: Final = re.compile(r"\{\{\{\w+\}\}\}|\{\{\w+\}\}")
_ELEMENTS: Final = {
    "a": "arrays",
    "b": "booleans",
    "f": "functions",
    "n": "numbers",
    "o": "objects",
    "s": "strings",
}
_LONG: Final = 2**63
_SMALLEST_PLAIN: Final = -6
_SMALLEST_LARGE: Final = 21
"""ECMAScript, Number::toString: powers of ten between which no exponent is written."""

_BARE: Final = {
    "Second argument of replace function cannot be an empty string": "D3010",
    "Fourth argument of replace function must evaluate to a positive number": "D3011",
}


class BoundExceededError(Exception):
    """An evaluation went past one of the bounds that AWS sets; the text is AWS's."""


def explain(error: jexception.JException) -> tuple[str, str]:
    """The code and the text of an error of the JSONata library, worded as JSONata's reference does.

    The library's own texts say "Object" for "function" and print values as Python does.
    """
    code = str(error.error)
    if _CODE.fullmatch(code) is None:
        return _BARE.get(code, ""), code
    template = jexception.JException.error_codes.get(code, code).replace("Object", "function")
    values = [error.current, error.expected, error.extra]
    if code == "T0412":
        values[2] = _ELEMENTS.get(str(error.extra)[:1], error.extra)
    elif code == "D1002":
        values[0] = error.expected
    elif code == "D3100":
        values[0] = error.location
    remaining = iter(values)
    return code, _HOLE.sub(lambda hole: _fill(hole.group(), next(remaining, None)), template)


def _fill(hole: str, value: Any) -> str:
    if hole.startswith("{{{"):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _sentence(expression: str, field: str) -> str:
    return f"The JSONata expression '{expression}' specified for the field '{field}'"


def failed(expression: str, field: str, error: Exception) -> QueryEvaluationError:
    """The failure of an expression that threw ``error``."""
    sentence = f"{_sentence(expression, field)} threw an error during evaluation"
    if isinstance(error, jexception.JException):
        code, text = explain(error)
        tail = f". {code}: {text}" if code else f". {text}"
    else:
        tail = f": {error}"
    return QueryEvaluationError(sentence + tail, location=field)


def undefined(expression: str, field: str) -> QueryEvaluationError:
    """The failure of an expression that gave nothing."""
    return QueryEvaluationError(f"{_sentence(expression, field)} returned nothing (undefined).", location=field)


def unsupported(expression: str, field: str) -> QueryEvaluationError:
    """The failure of an expression that gave a function, which is no JSON."""
    return QueryEvaluationError(f"{_sentence(expression, field)} returned an unsupported result type.", location=field)


def unexpected_type(expression: str, field: str, expected: str, value: Any) -> QueryEvaluationError:
    """The failure of an expression that gave JSON of another type than its field takes ("array", "boolean")."""
    return QueryEvaluationError(
        f"{_sentence(expression, field)} returned an unexpected result type. "
        f"Expected '{expected}', but was '{type_name(value)}' for value: {compact(value)}",
        location=field,
    )


def type_name(value: Any) -> str:
    """The name of a JSON value's type in AWS's texts."""
    if value is None:
        return "null"
    names = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")


def number_text(value: float) -> str:
    """A number as JavaScript prints it after ``toPrecision(15)``, whole numbers in full below 1e21."""
    if value.__class__ is float and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value.__class__ is int and abs(value) < _LONG:
        return str(value)
    number = float(value) or 0.0
    shown = Decimal(repr(number if number.is_integer() else float(f"{number:.15g}"))).normalize()
    power = shown.adjusted()
    if _SMALLEST_PLAIN <= power < _SMALLEST_LARGE:
        return format(shown, "f")
    return f"{shown.scaleb(-power):f}e{'+' if power > 0 else '-'}{abs(power)}"
