"""CSV as Step Functions reads it: every value a string, one item a row.

The rules, as AWS documents them: a newline ends a record and the delimiter a field; a field in double quotes
may hold both, and ``""`` in it is one quote; a backslash makes a backslash, a quote or the delimiter after it
plain, and is itself dropped before anything else; missing fields are empty strings, surplus ones are dropped.

A block without quotes and backslashes is split as a whole; most others go through the csv module.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from typing import TYPE_CHECKING

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.objects import MAX_ITEM_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
from itertools import islice

MAX_HEADER_BYTES = 10 << 10  # Step Functions, "CSV headers ... up to 10 KiB"

# The csv module's own limit of 128 KiB a field is below what an item may hold; it is one for the process.
csv.field_size_limit(2 * MAX_ITEM_BYTES)

_DANGLING_BACKSLASH = re.compile(r"\\(?:[\r\n]|\Z)")
_ESCAPED = re.compile(r"\\([^\r\n]?)")
_ESCAPED_IN_QUOTES = re.compile(r'\\([^\r\n]?)|""')

Row = dict[str, str]


class CsvItems:
    """Turns the blocks of one object into items. ``headers`` None: they are the first row."""

    def __init__(self, *, delimiter: str, headers: tuple[str, ...] | None, source: str) -> None:
        self._delimiter = delimiter
        self._source = source
        self._tail = b""
        self._headers: tuple[str, ...] = ()
        self._build = _builder(())
        if headers is not None:
            self._set_headers(headers)

    def feed(self, block: bytes) -> list[Row]:
        """The items that are complete with this block."""
        data = self._tail + block
        cut = data.rfind(b"\n") + 1
        self._tail = data[cut:]
        items = self._items(data[:cut], last=False) if cut else []
        if len(self._tail) > MAX_ITEM_BYTES:
            raise ItemReaderFailed(f"A row of {self._source} exceeds the limit of {MAX_ITEM_BYTES} bytes per item")
        return items

    def finish(self) -> list[Row]:
        """The items in what was left; ItemReaderFailed when not even a header came."""
        data, self._tail = self._tail, b""
        items = self._items(data, last=True) if data else []
        if not self._headers:
            raise ItemReaderFailed(f"{self._source} is empty: the CSV header is expected in its first row")
        return items

    def _items(self, data: bytes, *, last: bool) -> list[Row]:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise ItemReaderFailed(f"{self._source} is not CSV in UTF-8: {error}") from error
        if not self._headers:
            text = self._take_headers(text, last=last)
        if '"' not in text and "\\" not in text:
            return self._split(text)
        return self._parse(text, last=last)

    def _take_headers(self, text: str, *, last: bool) -> str:
        lines = _lines(text)
        rows, used = self._rows(lines, last=last, most=1)
        if not rows:
            return self._keep(text)
        self._set_headers(tuple(rows[0]))
        return "".join(lines[used:])

    def _set_headers(self, headers: tuple[str, ...]) -> None:
        if len(self._delimiter.join(headers).encode()) > MAX_HEADER_BYTES:
            raise ItemReaderFailed(f"The CSV headers of {self._source} exceed the limit of {MAX_HEADER_BYTES} bytes")
        if len(set(headers)) < len(headers):
            raise ItemReaderFailed("CSV headers cannot contain duplicates.")
        self._headers = headers
        self._build = _builder(headers)

    def _keep(self, text: str) -> str:
        self._tail = text.encode() + self._tail
        return ""

    def _split(self, text: str) -> list[Row]:
        if not text:
            return []
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if text[-1] != "\n":
            text += "\n"
        # Each row gains a field that holds only the newline: where all are in place, rows are regular.
        width = len(self._headers) + 1
        delimiter = self._delimiter
        fields = text.replace("\n", f"{delimiter}\n{delimiter}").split(delimiter)
        del fields[-1]
        count = text.count("\n")
        if count * width == len(fields) and fields[width - 1 :: width].count("\n") == count:
            row = iter(fields)
            return self._build(zip(*[row] * width, strict=True))
        return self._build(self._regular(line.split(delimiter) for line in text[:-1].split("\n")))

    def _parse(self, text: str, *, last: bool) -> list[Row]:
        lines = _lines(text)
        rows, used = self._rows(lines, last=last)
        self._keep("".join(lines[used:]))
        return self._build(self._regular(rows))

    def _rows(self, lines: list[str], *, last: bool, most: int | None = None) -> tuple[list[list[str]], int]:
        """The complete records (up to ``most``), and the number of lines that they took."""
        text = "".join(lines)
        if _is_odd(text):
            return _odd_rows(text, self._delimiter, last=last, most=most)
        rows: list[list[str]] = []
        used = 0
        reader = csv.reader(lines if last else _block(lines), delimiter=self._delimiter, escapechar="\\")
        try:
            for row in islice(reader, most):
                rows.append(row or [""])
                used = reader.line_num
        except _BlockEndsError:
            pass
        except csv.Error as error:
            raise ItemReaderFailed(f"{self._source} is not CSV: {error}") from error
        return rows, used

    def _regular(self, rows: Iterable[list[str]]) -> Iterator[list[str]]:
        """Each row with as many fields as there are headers, and the newline's field."""
        count = len(self._headers)
        for row in rows:
            if len(row) < count:
                row.extend([""] * (count - len(row)))
            else:
                del row[count:]
            row.append("\n")
            yield row


