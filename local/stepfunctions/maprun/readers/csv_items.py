"""CSV as Step Functions reads it: every value a string, one item a row.

The rules, as AWS documents them: a newline ends a record and the delimiter a field; a field in double quotes
may hold both, and ``""`` in it is one quote; a backslash makes a backslash, a quote or the delimiter after it
plain, and is itself dropped before anything else; missing fields are empty strings, surplus ones are dropped.

A block without quotes and backslashes is split as a whole; any other goes through the csv module.
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

MAX_HEADER_BYTES = 10 << 10  # Step Functions, "CSV headers ... up to 10 KiB"

# The csv module's own limit of 128 KiB a field is below what an item may hold; it is one for the process.
csv.field_size_limit(2 * MAX_ITEM_BYTES)

# The csv module would keep a backslash's newline and end a record at a lone carriage return.
_ODD = re.compile(r"(\\[^\r\n])|\\(?=[\r\n]|\Z)|(\r)(?!\n)", re.DOTALL)

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
        first = next(self._records(lines, last=last), None)
        if first is None:
            return self._keep(text)
        header, used = first
        self._set_headers(tuple(header))
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
        records = list(self._records(lines, last=last))
        self._keep("".join(lines[records[-1][1] :] if records else lines))
        return self._build(self._regular(record for record, _ in records))

    def _records(self, lines: list[str], *, last: bool) -> Iterator[tuple[list[str], int]]:
        """Each complete record with the number of lines that it and those before it took."""
        reader = csv.reader(
            _normal(lines, last=last),
            delimiter=self._delimiter,
            quotechar='"',
            escapechar="\\",
            doublequote=True,
        )
        try:
            for record in reader:
                yield record or [""], reader.line_num
        except _BlockEndsError:
            return
        except csv.Error as error:
            raise ItemReaderFailed(f"{self._source} is not CSV: {error}") from error

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


def _normal(lines: list[str], *, last: bool) -> Iterator[str]:
    for line in lines:
        yield _ODD.sub(_normal_odd, line) if "\\" in line or "\r" in line else line
    if not last:
        raise _BlockEndsError


def _normal_odd(match: re.Match[str]) -> str:
    return match[1] or ("\\\r" if match[2] else "")


@functools.lru_cache(maxsize=64)
def _builder(headers: tuple[str, ...]) -> Callable[[Iterable[Iterable[str]]], list[Row]]:
    """A function from rows of fields (and a last one that is dropped) to dicts, with the keys compiled in."""
    names = [f"field{index}" for index in range(len(headers))]
    pairs = ", ".join(f"{header!r}: {name}" for header, name in zip(headers, names, strict=True))
    source = f"lambda rows: [{{{pairs}}} for {', '.join([*names, '_'])} in rows]"
    build: Callable[[Iterable[Iterable[str]]], list[Row]] = eval(source)  # noqa: S307  headers are only literals
    return build
