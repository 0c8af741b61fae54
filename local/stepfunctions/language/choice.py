"""Rules of a Choice state: what a rule compares, with AWS's strictness about types."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from local.stepfunctions.errors import RuntimeFailure
from local.stepfunctions.language.diagnostics import LanguageError
from local.stepfunctions.language.jsonata import compile_expression, is_expression, unwrap
from local.stepfunctions.language.jsonata_errors import unexpected_type
from local.stepfunctions.language.jsonpath import Evaluate, PathNotFound, compile_path
from local.stepfunctions.language.path_values import is_number
from local.stepfunctions.language.template import QueryLanguage
from local.stepfunctions.scope import MISSING, Json, Scope

Condition: TypeAlias = Callable[[Scope], bool]

_BESIDE: Final = frozenset({"Next", "Comment", "Assign", "Output"})
_COMBINED: Final = ("And", "Or", "Not")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d(?::\d\d)?)")


def compile_rule(rule: Mapping[str, Json], *, language: QueryLanguage, field: str = "Condition") -> Condition:
    """A function of the scope that tells whether the rule holds; raises LanguageError with a pointer.

    ``rule`` is an element of Choices; its Next, Comment, Assign and Output are left to the caller. ``field`` is
    the Condition's name in causes ("Choices[0]/Condition"). The rule raises RuntimeFailure where a path finds
    nothing, and QueryEvaluationError where a Condition gives no boolean.
    """
    return _jsonata_rule(rule, field) if language == "JSONata" else _rule(rule, beside=_BESIDE)


def _jsonata_rule(rule: Mapping[str, Json], field: str) -> Condition:
    condition = rule.get("Condition", MISSING)
    if isinstance(condition, bool):
        return lambda _scope: condition
    if condition is MISSING or not is_expression(condition):
        raise LanguageError(
            "The value of a Condition must be a boolean or a JSONata expression",
            "/Condition",
            detail=f"got {None if condition is MISSING else condition!r}; write it between {{% and %}}",
        )
    try:
        evaluate = compile_expression(condition, field=field, catching=False)
    except LanguageError as fault:
        raise fault.under("/Condition") from fault
    expression = unwrap(condition)

    def holds(scope: Scope) -> bool:
        value = evaluate(scope)
        if not isinstance(value, bool):
            raise unexpected_type(expression, field, "boolean", value)
        return value

    return holds


def _rule(rule: Json, *, beside: frozenset[str]) -> Condition:
    if not isinstance(rule, Mapping):
        raise LanguageError("Expected value of type [OBJECT]", detail=f"a choice rule, got {rule!r}")
    keys = [key for key in rule if key not in beside]
    for name in _COMBINED:
        if name in keys:
            if len(keys) > 1:
                raise LanguageError(f"A rule with '{name}' takes no other comparison", detail=", ".join(keys))
            return _combined(name, rule[name])
    if "Variable" not in keys:
        raise LanguageError("These fields are required: [Variable]")
    comparisons = [key for key in keys if key != "Variable"]
    if len(comparisons) != 1:
        raise LanguageError(
            "A rule needs exactly one comparison operator", detail=", ".join(comparisons) or "there is none"
        )
    return _comparison(rule["Variable"], comparisons[0], rule[comparisons[0]])


def _combined(name: str, terms: Json) -> Condition:
    if name == "Not":
        inner = _nested(terms, "/Not")
        return lambda scope: not inner(scope)
    if not isinstance(terms, list) or not terms:
        raise LanguageError("Expected a non-empty array of rules", f"/{name}")
    conditions = [_nested(term, f"/{name}[{place}]") for place, term in enumerate(terms)]
    if name == "And":
        return lambda scope: all(condition(scope) for condition in conditions)
    return lambda scope: any(condition(scope) for condition in conditions)


def _nested(term: Json, place: str) -> Condition:
    try:
        return _rule(term, beside=frozenset({"Comment"}))
    except LanguageError as fault:
        raise fault.under(place) from fault


def _operand(text: Json, key: str) -> Evaluate:
    """A path of a rule, which must find something when the rule is tried."""
    if not isinstance(text, str):
        raise LanguageError("Expected value of type [STRING]", f"/{key}", detail=f"a path, got {text!r}")
    try:
        find = compile_path(text).evaluate
    except LanguageError as fault:
        raise fault.under(f"/{key}") from fault

    def value(scope: Scope) -> Json:
        try:
            return find(scope)
        except PathNotFound as missing:
            raise RuntimeFailure(
                f"Invalid path '{text}': The choice state's condition path references an invalid value."
            ) from missing

    return value


def _comparison(variable: Json, name: str, expected: Json) -> Condition:
    if name in _TYPE_TESTS or name == "IsPresent":
        if not isinstance(expected, bool):
            raise LanguageError("Expected value of type [BOOLEAN]", f"/{name}", detail=f"got {expected!r}")
        return _type_test(variable, name, expected)
    by_path = name.endswith("Path")
    comparison = _COMPARISONS.get(name.removesuffix("Path") if by_path else name)
    if comparison is None or (by_path and name == "StringMatchesPath"):
        known = ", ".join([*_COMPARISONS, *(f"{known}Path" for known in _COMPARISONS), "IsPresent", *_TYPE_TESTS])
        raise LanguageError(f"'{name}' is no comparison operator", f"/{name}", detail=f"these are: {known}")
    read, holds, kind = comparison
    left = _operand(variable, "Variable")
    if by_path:
        right = _operand(expected, name)
        return lambda scope: _holds(read(left(scope)), read(right(scope)), holds)
    fixed = _pattern(expected) if name == "StringMatches" else read(expected)
    if fixed is MISSING:
        raise LanguageError(f"Expected value of type [{kind}]", f"/{name}", detail=f"got {expected!r}")
    return lambda scope: _holds(read(left(scope)), fixed, holds)


def _holds(left: Any, right: Any, holds: Callable[[Any, Any], bool]) -> bool:
    return left is not MISSING and right is not MISSING and holds(left, right)


def _type_test(variable: Json, name: str, expected: bool) -> Condition:
    value = _operand(variable, "Variable")
    if name == "IsPresent":
        find = compile_path(variable).evaluate

        def present(scope: Scope) -> bool:
            try:
                find(scope)
            except PathNotFound:
                return not expected
            return expected

        return present
    test = _TYPE_TESTS[name]
    return lambda scope: test(value(scope)) is expected


def _text(value: Json) -> Any:
    return value if value.__class__ is str else MISSING


def _number(value: Json) -> Any:
    return value if is_number(value) else MISSING


def _boolean(value: Json) -> Any:
    return value if value.__class__ is bool else MISSING


@functools.lru_cache(maxsize=1024)
def _instant(text: str) -> Any:
    """The instant that an RFC 3339 timestamp names, as (seconds since the epoch, nanoseconds), or MISSING."""
    if _TIMESTAMP.fullmatch(text) is None:
        return MISSING
    whole, _, rest = text.upper().partition(".")
    fraction = re.match(r"\d*", rest)
    digits = fraction.group() if fraction is not None else ""
    try:
        moment = datetime.fromisoformat(whole + rest[len(digits) :])
    except ValueError:
        return MISSING
    return int(moment.timestamp()), int(digits.ljust(9, "0"))


def _timestamp(value: Json) -> Any:
    return _instant(value) if isinstance(value, str) else MISSING


def _pattern(text: Json) -> Any:
    r"""A StringMatches pattern as a regular expression: ``*`` is any text, ``\*`` and ``\\`` are themselves."""
    if not isinstance(text, str):
        return MISSING
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", text)
    return re.compile("".join(".*" if part == "*" else re.escape(_plain(part)) for part in parts), re.DOTALL)


def _plain(part: str) -> str:
    return part[1:] if part in {"\\*", "\\\\"} else part


def _matches(text: str, pattern: re.Pattern[str]) -> bool:
    return pattern.fullmatch(text) is not None


_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_READERS: Final[dict[str, tuple[Callable[[Json], Any], str]]] = {
    "String": (_text, "STRING"),
    "Numeric": (_number, "NUMBER"),
    "Timestamp": (_timestamp, "TIMESTAMP"),
}
_Comparison: TypeAlias = "tuple[Callable[[Json], Any], Callable[[Any, Any], bool], str]"
_COMPARISONS: Final[dict[str, _Comparison]] = {
    **{
        f"{kind}{order}": (read, holds, expected)
        for kind, (read, expected) in _READERS.items()
        for order, holds in _ORDERS.items()
    },
    "BooleanEquals": (_boolean, operator.eq, "BOOLEAN"),
    "StringMatches": (_text, _matches, "STRING"),
}
"""By operator: how a value is read (MISSING if of the wrong type), the comparison, the type's name."""

_TYPE_TESTS: Final[dict[str, Callable[[Json], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": is_number,
    "IsString": lambda value: value.__class__ is str,
    "IsBoolean": lambda value: value.__class__ is bool,
    "IsTimestamp": lambda value: _timestamp(value) is not MISSING,
}
