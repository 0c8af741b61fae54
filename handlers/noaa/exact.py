"""Any well-formed CSV, row by row; and what is wrong with the rest, by line."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from handlers.common.failures import NotCsv, WrongStation
from handlers.noaa.precipitation import DATE_DIGITS, ELEMENT, MAX_DIGITS, Precipitation

OF_EVERY_ROW: Final = ("ID", "ELEMENT", "DATE", "DATA_VALUE")
COLUMNS: Final = (*OF_EVERY_ROW, "Q_FLAG")
_DATE: Final = re.compile(rf"[0-9]{{{DATE_DIGITS}}}")
_VALUE: Final = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")
SHOWN_CHARACTERS: Final = 40


def read_exactly(data: bytes, station: str) -> Precipitation:
    """What the file says of the station. Raises NotCsv or WrongStation, naming the line."""
    reader = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    passed: list[tuple[int, str]] = []
    flagged: list[int] = []
    try:
        columns = _columns(next(reader, []))
        identifier, element, *_ = columns
        needed = max(columns[: len(OF_EVERY_ROW)]) + 1
        for row in reader:
            if len(row) < needed:
                if row:
                    raise _too_short(row, OF_EVERY_ROW, columns, reader.line_num)
                continue  # an empty line
            if row[identifier] != station:
                told = f"is of station {_shown(row[identifier])}, the key says {_shown(station)}"
                raise WrongStation(f"line {reader.line_num} {told}")
            if row[element] == ELEMENT:
                date, value, quality = _observation(row, columns, reader.line_num)
                if quality:
                    flagged.append(value)
                else:
                    passed.append((value, date))
    except csv.Error as error:
        raise NotCsv(f"line {reader.line_num}: {error}") from error
    highest = max((value for value, _ in passed), default=None)
    return Precipitation(
        highest=highest,
        date=min((date for value, date in passed if value == highest), default=None),
        flagged=max(flagged, default=None),
        observations=len(passed),
    )


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotCsv(f"line {line}: byte 0x{data[error.start]:02x} is not UTF-8") from error


def _columns(header: list[str]) -> list[int]:
    for name in COLUMNS:
        if (found := header.count(name)) != 1:
            told = "names no column" if found == 0 else f"names {found} columns"
            raise NotCsv(f"line 1: the header {told} {name}; needed are {', '.join(COLUMNS)}, once each")
    return [header.index(name) for name in COLUMNS]


def _observation(row: list[str], columns: list[int], line: int) -> tuple[str, int, str]:
    """DATE, DATA_VALUE and Q_FLAG of a row of precipitation."""
    try:
        date, value, quality = (row[column] for column in columns[2:])
    except IndexError:
        raise _too_short(row, COLUMNS, columns, line) from None
    if not _DATE.fullmatch(date):
        raise NotCsv(f"line {line}: DATE {_shown(date)} is not {DATE_DIGITS} digits")
    if not _VALUE.fullmatch(value):
        raise NotCsv(f"line {line}: DATA_VALUE {_shown(value)} of {ELEMENT} is not 1 to {MAX_DIGITS} digits")
    return date, int(value), quality


def _too_short(row: list[str], needed: tuple[str, ...], columns: list[int], line: int) -> NotCsv:
    missing = [name for name, column in zip(needed, columns, strict=False) if column >= len(row)]
    return NotCsv(f"line {line} ends after {len(row)} fields, before its {', '.join(missing)}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}...")
