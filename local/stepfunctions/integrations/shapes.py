"""Between the JSON of a state machine and the shapes of a service's model.

Step Functions spells every field in PascalCase (``TaskDefinition``) where a model may not (``taskDefinition``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

from local.stepfunctions.payload import dumps

if TYPE_CHECKING:
    from botocore.model import Shape

    from local.stepfunctions.scope import Json

_PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "character": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "bigdecimal": (int, float),
    "timestamp": (str, int, float),
    "structure": dict,
    "map": dict,
    "list": list,
}


def pascal(name: str) -> str:
    """A member's name as Step Functions spells it."""
    return name[:1].upper() + name[1:]


def text_of(value: Json) -> str:
    """A string as it is, any other value as compact JSON."""
    return value if isinstance(value, str) else dumps(value).decode()


def to_model(value: Json, shape: Shape, problems: list[str], name: str = "") -> Any:
    """The value with the model's names, for a call; what does not fit is added to ``problems``.

    Members that are null are left out, and a blob may be any JSON value: it is sent as text.
    """
    if shape.type_name == "blob":
        return text_of(value).encode()
    expected = _PYTHON_TYPES.get(shape.type_name, object)
    if not isinstance(value, expected) or (isinstance(value, bool) and shape.type_name != "boolean"):
        problems.append(f"The value for the field '{name}' must be a {shape.type_name.upper()}")
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return value if shape.is_document_type else _to_structure(value, shape, problems)
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: to_model(item, shape.value, problems, name) for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_model(item, shape.member, problems, name) for item in value]
    return value


def _to_structure(value: dict[str, Json], shape: StructureShape, problems: list[str]) -> dict[str, Any]:
    names = {pascal(name): name for name in shape.members}
    found = {}
    for given, item in value.items():
        name = names.get(given)
        if name is None:
            problems.append(f'The field "{given}" is not supported by Step Functions')
        elif item is not None:
            found[name] = to_model(item, shape.members[name], problems, given)
    return found


def unsupported_fields(template: Json, shape: Shape | None) -> list[str]:
    """The literal fields of Parameters (or Arguments) that the model does not have; computed ones are not judged."""
    if isinstance(shape, StructureShape) and isinstance(template, dict) and not shape.is_document_type:
        members = {pascal(name): member for name, member in shape.members.items()}
        found = [name for name in template if name not in members and not name.endswith(".$")]
        for name, item in template.items():
            found += unsupported_fields(item, members.get(name))
        return found
    if isinstance(shape, ListShape) and isinstance(template, list):
        return [name for item in template for name in unsupported_fields(item, shape.member)]
    if isinstance(shape, MapShape) and isinstance(template, dict):
        return [name for item in template.values() for name in unsupported_fields(item, shape.value)]
    return []


def from_model(value: Any, shape: Shape | None, time: Callable[[datetime], Json]) -> Json:
    """A parsed answer as JSON: names in PascalCase, blobs as text, times as ``time`` writes them."""
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode(errors="replace")
    if isinstance(value, datetime):
        return time(value)
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        if shape.is_document_type:
            return value
        return {
            pascal(name): from_model(item, shape.members.get(name), time)
            for name, item in value.items()
            if name != "ResponseMetadata"
        }
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_model(item, shape.value, time) for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_model(item, shape.member, time) for item in value]
    return value


def iso_time(value: datetime) -> str:
    """As ``java.time.Instant`` prints it: ``2026-11-23T15:12:09Z``, with milliseconds only if there are any."""
    value = value.astimezone(UTC)
    precision = "milliseconds" if value.microsecond else "seconds"
    return value.isoformat(timespec=precision).replace("+00:00", "Z")


def epoch_milliseconds(value: datetime) -> int:
    """As a Java date in JSON: what the optimised integrations give."""
    return round(value.timestamp() * 1000)
