"""The JSONata functions that Step Functions adds or bounds (Developer Guide, "Transforming data with JSONata")."""

from __future__ import annotations

import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from typing import Any, Final, NoReturn

from jsonata import functions, jexception, utils
from jsonata import jsonata as library

from local.stepfunctions.language import java
from local.stepfunctions.language.jsonata_errors import BoundExceededError, number_text

MEMORY_EXCEEDED: Final = "Expression evaluation memory limit exceeded: Check for excessive memory usage"
MAX_PADDING: Final = 262_144
"""Characters that $pad may add (measured: one more fails)."""

MAX_RANGE: Final = 360_145
"""Elements that $range may give (measured: one more fails)."""

NULL: Final[Any] = utils.Utils.NULL_VALUE

_LONG: Final = 1 << 63
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")
_ALGORITHMS: Final = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


def fail(message: str) -> NoReturn:
    raise jexception.JException("D3137", -1, message)


def sequence(items: Any) -> Any:
    """A JSONata sequence: one item stands for itself, none is nothing."""
    return utils.Utils.create_sequence_from_iter(items)


def partition(values: Any, size: Any) -> Any:
    if values is None or not values:
        return None
    length = len(values) if size is None else int(size)
    if length < 0:
        fail("Second argument must be zero or greater")
    if length == 0:
        return None
    return [list(values[start : start + length]) for start in range(0, len(values), length)]


def range_of(first: Any, last: Any, step: Any) -> Any:
    if first is None or last is None or step is None or int(step) == 0:
        return None
    start, end, stride = int(first), int(last), int(step)
    found = range(start, end + (1 if stride > 0 else -1), stride)
    if (end - start) // stride + 1 > MAX_RANGE:
        raise BoundExceededError(MEMORY_EXCEEDED)
    return sequence(found)


def hash_of(value: Any, algorithm: Any) -> Any:
    if value is None or algorithm is None:
        return None
    if algorithm not in _ALGORITHMS:
        fail(f"Unsupported algorithm: {algorithm}. Use one of {', '.join(_ALGORITHMS)}")
    return _ALGORITHMS[algorithm](value.encode()).hexdigest()


def random_number(seed: Any) -> float:
    return random.random() if seed is None else java.Random(int(seed)).unit()  # noqa: S311 - no secret


def new_uuid() -> str:
    return str(uuid.uuid4())


def parse(text: Any) -> Any:
    """The value of a JSON text, with JSON null as the library's null."""
    if text is None:
        return None
    try:
        value = json.loads(
            text, parse_constant=_refuse, parse_int=_whole, parse_float=_fraction, object_pairs_hook=_object
        )
    except ValueError as fault:
        raise jexception.JException("D3137", -1, f"Invalid JSON: {fault}") from fault
    return NULL if value is None else with_nulls(value)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"'{word}' is no JSON")


def _whole(text: str) -> float:
    value = int(text)
    return value if -_LONG <= value < _LONG else float(text)


def _fraction(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"'{text}' is too large")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found


def with_nulls(value: Any) -> Any:
    """``value`` with the library's null for None, so that null is not undefined; shared if it has none."""
    if value is None:
        return NULL
    return _replaced(value) if _holds_null(value) else value


def _holds_null(value: Any) -> bool:
    if value.__class__ is dict:
        return any(item is None or _holds_null(item) for item in value.values())
    return value.__class__ is list and any(item is None or _holds_null(item) for item in value)


def _replaced(value: Any) -> Any:
    if value.__class__ is dict:
        return {key: _replaced(item) for key, item in value.items()}
    if value.__class__ is list:
        return [_replaced(item) for item in value]
    return NULL if value is None else value


def number(value: Any) -> Any:
    if value is None or value.__class__ in {int, float}:
        return value
    if value.__class__ is bool:
        return int(value)
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        raise jexception.JException("D3030", -1, value)
    if value[:1] == "0" and value[1:2].isalpha():
        return int(value, 0)
    return utils.Utils.convert_number(float(value))


def string(value: Any, indented: Any = None) -> Any:
    """The text of a value: strings as they are, numbers as JavaScript prints them, the rest as JSON."""
    if isinstance(value, utils.Utils.JList) and value.outer_wrapper:
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    return _json_text(value, "\n" if indented is True else "")


def _json_text(value: Any, line: str) -> str:
    """JSON of ``value``; ``line`` is the line break with its indentation, or "" for compact JSON."""
    deeper = f"{line}  " if line else ""
    if isinstance(value, list):
        items = [_json_text(item, deeper) for item in value]
        return f"[{deeper}{f',{deeper}'.join(items)}{line}]" if items else "[]"
    if isinstance(value, dict):
        colon = ": " if line else ":"
        pairs = [f"{_quoted(key)}{colon}{_json_text(item, deeper)}" for key, item in value.items()]
        return f"{{{deeper}{f',{deeper}'.join(pairs)}{line}}}" if pairs else "{}"
    if value is None or value is NULL:
        return "null"
    if value.__class__ is bool:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return _quoted(value) if isinstance(value, str) else '""'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def pad(text: Any, width: Any, characters: Any) -> Any:
    if isinstance(text, str) and width is not None and abs(int(width)) - len(text) > MAX_PADDING:
        raise BoundExceededError(MEMORY_EXCEEDED)
    return functions.Functions.pad(text, width, characters)


class _Function(library.Jsonata.JFunction):  # type: ignore[misc] # the library carries no types
    """A function of ours; the library asks a function for its arity before it passes it items."""

    def __init__(self, call: Callable[..., Any], signature: str, arity: int) -> None:
        super().__init__(library.Jsonata.JLambda(call), signature)
        self._arity = arity

    def get_number_of_args(self) -> int:
        return self._arity


def root_frame() -> Any:
    """The functions that an expression sees: JSONata's without $eval, which AWS removes, and AWS's own."""
    frame = library.Jsonata.Frame(None)
    for name, function in library.Jsonata.static_frame.bindings.items():
        if name != "eval":
            frame.bind(name, function)
    for name, call, signature, arity in (
        ("partition", partition, "<an?:a>", 2),
        ("range", range_of, "<nnn?:a<n>>", 3),
        ("hash", hash_of, "<ss?:s>", 2),
        ("random", random_number, "<n?:n>", 1),
        ("uuid", new_uuid, "<:s>", 0),
        ("parse", parse, "<s?:x>", 1),
        ("number", number, "<(nsb)-:n>", 1),
        ("string", string, "<x-b?:s>", 2),
        ("pad", pad, "<s-ns?:s>", 3),
    ):
        frame.bind(name, _Function(call, signature, arity))
    return frame
