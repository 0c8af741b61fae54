"""The answer for one station, and the form of the rows that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ELEMENT: Final = "PRCP"
DATE_DIGITS: Final = 8
MAX_DIGITS: Final = 5  # of a DATA_VALUE: "readme-by_station.txt" of the bucket noaa-ghcn-pds


@dataclass(frozen=True, kw_only=True, slots=True)
class Precipitation:
    """Amounts in tenths of a millimetre; the highest is None without a value that passed, flagged without another.

    ``date`` is the first day with the highest value; ``observations`` counts the values that passed.
    """

    highest: int | None
    date: str | None
    flagged: int | None
    observations: int
