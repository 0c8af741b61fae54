"""JSONata expressions of the Amazon States Language, compiled to functions of the scope."""

from __future__ import annotations

import functools
import math
import re
from typing import Any, Final

from jsonata import jexception, utils
from jsonata import jsonata as library
from jsonata.parser import Parser

from local.stepfunctions.language import jsonata_errors
from local.stepfunctions.language.diagnostics import INVALID_JSONATA_EXPRESSION, LanguageError
from local.stepfunctions.language.jsonata_check import check
from local.stepfunctions.language.jsonata_engine import BUILT_IN, Engine
from local.stepfunctions.language.jsonata_errors import BoundExceededError
from local.stepfunctions.language.jsonata_functions import NULL, with_nulls
from local.stepfunctions.language.jsonpath import Evaluate
from local.stepfunctions.scope import MISSING, Json, Scope

_TRIVIAL: Final = re.compile(r"\$(?P<root>[A-Za-z_]\w*)(?P<names>(?:\.[A-Za-z_]\w*)*)", re.ASCII)
_WORDS: Final = frozenset({"and", "or", "in", "true", "false", "null", "function"})
_ATOMS: Final = frozenset({str, int, bool, type(None)})
_WHOLE_BELOW: Final = 2.0**63
_STATES: Final = {"input": "input", "context": "context", "result": "result", "errorOutput": "error_output"}


def is_expression(value: Json) -> bool:
    """Whether a value of a template is an expression: a string that begins ``{%`` and ends ``%}``."""
    return isinstance(value, str) and len(value) > 3 and value.startswith("{%") and value.endswith("%}")


def unwrap(text: str) -> str:
    """The expression without ``{%`` and ``%}`` and the blanks inside; any other text as it is."""
    return text[2:-2].strip() if is_expression(text) else text


@functools.lru_cache(maxsize=4096)
def compile_expression(text: str, *, field: str = "", catching: bool = True) -> Evaluate:
    """The expression that ``text`` writes, with or without ``{% %}``; raises LanguageError where it is none.

    ``field`` is the field as AWS names it in causes ("Output/a[0]"). AWS refuses $states.errorOutput outside the
    Output and Assign of a Catch: pass ``catching=False`` there.
    The compiled expression gives JSON and raises QueryEvaluationError; an undefined result is an error too.
    """
    expression = unwrap(text)
    engine = parse_expression(text)
    used = check(engine.ast, catching=catching)
    slow = _evaluation(engine, expression, field, used)
    return _trivial(expression, field, slow) or slow


@functools.lru_cache(maxsize=4096)
def parse_expression(text: str) -> Engine:
    """The parsed expression, with or without ``{% %}``; raises LanguageError where it is none."""
    expression = unwrap(text)
    try:
        return Engine(expression)
    except jexception.JException as error:
        _, message = jsonata_errors.explain(error)
        raise LanguageError(message, code=INVALID_JSONATA_EXPRESSION, detail=f"'{expression}'") from error
    except (re.error, ValueError, IndexError, AttributeError) as error:
        raise LanguageError(str(error), code=INVALID_JSONATA_EXPRESSION, detail=f"'{expression}'") from error


def _evaluation(engine: Engine, expression: str, field: str, used: frozenset[str]) -> Evaluate:
    def evaluate(scope: Scope) -> Json:
        bindings = {name: with_nulls(value) for name, value in scope.variables.items() if name in used}
        bindings["states"] = _states(scope, used)
        try:
            found = engine.run(bindings)
        except (jexception.JException, BoundExceededError) as error:
            raise jsonata_errors.failed(expression, field, error) from error
        except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
            # The library lets such errors through where JSONata defines one of its own.
            raise jsonata_errors.failed(expression, field, error) from error
        if found is None:
            raise jsonata_errors.undefined(expression, field)
        if _is_function(found):
            raise jsonata_errors.unsupported(expression, field)
        return plain(found)

    return evaluate


def _states(scope: Scope, used: frozenset[str]) -> dict[str, Any]:
    """``$states``, its values made ready for the library where the expression names them."""
    values = {
        "input": scope.input,
        "context": scope.context,
        "result": scope.result,
        "errorOutput": scope.error_output,
    }
    return {
        name: with_nulls(value if isinstance(value, list | dict) or name != "context" else dict(value))
        for name, value in values.items()
        if value is not MISSING and (name in used or "*" in used)
    }


def _is_function(value: Any) -> bool:
    return isinstance(value, library.Jsonata.JFunctionCallable | Parser.Symbol | re.Pattern)


def plain(value: Any) -> Json:
    """A result as JSON: the library's lists and null as Python's, whole numbers as integers, functions left out.

    What needs no change is shared, not copied. Numbers that are not finite become the strings that AWS writes.
    """
    kind = value.__class__
    if kind in _ATOMS:
        return value
    if kind is float:
        return _number(value)
    if kind is dict:
        for item in value.values():
            if item.__class__ not in _ATOMS:
                return _plain_object(value)
        return value
    if kind is list:
        for item in value:
            if item.__class__ not in _ATOMS:
                return _plain_list(value)
        return value
    if isinstance(value, utils.Utils.JList | list):
        return _plain_list(list(value))
    return None if value is NULL or _is_function(value) else value


def _plain_object(value: dict[str, Any]) -> dict[str, Json]:
    changed = {key: plain(item) for key, item in value.items() if not _is_function(item)}
    same = len(changed) == len(value) and all(changed[key] is item for key, item in value.items())
    return value if same else changed


def _plain_list(value: list[Any]) -> list[Json]:
    items = [plain(item) for item in value]
    return value if all(new is old for new, old in zip(items, value, strict=True)) else items


def _number(value: float) -> Json:
    if not math.isfinite(value):
        return jsonata_errors.number_text(value)
    return int(value) if value.is_integer() and abs(value) < _WHOLE_BELOW else value


def _trivial(expression: str, field: str, slow: Evaluate) -> Evaluate | None:
    """A quick equivalent of ``$states.input.a.b``, ``$states.context.x`` or ``$variable.a``, if it is one."""
    matched = _TRIVIAL.fullmatch(expression)
    if matched is None:
        return None
    root = matched["root"]
    names = matched["names"].split(".")[1:]
    if root in BUILT_IN or _WORDS.intersection(names):
        return None
    if root == "states":
        if not names or names[0] not in _STATES:
            return None
        return _from_states(_STATES[names[0]], names[1:], expression, field, slow)
    return _from_variable(root, names, expression, field, slow)


def _from_states(attribute: str, names: list[str], expression: str, field: str, slow: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> Json:
        return _descend(getattr(scope, attribute), names, expression, field, slow, scope)

    return evaluate


def _from_variable(name: str, names: list[str], expression: str, field: str, slow: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> Json:
        return _descend(scope.variables.get(name, MISSING), names, expression, field, slow, scope)

    return evaluate


def _descend(node: Any, names: list[str], expression: str, field: str, slow: Evaluate, scope: Scope) -> Json:
    for name in names:
        if node.__class__ is dict:
            node = node.get(name, MISSING)
        elif node.__class__ is list:
            return slow(scope)
        else:
            node = MISSING
            break
    if node is MISSING:
        raise jsonata_errors.undefined(expression, field)
    return plain(node)
