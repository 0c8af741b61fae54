"""The layout that NOAA writes, all rows at once.

Every row begins with an ID of 11 characters, a DATE of 8 and, of the rows in question, the ELEMENT ``PRCP``, so that
these lie at fixed places and are compared as machine words. Whatever is not exactly so - quotes, another order, a row
that is wrong - is left to the reader of any CSV, which gives the same answer for all that is read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from handlers.noaa.precipitation import ELEMENT, MAX_DIGITS, Precipitation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

HEADER: Final = b"ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"
ID_BYTES: Final = 11
VALUE_AT: Final = 26
LOOKAHEAD: Final = b"\n" * 64  # behind the last row: no row is looked at further than this from its start

ROW: Final = np.dtype(
    {
        "names": ["id_begin", "id_end", "date", "comma", "element", "end", "value"],
        "formats": ["<u8", "<u4", "<u8", "u1", "<u4", "u1", "<u8"],
        "offsets": [0, 8, 12, 20, 21, 25, VALUE_AT],
        "itemsize": VALUE_AT + 8,
    }
)

COMMA, NEWLINE = ord(","), ord("\n")
PRCP: Final = np.frombuffer(ELEMENT.encode(), "<u4")[0]


def _bytes_of(byte: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([byte]) * 8))


ONES, SIGNS, ZEROS, COMMAS = _bytes_of(0x01), _bytes_of(0x80), _bytes_of(ord("0")), _bytes_of(COMMA)
HIGH_NIBBLES, SIX = _bytes_of(0xF0), _bytes_of(0x06)


def read_plain(data: bytes, station: str) -> Precipitation | None:
    """What the file says of the station, or None when it is not of this layout."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if not data.startswith(HEADER) or not data.isascii() or b'"' in data or b"\r" in data:
        return None
    if len(station) != ID_BYTES or not (station.isascii() and station.isalnum()):
        return None
    padded = data + LOOKAHEAD
    starts = _row_starts(data)
    row = np.ndarray(len(data), f"V{ROW.itemsize}", padded, strides=(1,))[starts].view(ROW)
    return _read_rows(row, starts, padded, station.encode() + b",") if len(row) else _NONE


def _row_starts(data: bytes) -> NDArray[np.intp]:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE)
    starts = ends + 1
    return starts[:-1] if data.endswith(b"\n") else starts


def _read_rows(row: NDArray[Any], starts: NDArray[np.intp], padded: bytes, identifier: bytes) -> Precipitation | None:
    id_begin, id_end = np.frombuffer(identifier, "<u8", 1)[0], np.frombuffer(identifier, "<u4", 1, 8)[0]
    if not ((row["id_begin"] == id_begin).all() and (row["id_end"] == id_end).all()):
        return None
    if not ((row["comma"] == COMMA).all() and (row["end"] == COMMA).all() and _digits(row["date"])):
        return None
    rain = np.flatnonzero(row["element"] == PRCP)
    if not len(rain):
        return _NONE
    text = row["value"][rain]
    width = _bits_before_comma(text)
    if width.min() == 0 or width.max() > 8 * MAX_DIGITS:
        return None
    digits = _right_aligned(text, width)
    if not _digits(digits):
        return None
    after = starts[rain] + (VALUE_AT + 1) + (width >> np.uint64(3)).astype(np.intp)
    quality = _quality(np.ndarray(len(padded) - 3, "<u4", padded, strides=(1,))[after])
    return None if quality is None else _summary(_numbers(digits), row["date"][rain], quality == COMMA)


def _digits(words: Words) -> bool:
    """Whether all eight bytes of all words are digits."""
    high = (words & HIGH_NIBBLES) == ZEROS
    return bool(high.all() and (((words + SIX) & HIGH_NIBBLES) == ZEROS).all())


def _bits_before_comma(words: Words) -> Words:
    """How many bits lie before the first comma of each word; 64 without one."""
    differs = words ^ COMMAS
    found = (differs - ONES) & ~differs & SIGNS  # the lowest bit that is set stands in the first comma
    before = ((found & (~found + np.uint64(1))) >> np.uint64(7)) - np.uint64(1)
    bits: Words = np.bitwise_count(before).astype(np.uint64)
    return bits


def _right_aligned(words: Words, bits: Words) -> Words:
    """The first bits of each word, moved to its end, with zeros (digits) before them."""
    aligned: Words = (words << (np.uint64(64) - bits)) | (ZEROS >> bits)
    return aligned


def _numbers(words: Words) -> Words:
    """The numbers that eight digits each say: neighbours are joined to two, then four, then eight digits."""
    pairs = words - ZEROS
    pairs = pairs * np.uint64(10) + (pairs >> np.uint64(8))
    mask = np.uint64(0x0000_00FF_0000_00FF)
    high = (pairs & mask) * np.uint64(100 + (1_000_000 << 32))
    low = ((pairs >> np.uint64(16)) & mask) * np.uint64(1 + (10_000 << 32))
    numbers: Words = (high + low) >> np.uint64(32)
    return numbers


def _quality(flags: NDArray[np.uint32]) -> NDArray[np.uint32] | None:
    """The character with which each Q_FLAG begins, a comma when it is blank; the M_FLAG before it has one at most."""
    first, second, third = (flags >> np.uint32(shift) & np.uint32(0xFF) for shift in (0, 8, 16))
    unmarked = first == COMMA
    quality = np.where(unmarked, second, third)
    if (quality == NEWLINE).any() or not (unmarked | (second == COMMA)).all():
        return None
    return quality


def _summary(values: Words, dates: Words, passed: NDArray[np.bool_]) -> Precipitation:
    flagged = None if passed.all() else int(values[~passed].max())
    values, dates = values[passed], dates[passed]
    if not len(values):
        return Precipitation(highest=None, date=None, flagged=flagged, observations=0)
    highest = values.max()
    first = dates[values == highest].byteswap().min()  # as text is compared: the first character counts most
    return Precipitation(
        highest=int(highest),
        date=int(first).to_bytes(8).decode(),
        flagged=flagged,
        observations=len(values),
    )


_NONE: Final = Precipitation(highest=None, date=None, flagged=None, observations=0)
