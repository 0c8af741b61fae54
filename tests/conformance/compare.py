"""The exact comparison of an answer with the recorded one."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from tests.conformance.placeholders import MOMENTS, NUMBERS, Bindings, is_moment


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Where an answer is not the recorded one. ``expected`` or ``got`` is ABSENT where there is nothing."""

    path: str
    expected: Any
    got: Any


class _Absent:
    def __repr__(self) -> str:
        return "(nothing)"


ABSENT = _Absent()


def differences(expected: Any, got: Any, bindings: Bindings, path: str = "$") -> list[Difference]:
    """Every place where ``got`` differs, in the order of the recording; binds placeholders on the way.

    Types count (1 is not 1.0, nor True), so does the order of lists; the order of keys does not. A JSON text is
    compared as what it says with a recording that holds it parsed, or as another JSON text.
    """
    if isinstance(expected, dict | list):
        got = _parsed(got)
    if isinstance(expected, dict) and isinstance(got, dict):
        return _of_objects(expected, got, bindings, path)
    if isinstance(expected, list) and isinstance(got, list):
        return _of_lists(expected, got, bindings, path)
    if isinstance(expected, str) and _stands_for(expected, got, path):
        return []
    if isinstance(expected, str) and isinstance(got, str):
        return _of_texts(expected, got, bindings, path)
    if type(expected) is type(got) and expected == got:
        return []
    return [Difference(path=path, expected=expected, got=got)]


def _stands_for(expected: str, got: Any, path: str) -> bool:
    """Whether the recorded text took the place of a moment or a number, or of the path to a moment."""
    if expected in MOMENTS and path.endswith("TimestampPath"):
        return isinstance(got, str) and got.startswith("$")
    return (expected in MOMENTS and is_moment(got)) or (expected in NUMBERS and type(got) is int)


def _of_objects(expected: dict[str, Any], got: dict[str, Any], bindings: Bindings, path: str) -> list[Difference]:
    found: list[Difference] = []
    for key, value in expected.items():
        if key in got:
            found += differences(value, got[key], bindings, f"{path}.{key}")
        else:
            found.append(Difference(path=f"{path}.{key}", expected=value, got=ABSENT))
    surplus = (key for key in got if key not in expected)
    return found + [Difference(path=f"{path}.{key}", expected=ABSENT, got=got[key]) for key in surplus]


def _of_lists(expected: list[Any], got: list[Any], bindings: Bindings, path: str) -> list[Difference]:
    found: list[Difference] = []
    for index in range(max(len(expected), len(got))):
        here = f"{path}[{index}]"
        if index >= len(got):
            found.append(Difference(path=here, expected=expected[index], got=ABSENT))
        elif index >= len(expected):
            found.append(Difference(path=here, expected=ABSENT, got=got[index]))
        else:
            found += differences(expected[index], got[index], bindings, here)
    return found


def _of_texts(expected: str, got: str, bindings: Bindings, path: str) -> list[Difference]:
    if bindings.match(expected, got):
        return []
    wanted, seen = _parsed(expected), _parsed(got)
    if wanted is not expected and seen is not got:
        return differences(wanted, seen, bindings, path)
    return [Difference(path=path, expected=expected, got=got)]


def _parsed(value: Any) -> Any:
    """A text that is a JSON object, array or string as what it says; anything else as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[", '"')):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def plain(value: Any) -> Any:
    """The value as JSON can show it."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, _Absent):
        return repr(value)
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(member) for member in value] if isinstance(value, list) else value
