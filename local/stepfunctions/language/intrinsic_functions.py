"""The intrinsic functions of the Amazon States Language on plain values.

Each raises InvalidArgumentsError where AWS refuses the values. Numbers with a fraction are cut towards zero,
except in States.MathAdd, which rounds them. Limits: Developer Guide, "Intrinsic functions".
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import random
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from local.stepfunctions.language import java
from local.stepfunctions.language.path_values import is_number

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT: Final = 10_000
"""Characters that States.Base64Encode, States.Base64Decode and States.Hash take."""

MAX_RANGE: Final = 1_000
"""Elements that States.ArrayRange gives."""

_INT_MAX: Final = 2**31 - 1
_ALGORITHMS: Final = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


class InvalidArgumentsError(Exception):
    """The values of a call do not fit its function."""


def _refuse(*_values: Any) -> NoReturn:
    raise InvalidArgumentsError


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else _refuse()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _refuse()


def _short_text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else _refuse()


def _integer(value: Any) -> int:
    """A number without its fraction, of 32 bits."""
    if not is_number(value) or not -_INT_MAX - 1 <= value <= _INT_MAX:
        _refuse()
    return int(value)


def _rounded(value: Any) -> int:
    """The nearest whole number, halves up, of 32 bits."""
    if not is_number(value) or not -_INT_MAX - 1 <= value <= _INT_MAX:
        _refuse()
    nearest: int = math.floor(value + 0.5)
    return nearest


def array(*values: Any) -> list[Any]:
    return list(values)


def array_partition(values: Any, size: Any) -> list[Any]:
    items, length = _list(values), _integer(size)
    if length < 1:
        _refuse()
    return [items[start : start + length] for start in range(0, len(items), length)]


def array_contains(values: Any, wanted: Any) -> bool:
    return any(java.equal(item, wanted) for item in _list(values))


def array_range(first: Any, last: Any, step: Any) -> list[int]:
    start, end, stride = _integer(first), _integer(last), _integer(step)
    if stride == 0:
        _refuse()
    found = range(start, end + (1 if stride > 0 else -1), stride)
    return list(found) if len(found) <= MAX_RANGE else _refuse()


def array_get_item(values: Any, place: Any) -> Any:
    items, index = _list(values), _integer(place)
    if not items:
        return None
    return items[index] if 0 <= index < len(items) else _refuse()


def array_length(values: Any) -> int:
    return len(_list(values))


def array_unique(values: Any) -> list[Any]:
    return java.distinct(_list(values))


def base64_encode(value: Any) -> str:
    return base64.b64encode(_short_text(value).encode()).decode()


def base64_decode(value: Any) -> str:
    """What the letters before the first ``=`` encode; anything that is no Base64 letter is skipped."""
    letters = re.sub(r"[^A-Za-z0-9+/_-]", "", _short_text(value).partition("=")[0])
    whole = letters[: len(letters) - (len(letters) % 4 == 1)].translate(str.maketrans("-_", "+/"))
    return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode(errors="replace")


def hash_of(value: Any, algorithm: Any) -> str:
    data, name = _short_text(value), _text(algorithm)
    if name not in _ALGORITHMS:
        _refuse()
    return _ALGORITHMS[name](data.encode()).hexdigest()


def json_merge(left: Any, right: Any, deep: Any) -> dict[str, Any]:
    """A shallow merge: deep merging is not supported, and a flag that is no boolean asks for none."""
    if not isinstance(left, dict) or not isinstance(right, dict) or deep is True:
        _refuse()
    return {**left, **right}


def string_to_json(value: Any) -> Any:
    content = _text(value).strip()
    try:
        return json.loads(content, parse_constant=_refuse) if content else None
    except ValueError as fault:
        raise InvalidArgumentsError from fault


def json_to_string(value: Any) -> str:
    """The compact JSON text, numbers as Java prints them."""
    if isinstance(value, list):
        return "[" + ",".join(map(json_to_string, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{json_to_string(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        return java.number_text(value)
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def math_random(first: Any, last: Any, *seed: Any) -> int:
    """A whole number from ``first`` to before ``last``, the same one for the same seed."""
    start, end = _integer(first), _integer(last)
    if start >= end:
        _refuse()
    if seed:
        return start + java.Random(_integer(seed[0])).below(end - start)
    return random.randrange(start, end)  # noqa: S311 - a user's dice, no secret


def math_add(left: Any, right: Any) -> int:
    total = _rounded(left) + _rounded(right)
    return total if -_INT_MAX - 1 <= total <= _INT_MAX else _refuse()


def string_split(value: Any, separators: Any) -> list[str]:
    """The parts between any of the characters of ``separators``; empty parts are dropped."""
    content, characters = _text(value), _text(separators)
    if not characters:
        return [content] if content else []
    return [part for part in re.split(f"[{re.escape(characters)}]", content) if part]


def new_uuid() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Function:
    """A function with the number of arguments that it takes (most None: any number)."""

    call: Callable[..., Any]
    fewest: int
    most: int | None


FUNCTIONS: Final[dict[str, Function]] = {
    "States.Array": Function(array, 0, None),
    "States.ArrayPartition": Function(array_partition, 2, 2),
    "States.ArrayContains": Function(array_contains, 2, 2),
    "States.ArrayRange": Function(array_range, 3, 3),
    "States.ArrayGetItem": Function(array_get_item, 2, 2),
    "States.ArrayLength": Function(array_length, 1, 1),
    "States.ArrayUnique": Function(array_unique, 1, 1),
    "States.Base64Encode": Function(base64_encode, 1, 1),
    "States.Base64Decode": Function(base64_decode, 1, 1),
    "States.Hash": Function(hash_of, 2, 2),
    "States.JsonMerge": Function(json_merge, 3, 3),
    "States.StringToJson": Function(string_to_json, 1, 1),
    "States.JsonToString": Function(json_to_string, 1, 1),
    "States.MathRandom": Function(math_random, 2, 3),
    "States.MathAdd": Function(math_add, 2, 2),
    "States.StringSplit": Function(string_split, 2, 2),
    "States.UUID": Function(new_uuid, 0, 0),
}
"""All functions of plain values by name; States.Format, which reads its template, is compiled apart."""
