"""Requests checked against the service model that botocore ships, with AWS's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, reduce
from typing import Any, Final

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from local.stepfunctions.api.errors import ApiError, validation

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "timestamp": (int, float, str),
    "blob": (str,),
}
_PLACES: Final = 32


@cache
def service_model() -> ServiceModel:
    """The Step Functions service as botocore describes it."""
    loaded: ServiceModel = botocore.session.get_session().get_service_model("stepfunctions")
    return loaded


def operation_model(name: str) -> OperationModel | None:
    """An operation of the service, or None when there is none of that name."""
    model = service_model()
    return model.operation_model(name) if name in model.operation_names else None


def check_request(operation: OperationModel, request: Mapping[str, Any]) -> None:
    """Refuse a request that breaks the model: required members, types, lengths, ranges, patterns, enumerations.

    Raises:
        ApiError: ValidationException that names each violation, SerializationException for a wrong type.
    """
    shape = operation.input_shape
    found = [] if shape is None else list(_violations(shape, request, ""))
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise validation(f"{len(found)} validation {noun} detected: " + "; ".join(found))


def _violations(shape: Shape, value: Any, place: str) -> Iterator[str]:
    fits = isinstance(value, _TYPES[shape.type_name]) and isinstance(value, bool) == (shape.type_name == "boolean")
    if not fits:
        raise ApiError("SerializationException", f"The value at '{place}' is not of type {shape.type_name}")
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, place)
    elif isinstance(shape, ListShape):
        yield from _length(shape, value, place)
        for index, entry in enumerate(value, start=1):
            yield from _violations(shape.member, entry, f"{place}.{index}.member")
    elif shape.type_name == "string":
        yield from _length(shape, value, place)
        yield from _string(shape, value, place)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _range(shape, value, place)


def _structure(shape: StructureShape, value: Mapping[str, Any], place: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_at(place, name)}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _violations(member, value[name], _at(place, name))


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _start(shape: Shape, value: Any, place: str) -> str:
    quoted = "" if shape.metadata.get("sensitive") else f" '{_shown(shape, value)}'"
    return f"Value{quoted} at '{place}' failed to satisfy constraint: Member must"


def _shown(shape: Shape, value: Any) -> str:
    """A value as AWS prints it: ``[Tag(key=a, value=b)]``."""
    if isinstance(shape, ListShape):
        return f"[{', '.join(_shown(shape.member, entry) for entry in value)}]"
    if isinstance(shape, StructureShape):
        members = (f"{name}={_shown(shape.members[name], value[name])}" for name in shape.members if name in value)
        return f"{shape.name}({', '.join(members)})"
    return str(value)


def _length(shape: Shape, value: Any, place: str) -> Iterator[str]:
    yield from _bounds(shape, len(value), f"{_start(shape, value, place)} have length")


def _range(shape: Shape, value: float, place: str) -> Iterator[str]:
    yield from _bounds(shape, value, f"{_start(shape, value, place)} have value")


def _bounds(shape: Shape, number: float, start: str) -> Iterator[str]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if minimum is not None and number < minimum:
        yield f"{start} greater than or equal to {minimum}"
    if maximum is not None and number > maximum:
        yield f"{start} less than or equal to {maximum}"


def _string(shape: Shape, value: str, place: str) -> Iterator[str]:
    start = f"{_start(shape, value, place)} satisfy"
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"{start} enum value set: [{', '.join(_in_order(allowed))}]"
    pattern = shape.metadata.get("pattern")
    if pattern and re.fullmatch(_python_pattern(pattern), value) is None:
        yield f"{start} regular expression pattern: {pattern}"


def _in_order(names: Sequence[str]) -> list[str]:
    """The order of a Java hash table of 32 places, which is the one in AWS's recorded answers."""
    return sorted(names, key=lambda name: (_java_hash(name) % _PLACES, -names.index(name)))


def _java_hash(text: str) -> int:
    return reduce(lambda value, character: value * 31 + ord(character), text, 0)


def _python_pattern(pattern: str) -> str:
    return pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]")
