"""Items of JSON documents and of JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.objects import MAX_ITEM_BYTES

if TYPE_CHECKING:
    from local.stepfunctions.scope import Json

NOT_ITERABLE = "Attempting to map over non-iterable node."


class JsonLines:
    """Turns the blocks of one object into items, one a line; blank lines are skipped."""

    def __init__(self, *, source: str) -> None:
        self._source = source
        self._tail = b""
        self._line = 0

    def feed(self, block: bytes) -> list[Json]:
        """The items that are complete with this block."""
        data = self._tail + block
        cut = data.rfind(b"\n") + 1
        self._tail = data[cut:]
        if len(self._tail) > MAX_ITEM_BYTES:
            raise ItemReaderFailed(f"A line of {self._source} exceeds the limit of {MAX_ITEM_BYTES} bytes per item")
        return self._items(data[:cut])

    def finish(self) -> list[Json]:
        """The item in what was left, if any."""
        data, self._tail = self._tail, b""
        return self._items(data)

    def _items(self, data: bytes) -> list[Json]:
        lines = data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        try:
            items = [orjson.loads(line) for line in lines if line and not line.isspace()]
        except orjson.JSONDecodeError:
            self._items_one_by_one(lines)
            raise
        self._line += len(lines)
        return items

    def _items_one_by_one(self, lines: list[bytes]) -> None:
        """Raise the failure that names the line."""
        for number, line in enumerate(lines, self._line + 1):
            try:
                if line and not line.isspace():
                    orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ItemReaderFailed(f"Line {number} of {self._source} is not JSON: {error.msg}") from error


def document_items(data: bytes, pointer: str | None, source: str) -> tuple[list[Json], list[str] | None]:
    """The items of a JSON document, and their keys when the node is an object.

    ``pointer`` (RFC 6901) selects the node. Raises ItemReaderFailed when the text is not JSON, when the
    pointer finds nothing, or when the node is neither an array nor an object.
    """
    try:
        node = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ItemReaderFailed(f"{source} is not JSON: {error}") from error
    if pointer:
        node = _at(node, pointer, source)
    if isinstance(node, list):
        return node, None
    if isinstance(node, dict):
        return [{"Key": key, "Value": value} for key, value in node.items()], list(node)
    raise ItemReaderFailed(NOT_ITERABLE)


def _at(node: Json, pointer: str, source: str) -> Json:
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            node = node[int(key)] if isinstance(node, list) and _is_index(key) else node[key]
        except (LookupError, TypeError) as error:
            raise ItemReaderFailed(f"The ItemsPointer '{pointer}' finds nothing in {source}") from error
    return node


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and (key == "0" or key[0] != "0")
