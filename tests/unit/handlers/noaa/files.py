"""Station files of the tests' own making, and a plain second way to read them."""

from __future__ import annotations

import csv
import io

from handlers.noaa.precipitation import Precipitation

STATION = "USC00991234"
COLUMNS = ("ID", "DATE", "ELEMENT", "DATA_VALUE", "M_FLAG", "Q_FLAG", "S_FLAG", "OBS_TIME")
HEADER = ",".join(COLUMNS)


def rain(date: str, value: object, m: str = "", q: str = "") -> str:
    """A row of precipitation as NOAA writes it."""
    return f"{STATION},{date},PRCP,{value},{m},{q},7,0700"


def file(*lines: str, header: str = HEADER, end: str = "\n") -> bytes:
    """A file of these lines."""
    return end.join((header, *lines, "")).encode()


def read_with_dicts(data: bytes) -> Precipitation:
    """The usual code: one dict a row, one row after the other."""
    passed: list[tuple[int, str]] = []
    flagged: list[tuple[int, str]] = []
    for row in csv.DictReader(io.StringIO(data.decode(), newline="")):
        if row["ELEMENT"] == "PRCP":
            (flagged if row["Q_FLAG"] else passed).append((int(row["DATA_VALUE"]), row["DATE"]))
    highest = max((value for value, _ in passed), default=None)
    return Precipitation(
        highest=highest,
        date=min((date for value, date in passed if value == highest), default=None),
        flagged=max((value for value, _ in flagged), default=None),
        observations=len(passed),
    )
