"""The elements of a JSON list that comes in pieces: each one's own text and value, in memory that does not grow.

Lists as programs write them repeat the same bytes between elements (`}, { "resourceType"` with their line breaks), so a
search for those bytes finds where an element ends. What is found is then parsed: text that is a JSON value by itself,
with a comma after it, is an element, whatever the search took for granted. Where the search or the parser finds
nothing, brackets are counted instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from handlers.claims.failures import ClaimTooLarge, NotAList, NotJson, Truncated
from handlers.common.failures import EmptyObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_ELEMENT_BYTES: Final = 4 << 20  # ten times what an item of the table may hold
_WINDOW: Final = 64 << 10  # how far to search for an end; claims are of 1 to 30 KB
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"

_BRACE: Final = ord("}")
_SPACES: Final = b" \t\n\r"
_SPACE: Final = re.compile(rb"[ \t\n\r]*")
_HEAD: Final = re.compile(rb'[ \t\n\r]*(\{[ \t\n\r]*"[^"\\]{1,64}")')
_BETWEEN: Final = re.compile(rb'[ \t\n\r]*,[ \t\n\r]*(\{[ \t\n\r]*"[^"\\]{1,64}")')
_SCALAR: Final = re.compile(rb"[^ \t\n\r,\]\[{}\"]+")
# A string, or what there is of one, and brackets. Possessive, so that a string without an end costs one pass.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("|\\?\Z)|[\[{]|([\]}])', re.DOTALL)


Element = tuple[bytes, Any]
"""An element of the list: the JSON text as it stands in the object, and its value."""


class _Separator(NamedTuple):
    """The end of an element, a comma, and the beginning of the next element, which is ``head`` bytes of the text."""

    text: bytes
    head: int


class _Window:
    """The part of the object that is in memory, and how far it has been read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._before = 0  # bytes of the object ahead of the buffer
        self.buffer = b""
        self.at = 0

    @property
    def offset(self) -> int:
        """Where in the object the next byte is."""
        return self._before + self.at

    def more(self) -> bool:
        """Append the next piece; False at the end of the object."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._before += self.at
        self.buffer = self.buffer[self.at :] + piece
        self.at = 0
        return True

    def next_byte(self) -> bytes:
        """The next byte that is not space, without reading it; empty at the end of the object."""
        while True:
            found = _SPACE.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer) or not self.more():
                return self.buffer[self.at : self.at + 1]


def elements(pieces: Iterable[bytes]) -> Iterator[Element]:
    """Yield the elements of the list whose text comes in pieces.

    Raises EmptyObject, NotJson, NotAList, Truncated or ClaimTooLarge at the place where it is found, after the elements
    before that place.
    """
    window = _Window(pieces)
    _enter(window)
    separator = _first_separator(window)
    if window.next_byte() == b"]":
        window.at += 1
        _leave(window)
        return
    count = 0
    while True:
        if separator is not None and (found := _search(window, separator)):
            count += 1
            last = window.at == len(window.buffer)
            yield found
            if last:
                return
            continue
        yield _counted(window, count)
        count += 1
        separator = _next_separator(window)
        byte = window.next_byte()
        if byte == b"":
            raise Truncated(
                f"the object ends after {count} whole claims, at byte {window.offset}, before its list does"
            )
        if byte not in b",]":
            raise NotJson(f"neither a comma nor the end of the list follows claim {count - 1}, at byte {window.offset}")
        window.at += 1
        if byte == b"]":
            _leave(window)
            return
        window.next_byte()


def _enter(window: _Window) -> None:
    """Read to the first element."""
    while len(window.buffer) < len(_BYTE_ORDER_MARK) and window.more():
        continue
    if not window.buffer:
        raise EmptyObject("the object has no bytes: a file without claims is the list []")
    if window.buffer.startswith(_GZIP):
        raise NotJson("the object is compressed with gzip: files of claims are read as they are, upload it unpacked")
    if window.buffer.startswith(_BYTE_ORDER_MARK):
        window.at = len(_BYTE_ORDER_MARK)
    byte = window.next_byte()
    if byte == b"[":
        window.at += 1
    elif byte and byte in b'{"-0123456789tfn':
        kind = {b"{": "an object", b'"': "a string"}.get(byte, "a single value")
        raise NotAList(f"the object begins as {kind}: a file of claims is one JSON list of them")
    elif byte:
        raise NotJson(f"byte {window.offset} begins no JSON value")
    else:
        raise NotJson("the object has nothing but space: a file without claims is the list []")


def _leave(window: _Window) -> None:
    """Check that nothing follows the list."""
    if window.next_byte():
        raise NotJson(f"something follows the end of the list, at byte {window.offset}")


def _first_separator(window: _Window) -> _Separator | None:
    """What will come between elements, if the first one is indented as the others are."""
    found = _HEAD.match(window.buffer, window.at)
    return _Separator(b"}," + found[0], len(found[1])) if found else None


def _next_separator(window: _Window) -> _Separator | None:
    """What comes between the element just read and the next, if both are objects."""
    found = _BETWEEN.match(window.buffer, window.at)
    return _Separator(b"}" + found[0], len(found[1])) if found and window.buffer[window.at - 1] == _BRACE else None


def _search(window: _Window, separator: _Separator) -> Element | None:
    """The next element, when the separator or the object's end tells where it ends; what tells it is read too."""
    end = window.buffer.find(separator.text, window.at, window.at + _WINDOW)
    while end < 0 and len(window.buffer) - window.at < _WINDOW and window.more():
        end = window.buffer.find(separator.text, window.at, window.at + _WINDOW)
    if end >= 0:
        text = window.buffer[window.at : end + 1]
        after = end + len(separator.text) - separator.head
    elif len(window.buffer) - window.at < _WINDOW:
        rest = window.buffer[window.at :].rstrip(_SPACES)
        if not rest.endswith(b"]"):
            return None
        text = rest[:-1].rstrip(_SPACES)
        after = len(window.buffer)
    else:
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    window.at = after
    return text, value


def _counted(window: _Window, count: int) -> Element:
    """The next element, whose end is found by counting brackets; it is read."""
    while (end := _end(window.buffer, window.at)) is None:
        if len(window.buffer) - window.at > MAX_ELEMENT_BYTES:
            raise ClaimTooLarge(
                f"claim {count} begins at byte {window.offset} and has not ended after {MAX_ELEMENT_BYTES} bytes: "
                "split the file into claims of less"
            )
        if not window.more():
            raise Truncated(f"the object ends within claim {count}, which begins at byte {window.offset}")
    text = window.buffer[window.at : end]
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotJson(f"claim {count}, which begins at byte {window.offset}, is no JSON: {error}") from error
    window.at = end
    return text, value


def _end(buffer: bytes, start: int) -> int | None:
    """Where the value that begins at start ends; None when the buffer does not tell yet."""
    scalar = _SCALAR.match(buffer, start)
    if scalar:
        return scalar.end() if scalar.end() < len(buffer) else None
    depth = 0
    for token in _TOKEN.finditer(buffer, start):
        if token[2]:
            depth -= 1
        elif token[1] is None:
            depth += 1
        elif token[1] != b'"':
            return None  # the string goes on
        if depth <= 0:
            return token.end()
    return None
