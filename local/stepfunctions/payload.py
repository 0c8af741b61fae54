"""JSON values together with their text, so that each is parsed and printed at most once."""

from __future__ import annotations

import json
from typing import Final

import orjson

from local.stepfunctions.errors import DataLimitExceeded
from local.stepfunctions.limits import MAX_PAYLOAD_BYTES
from local.stepfunctions.scope import Json


def dumps(value: Json) -> bytes:
    """Compact JSON in UTF-8; integers beyond 64 bits are printed in full."""
    try:
        # A copy, because each result of orjson keeps the 4 KiB that it was written into, however short it is.
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:  # orjson refuses integers beyond 64 bits and lone surrogates
        # A lone surrogate becomes a question mark, as where Java encodes it.
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


class Payload:
    """A JSON value that is never changed, with its text made when first asked for."""

    __slots__ = ("_text", "value")

    def __init__(self, value: Json, text: bytes | None = None) -> None:
        self.value: Final = value
        self._text = text

    @classmethod
    def parse(cls, text: str | bytes) -> Payload:
        """The value of a JSON text, which is kept as given; ValueError when it is not JSON."""
        encoded = text.encode() if isinstance(text, str) else text
        return cls(orjson.loads(encoded), encoded)

    @property
    def text(self) -> bytes:
        """The JSON text in UTF-8."""
        if self._text is None:
            self._text = dumps(self.value)
        return self._text


def check_size(payload: Payload, state_name: str) -> None:
    """Refuse a state's result that is over the payload quota.

    Raises:
        DataLimitExceeded: with the cause that AWS records.
    """
    if len(payload.text) > MAX_PAYLOAD_BYTES:
        raise DataLimitExceeded(
            f"The state/task '{state_name}' returned a result with a size exceeding "
            "the maximum number of bytes service limit."
        )
