"""Attributes as SNS and SQS have them: every value is text, whatever it means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.provider.resource import Properties, State


def as_text(value: Any) -> str:
    """``true`` and ``false`` for booleans, JSON for objects, digits for numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def attributes(inputs: Properties, names: Mapping[str, str]) -> dict[str, str]:
    """The attributes that ``inputs`` set; ``names`` maps properties to attributes."""
    return {attribute: as_text(inputs[name]) for name, attribute in names.items() if inputs.get(name) is not None}


def properties(state: Properties, answer: Mapping[str, str], names: Mapping[str, str]) -> State:
    """The properties of ``state`` as the attributes have them now, in the types that ``state`` has."""
    found: State = {}
    for name, attribute in names.items():
        if name not in state or attribute not in answer:
            continue
        text = answer[attribute]
        known = state[name]
        found[name] = text == "true" if isinstance(known, bool) else int(text) if isinstance(known, int) else text
    return found


def changed_attributes(
    old: Properties, new: Properties, names: Mapping[str, str], defaults: Mapping[str, str]
) -> dict[str, str]:
    """The attributes to set so that ``old`` becomes ``new``: one that ``new`` leaves out goes back to its
    default.
    """
    before, after = attributes(old, names), attributes(new, names)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    dropped = {name: defaults.get(name, "") for name in before if name not in after}
    return {**changed, **dropped}