class _BlockEndsError(Exception):
    """Raised into the csv module, which otherwise takes the end of a block for the end of the data."""


def _lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline="\n"))


def _is_odd(text: str) -> bool:
    """Whether the csv module would read it otherwise than Step Functions.

    It does so for a lone carriage return, and for a backslash before the end of a line or after a closing quote.
    """
    if text.count("\r") != text.count("\r\n"):
        return True
    return "\\" in text and ('"\\' in text or _DANGLING_BACKSLASH.search(text) is not None)


def _block(lines: list[str]) -> Iterator[str]:
    yield from lines
    raise _BlockEndsError


def _odd_rows(text: str, delimiter: str, *, last: bool, most: int | None) -> tuple[list[list[str]], int]:
    rows: list[list[str]] = []
    row: list[str] = []
    lines = used = 0
    for match in _field(delimiter).finditer(text):
        quoted, rest, end = match.groups()
        lines += match[0].count("\n")
        if not end and (not last or not (row or match[0])):
            break
        inside = _ESCAPED_IN_QUOTES.sub(lambda found: '"' if found[1] is None else found[1], quoted or "")
        row.append(inside + _ESCAPED.sub(r"\1", rest))
        if end == delimiter:
            continue
        rows.append(row)
        row, used = [], lines
        if len(rows) == most:
            break
    return rows, used


@functools.cache
def _field(delimiter: str) -> re.Pattern[str]:
    """A field: what is in quotes, what follows it, and the delimiter or newline (nothing: the text ends)."""
    special = re.escape(delimiter)
    quoted = r'"((?:[^"\\]++|\\.|\\\Z|"")*+)(?:"|\Z)'
    rest = rf"((?:[^{special}\n\r\\]++|\\[^\r\n]|\\(?=[\r\n]|\Z)|\r(?!\n))*+)"
    return re.compile(rf"(?:{quoted})?{rest}({special}|\r?\n|\Z)", re.DOTALL)


@functools.lru_cache(maxsize=64)
def _builder(headers: tuple[str, ...]) -> Callable[[Iterable[Iterable[str]]], list[Row]]:
    """A function from rows of fields (and a last one that is dropped) to dicts, with the keys compiled in."""
    names = [f"field{index}" for index in range(len(headers))]
    pairs = ", ".join(f"{header!r}: {name}" for header, name in zip(headers, names, strict=True))
    source = f"lambda rows: [{{{pairs}}} for {', '.join([*names, '_'])} in rows]"
    build: Callable[[Iterable[Iterable[str]]], list[Row]] = eval(source)  # noqa: S307  headers are only literals
    return build
