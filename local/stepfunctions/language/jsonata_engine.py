"""JSONata expressions: the library's parser and evaluator, bounded and corrected to what AWS answers.

The library keeps "the current expression" of a thread in one place, which callbacks and $now() read. ``evaluate``
puts itself there, so that an expression is parsed once and evaluated often, one evaluation at a time.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from jsonata import jexception, parser, utils
from jsonata import jsonata as library

from local.stepfunctions.language.jsonata_errors import BoundExceededError
from local.stepfunctions.language.jsonata_functions import MEMORY_EXCEEDED, NULL, root_frame, string

MAX_DEPTH: Final = 100
"""Levels of evaluation within each other (measured: AWS takes a sum of 100 terms and refuses 101)."""

MAX_SEQUENCE: Final = 873_782
"""Elements that ``[a..b]`` may have (measured: one more fails)."""

MAX_SECONDS: Final = 5.0
"""How long one evaluation may take; AWS sets a bound that it does not document."""

_ROOT: Final = root_frame()
BUILT_IN: Final = frozenset(_ROOT.bindings)
"""The names of all functions, without the dollar sign."""

_TAKES_NULL: Final = frozenset({"x", "j"})
_JS_GROUP: Final = re.compile(r"\(\?<(?=[A-Za-z_])")
_JS_END: Final = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", re.DOTALL)


def _compile_regex(pattern: str, flags: Any) -> re.Pattern[str]:
    """A JavaScript pattern as Python's: names of groups, ASCII classes, and ``$`` at the very end only."""
    chosen = re.ASCII
    if flags.case_insensitive:
        chosen |= re.IGNORECASE
    translated = _JS_GROUP.sub("(?P<", pattern)
    if flags.multiline:
        chosen |= re.MULTILINE
    else:
        translated = _JS_END.sub(lambda found: found.group(1) or r"\Z", translated)
    return re.compile(translated, chosen)


class Engine(library.Jsonata):  # type: ignore[misc] # the library carries no types
    """One parsed expression."""

    def __init__(self, text: str) -> None:
        """Raises the library's JException when ``text`` cannot be parsed."""
        self.regex_engine = _compile_regex
        self.timeout = None
        self.stack = None
        self.parser = parser.Parser()
        self.ast = self.parser.parse(text, _compile_regex)
        self.errors = None
        self.environment = library.Jsonata.Frame(_ROOT)
        self.timestamp = 0
        self.input = None
        self.validate_input = False
        self.output_convert_nulls = False
        self._depth = 0
        self._deadline = 0.0

    def run(self, bindings: Mapping[str, Any]) -> Any:
        """The result with ``bindings`` as variables: None is undefined, NULL is null.

        Raises JException, BoundExceededError, or what the library lets through.
        """
        library.Jsonata.CURRENT.jsonata = self
        self._depth = 0
        self._deadline = time.monotonic() + MAX_SECONDS
        return self.evaluate(None, bindings)

    def eval(self, expr: Any, input: Any, environment: Any) -> Any:  # noqa: A002 - the library's name
        counted = not environment.is_parallel_call
        if counted:
            self._depth += 1
            self._check()
        before = self.input, self.environment
        try:
            return self._eval(expr, input, environment)
        finally:
            self.input, self.environment = before
            if counted:
                self._depth -= 1

    def _check(self) -> None:
        if self._depth > MAX_DEPTH:
            raise BoundExceededError(
                "Stack overflow error: Check for non-terminating recursive function. "
                f"Consider rewriting as tail-recursive. Depth={self._depth} max={MAX_DEPTH}"
            )
        if time.monotonic() > self._deadline:
            raise BoundExceededError("Expression evaluation timeout: Check for infinite loop")

    def validate_arguments(self, signature: Any, args: Any, context: Any) -> Any:
        """The library takes a null for a missing argument; JSONata refuses it, or makes an array of it."""
        checked = getattr(signature, "signature", None)
        if checked is not None and any(argument is NULL for argument in args or ()):
            args = [
                self._null_argument(checked, place) if argument is NULL else argument
                for place, argument in enumerate(args)
            ]
        return super().validate_arguments(signature, args, context)

    def _null_argument(self, signature: Any, place: int) -> Any:
        parameters = signature._params  # noqa: SLF001 - the library offers no other way to the declared types
        parameter = parameters[min(place, len(parameters) - 1)]
        if parameter.type in _TAKES_NULL:
            return NULL
        if parameter.type != "a":
            raise jexception.JException("T0410", -1, place + 1, signature.function_name)
        if parameter.subtype is not None:
            raise jexception.JException("T0412", -1, place + 1, signature.function_name, parameter.subtype)
        return [NULL]

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str) -> Any:
        """Division by zero and overflow give JavaScript's infinities and NaN; ``%`` keeps fractions."""
        if op in {"/", "%"} and utils.Utils.is_numeric(lhs) and utils.Utils.is_numeric(rhs):
            if rhs == 0:
                return _divided_by_zero(float(lhs)) if op == "/" else math.nan
            if op == "%":
                return utils.Utils.convert_number(math.fmod(lhs, rhs))
        try:
            return super().evaluate_numeric_expression(lhs, rhs, op)
        except jexception.JException as error:
            if error.error == "D1001" and utils.Utils.is_numeric(lhs) and utils.Utils.is_numeric(rhs):
                return error.current
            raise

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        found = super().evaluate_range_expression(lhs, rhs)
        if found is None:
            return None
        numbers = range(int(lhs), int(rhs) + 1)
        if len(numbers) > MAX_SEQUENCE:
            raise BoundExceededError(MEMORY_EXCEEDED)
        return utils.Utils.create_sequence_from_iter(numbers)

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        return (string(lhs) or "") + (string(rhs) or "")

    def evaluate_includes_expression(self, lhs: Any, rhs: Any) -> bool:
        """``in``: true is not 1."""
        if lhs is None or rhs is None:
            return False
        items = rhs if isinstance(rhs, list) else [rhs]
        return any(item == lhs and isinstance(item, bool) == isinstance(lhs, bool) for item in items)


def _divided_by_zero(value: float) -> float:
    return math.nan if value == 0 or math.isnan(value) else math.copysign(math.inf, value)
