"""What of a run's data may be shown: excerpts only, with social security numbers masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

EXCERPT_CHARS = 200  # of a cause or an item's input
INPUT_CHARS = 2_000  # of the execution's input, which people write by hand

SSN = re.compile(r"(?<!\d)\d{3}-\d{2}-(\d{4})(?!\d)")


def masked(text: str) -> str:
    """Return the text with every NNN-NN-NNNN cut to its last four digits."""
    return SSN.sub(r"***-**-\1", text)


def excerpt(text: str, limit: int = EXCERPT_CHARS) -> str:
    """Return the masked text, cut to ``limit`` characters with a note of how many are left out."""
    safe = masked(text)
    return safe if len(safe) <= limit else f"{safe[:limit].rstrip()}… ({len(safe) - limit:,} more characters)"


def masked_json(value: Any) -> Any:
    """Return the JSON value with every text in it masked, names of fields included."""
    match value:
        case str():
            return masked(value)
        case Mapping():
            return {masked(str(name)): masked_json(each) for name, each in value.items()}
        case list() | tuple():
            return [masked_json(each) for each in value]
        case _:
            return value
