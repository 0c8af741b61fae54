"""From the bytes of a station's file to its highest precipitation; nothing here reads or writes.

The file is CSV in UTF-8 with a header (GHCN-Daily, `csv/by_station`); its columns may be in any order, quoted, and be
more than those needed. Rows whose ELEMENT is PRCP need a DATE (YYYYMMDD), a DATA_VALUE of one to five digits (tenths
of a millimetre) and a Q_FLAG, blank when the value passed its quality checks. Other rows need an ID and an
ELEMENT, and whatever they have for a DATE and a DATA_VALUE.
"""

from __future__ import annotations

from handlers.common.failures import EmptyObject, WrongStation
from handlers.noaa.exact import read_exactly
from handlers.noaa.plain import read_plain
from handlers.noaa.precipitation import Precipitation


def highest_precipitation(data: bytes, station: str) -> Precipitation:
    """What the file says of the station. Raises EmptyObject, NotCsv or WrongStation, naming the line."""
    if not data:
        raise EmptyObject("the object has no bytes: a station's file has at least a header")
    if not station:
        raise WrongStation("the key names no station: it should end in <station>.csv")
    return read_plain(data, station) or read_exactly(data, station)
