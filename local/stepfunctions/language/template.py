"""Payload templates: JSON in which paths, intrinsic functions or JSONata expressions stand for values."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from local.stepfunctions.errors import RuntimeFailure
from local.stepfunctions.language.diagnostics import LanguageError, compact
from local.stepfunctions.language.intrinsics import compile_intrinsic
from local.stepfunctions.language.jsonata import compile_expression, is_expression
from local.stepfunctions.language.jsonpath import NULL_INPUT, Evaluate, Path, PathNotFound, compile_path
from local.stepfunctions.scope import Json, Scope

QueryLanguage: TypeAlias = Literal["JSONPath", "JSONata"]


def compile_template(value: Json, *, language: QueryLanguage, field: str = "", catching: bool = True) -> Evaluate:
    """A function of the scope that fills the template in.

    In JSONPath, a key ``name.$`` holds a path or an intrinsic function for ``name``. In JSONata, a string
    ``{% ... %}`` holds an expression, anywhere. ``field`` is the template's own field as causes name it
    ("Output", "Choices[1]/Output"); ``catching``: see compile_expression. Parts without either are shared by
    all results, so results must not be changed. Raises LanguageError with a pointer from the template.
    """
    if language == "JSONata":
        return _filled(_jsonata(value, field, catching=catching))
    return _filled(_jsonpath(value))


class _Constant:
    """A part of a template that is the same in every result."""

    def __init__(self, value: Json) -> None:
        self.value = value


_Part: TypeAlias = "_Constant | Evaluate"


def _filled(part: _Part) -> Evaluate:
    if not isinstance(part, _Constant):
        return part
    value = part.value
    return lambda _scope: value


def _jsonpath(value: Json) -> _Part:
    if isinstance(value, list):
        return _listed([_placed(_jsonpath, item, f"[{place}]") for place, item in enumerate(value)], value)
    if not isinstance(value, dict):
        return _Constant(value)
    parts: dict[str, _Part] = {}
    for key, item in value.items():
        name = key.removesuffix(".$")
        if name in parts:
            raise LanguageError(f"The fields '{name}' and '{name}.$' cannot both be present")
        parts[name] = _dynamic(key, item) if name != key else _placed(_jsonpath, item, f"/{key}")
    return _keyed(parts, value)


def _placed(compile_part: Any, item: Json, place: str) -> _Part:
    """``item`` compiled; the pointer of a mistake in it leads through ``place``."""
    try:
        part: _Part = compile_part(item)
    except LanguageError as fault:
        raise fault.under(place) from fault
    return part


def _listed(parts: list[_Part], value: list[Json]) -> _Part:
    if all(isinstance(part, _Constant) for part in parts):
        return _Constant(value)
    evaluations = [_filled(part) for part in parts]
    return lambda scope: [evaluate(scope) for evaluate in evaluations]


def _keyed(parts: dict[str, _Part], value: dict[str, Json]) -> _Part:
    base = {name: part.value if isinstance(part, _Constant) else None for name, part in parts.items()}
    dynamic = [(name, part) for name, part in parts.items() if not isinstance(part, _Constant)]
    if not dynamic:
        return _Constant(value)

    if len(dynamic) == len(base):
        return lambda scope: {name: evaluate(scope) for name, evaluate in dynamic}

    def fill(scope: Scope) -> Json:
        filled = base.copy()
        for name, evaluate in dynamic:
            filled[name] = evaluate(scope)
        return filled

    return fill


def _dynamic(key: str, text: Json) -> Evaluate:
    """The value of a key that ends ``.$``; a fault is placed at the object that holds the key, as AWS does."""
    message = f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
    if not isinstance(text, str):
        raise LanguageError(message, detail=f"it is {compact(text)}, not a string")
    try:
        if text.startswith("States."):
            return compile_intrinsic(text)
        path = compile_path(text)
    except LanguageError as fault:
        raise LanguageError(message, detail=fault.detail) from fault
    return _of_field(key, path, from_input=text == "$" or text.startswith(("$.", "$[")))


def _of_field(key: str, path: Path, *, from_input: bool) -> Evaluate:
    def evaluate(scope: Scope) -> Json:
        if from_input and scope.input is None:
            raise RuntimeFailure(NULL_INPUT)
        try:
            return path.evaluate(scope)
        except PathNotFound as missing:
            if not path.definite and missing.document is not None:
                return []  # a field's wildcard or slice of nothing is no items
            raise RuntimeFailure(
                f"The JSONPath '{missing.path}' specified for the field '{key}' could not be found "
                f"in the input '{compact(missing.document)}'"
            ) from missing

    return evaluate


def _jsonata(value: Json, field: str, *, catching: bool) -> _Part:
    if isinstance(value, str) and is_expression(value):
        return compile_expression(value, field=field, catching=catching)
    if isinstance(value, list):
        items = [
            _placed(lambda item, place=place: _jsonata(item, f"{field}{place}", catching=catching), item, place)
            for place, item in ((f"[{number}]", item) for number, item in enumerate(value))
        ]
        return _listed(items, value)
    if isinstance(value, dict):
        parts = {
            key: _placed(lambda item, key=key: _jsonata(item, f"{field}/{key}", catching=catching), item, f"/{key}")
            for key, item in value.items()
        }
        return _keyed(parts, value)
    return _Constant(value)
