"""Intrinsic functions (``States.*``), compiled to closures over the scope."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from local.stepfunctions.errors import RuntimeFailure
from local.stepfunctions.language import java
from local.stepfunctions.language.diagnostics import LanguageError, compact
from local.stepfunctions.language.intrinsic_functions import FUNCTIONS, InvalidArgumentsError, json_to_string
from local.stepfunctions.language.intrinsic_syntax import (
    NOT_A_CALL,
    Argument,
    Call,
    PathArgument,
    Scalar,
    Text,
    parse_call,
    unescape,
)
from local.stepfunctions.language.jsonpath import Evaluate, PathNotFound, compile_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.stepfunctions.scope import Json, Scope

FORMAT: Final = "States.Format"
_TEMPLATE_PART: Final = re.compile(r"\\(?P<escaped>.)|(?P<hole>\{\})|(?P<brace>[{}])|(?P<text>[^\\{}]+)", re.DOTALL)


Pieces: TypeAlias = "Callable[[Scope], list[str]]"


class _RefusedError(Exception):
    """What a call's cause says after the call itself."""


@functools.lru_cache(maxsize=4096)
def compile_intrinsic(text: str) -> Evaluate:
    """The call that ``text`` writes; raises LanguageError where it is none.

    The compiled call raises RuntimeFailure: AWS names a failed function so, and quotes the whole call.
    """
    call = _compile(parse_call(text))

    def evaluate(scope: Scope) -> Json:
        try:
            return call(scope)
        except PathNotFound as missing:
            if missing.document is None:
                raise
            raise RuntimeFailure(
                f"The function '{text}' had the following error: The JsonPath argument for the field "
                f"'{missing.path}' could not be found in the input '{compact(missing.document)}'"
            ) from missing
        except _RefusedError as refused:
            raise RuntimeFailure(
                f"There was an error while evaluating the intrinsic function: {text}. {refused}"
            ) from refused

    return evaluate


def _compile(call: Call) -> Evaluate:
    if call.name == FORMAT:
        return _compile_format(call)
    function = FUNCTIONS.get(call.name)
    if function is None:
        known = ", ".join(sorted([*FUNCTIONS, FORMAT]))
        raise LanguageError(NOT_A_CALL, detail=f"'{call.name}' is none of {known}")
    count = len(call.arguments)
    if count < function.fewest or (function.most is not None and count > function.most):
        takes = function.fewest if function.fewest == function.most else f"{function.fewest} to {function.most}"
        raise LanguageError(NOT_A_CALL, detail=f"'{call.name}' takes {takes} arguments, got {count}")
    arguments = [_argument(argument) for argument in call.arguments]
    name, apply = call.name, function.call

    def evaluate(scope: Scope) -> Json:
        values = [argument(scope) for argument in arguments]
        try:
            return apply(*values)
        except InvalidArgumentsError as fault:
            raise _RefusedError(f"Invalid arguments in {name}") from fault

    return evaluate


def _argument(argument: Argument) -> Evaluate:
    if isinstance(argument, Call):
        return _compile(argument)
    if isinstance(argument, PathArgument):
        return compile_path(argument.text).evaluate
    value: Any = argument.value if isinstance(argument, Scalar) else unescape(argument.raw)
    return lambda _scope: value


def _compile_format(call: Call) -> Evaluate:
    if not call.arguments:
        raise LanguageError(NOT_A_CALL, detail=f"'{FORMAT}' takes a template first, got no argument")
    template, *rest = call.arguments
    pieces_of = _template(template)
    printed = [(_argument(argument), _printer(argument)) for argument in rest]

    def evaluate(scope: Scope) -> Json:
        pieces = pieces_of(scope)
        values = [show(argument(scope)) for argument, show in printed]
        if len(values) != len(pieces) - 1:
            raise _RefusedError(
                f"Invalid arguments in {FORMAT}: number of arguments do not match the occurrences of {{}}."
            )
        return pieces[0] + "".join(value + piece for value, piece in zip(values, pieces[1:], strict=True))

    return evaluate


def _printer(argument: Argument) -> Callable[[Any], str]:
    """How States.Format prints an argument: Java's text, but JSON for what a nested StringToJson gives."""
    parsed = isinstance(argument, Call) and argument.name == "States.StringToJson"
    return json_to_string if parsed else java.text


def _template(argument: Argument) -> Pieces:
    """A function from the scope to the template's pieces between its holes."""
    if isinstance(argument, Text):
        return _fixed(argument.raw)
    given = _argument(argument)

    def pieces(scope: Scope) -> list[str]:
        value = given(scope)
        if not isinstance(value, str):
            raise _RefusedError(f"Invalid arguments in {FORMAT}")
        return _pieces(value)

    return pieces


def _fixed(raw: str) -> Pieces:
    try:
        pieces = _pieces(raw)
    except _RefusedError as refused:
        message = str(refused)

        def fail(_scope: Scope) -> list[str]:
            raise _RefusedError(message)

        return fail
    return lambda _scope: pieces


def _pieces(raw: str) -> list[str]:
    """The texts between the holes ``{}`` of a template; a brace that is not one stands after a backslash."""
    pieces = [""]
    for part in _TEMPLATE_PART.finditer(raw):
        if part["brace"]:
            ends = ("}", "{") if part["brace"] == "{" else ("{", "}")
            raise _RefusedError(f"Invalid template in {FORMAT}: matching '{ends[0]}' not found for '{ends[1]}'.")
        if part["hole"]:
            pieces.append("")
        else:
            pieces[-1] += part["escaped"] or part["text"]
    return pieces
