"""From a Pulumi property to a member of an AWS request and back, by botocore's model of the request.

Pulumi's names are AWS's in camel case, so that the model alone tells which member a property is. What the
model does not have is refused. The few names that differ are given by each resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import xform_name

from local.provider.failures import InvalidPropertyError, UnsupportedPropertyError

NO_RENAMES: Mapping[str, str] = {}


def to_aws(value: Any, shape: Any, at: str, renames: Mapping[str, str] = NO_RENAMES) -> Any:
    """``value`` of the property ``at`` in the form of ``shape``; ``renames`` maps property names to member
    names.
    """
    kind = shape.type_name
    if kind == "structure":
        return _structure(value, shape, at, renames)
    if kind == "list":
        if isinstance(value, Mapping):
            return [_pair(key, value[key], shape) for key in value]
        _expect(value, list, at)
        return [to_aws(item, shape.member, f"{at}[{n}]", renames) for n, item in enumerate(value)]
    if kind == "map":
        _expect(value, dict, at)
        return {key: to_aws(item, shape.value, f"{at}.{key}", renames) for key, item in value.items()}
    return _scalar(value, kind, at)


def _structure(value: Any, shape: Any, at: str, renames: Mapping[str, str]) -> dict[str, Any]:
    _expect(value, dict, at)
    members = {name.lower(): name for name in shape.members}
    converted = {}
    for key, item in value.items():
        if item is None:
            continue
        member = members.get(renames.get(key, key).lower())
        if member is None:
            raise UnsupportedPropertyError(f"{at}.{key}", (to_property(name) for name in shape.members))
        converted[member] = to_aws(item, shape.members[member], f"{at}.{key}", renames)
    return converted


def _pair(key: str, value: Any, shape: Any) -> dict[str, Any]:
    """One entry of a map where AWS has a list of Key (or Name) and Value."""
    members = shape.member.members
    return {("Key" if "Key" in members else "Name"): key, "Value": value}


def _scalar(value: Any, kind: str, at: str) -> Any:
    if kind in {"integer", "long"}:
        if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).lstrip("-").isdigit():
            raise InvalidPropertyError(f"property {at} must be a whole number, got {value!r}")
        return int(value)
    if kind in {"float", "double"}:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise InvalidPropertyError(f"property {at} must be a number, got {value!r}") from None
    if kind == "boolean":
        if value not in (True, False, "true", "false"):
            raise InvalidPropertyError(f"property {at} must be true or false, got {value!r}")
        return value in (True, "true")
    if kind == "string" and not isinstance(value, str):
        raise InvalidPropertyError(f"property {at} must be a string, got {value!r}")
    return value


def _expect(value: Any, kind: type, at: str) -> None:
    if not isinstance(value, kind):
        name = "a list" if kind is list else "an object"
        raise InvalidPropertyError(f"property {at} must be {name}, got {value!r}")


def from_aws(value: Any, renames: Mapping[str, str] = NO_RENAMES) -> Any:
    """An AWS answer with Pulumi's names; ``renames`` as for `to_aws`. Lists of Key and Value become maps."""
    if isinstance(value, Mapping):
        back = {member: key for key, member in renames.items()}
        return {back.get(name, to_property(name)): from_aws(item, renames) for name, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, Mapping) and set(item) in PAIRS for item in value):
            return {item.get("Key", item.get("Name")): item["Value"] for item in value}
        return [from_aws(item, renames) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


PAIRS = ({"Key", "Value"}, {"Name", "Value"})


def to_property(member: str) -> str:
    """The Pulumi property of an AWS member: ``SSEAlgorithm`` is ``sseAlgorithm``."""
    first, *others = xform_name(member).split("_")
    return first + "".join(word.capitalize() for word in others)
