"""What the table of `noaa` should hold for a station file, found again by polars and by no code of the handler.

A file is right when it is UTF-8 CSV with the columns that are needed and rows of the station that its key names.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

import obstore

from operate.verification.tables import SEGMENTS, scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl
    from obstore.store import ObjectStore

Record: TypeAlias = dict[str, str | int]
Expected: TypeAlias = Record | str  # an item of the table, or the name of the failure

NEEDED = frozenset({"ID", "DATE", "ELEMENT", "DATA_VALUE", "Q_FLAG"})
READS = 8  # files in memory at once; a station of a hundred years is 10 MB
EMPTY, GONE, NOT_CSV, OTHER_STATION = "EmptyObject", "NoSuchKey", "NotCsv", "WrongStation"
NO_KEY = "UnreadableKey"


def station_of(key: str) -> str:
    """Return the station that a key names."""
    return PurePosixPath(key).stem


def read_all(store: ObjectStore, keys: Iterable[tuple[str, int | None]]) -> Iterator[tuple[str, Expected]]:
    """Yield what is to be expected of each key, in order, ``READS`` files at a time; the size is told by the source."""
    in_flight: deque[tuple[str, Future[Expected]]] = deque()
    with ThreadPoolExecutor(max_workers=READS, thread_name_prefix="station") as pool:
        for key, size in keys:
            if len(in_flight) == READS:
                done, reading = in_flight.popleft()
                yield done, reading.result()
            in_flight.append((key, pool.submit(_read, store, key, size)))
        for done, reading in in_flight:
            yield done, reading.result()


def _read(store: ObjectStore, key: str, size: int | None) -> Expected:
    if key.startswith("/") or key.endswith("/") or "//" in key:  # no client that takes keys for paths can name these
        return EMPTY if size == 0 else NO_KEY
    try:
        stored = obstore.get(store, key)
        data = bytes(stored.bytes())
    except FileNotFoundError:
        return GONE
    found = expected(data, station_of(key))
    if isinstance(found, str):
        return found
    etag, modified = stored.meta["e_tag"] or "", stored.meta["last_modified"]
    return {**found, "source": key, "etag": etag.strip('"'), "modified": int(modified.timestamp() * 1000)}


def expected(data: bytes, station: str) -> Expected:
    """Return the part of a station's item that comes from the file's content, or why there is none."""
    import polars as pl

    if not data:
        return EMPTY
    try:
        table = pl.read_csv(BytesIO(data), infer_schema=False, empty_string_is_null=False)
    except pl.exceptions.PolarsError:
        return NOT_CSV
    if not set(table.columns) >= NEEDED or table["ID"].has_nulls() or table["ELEMENT"].has_nulls():
        return NOT_CSV
    if (table["ID"] != station).any():
        return OTHER_STATION
    rain = table.filter(pl.col("ELEMENT") == "PRCP").select("DATE", "DATA_VALUE", "Q_FLAG")
    if rain.null_count().sum_horizontal().item() or not _well_formed(rain):
        return NOT_CSV
    values = rain.select("DATE", pl.col("DATA_VALUE").cast(pl.Int64), passed=pl.col("Q_FLAG") == "")
    passed, flagged = values.filter("passed"), values.filter(~pl.col("passed"))
    record: Record = {"station": station, "observations": len(passed)}
    if len(passed):
        highest = passed.filter(pl.col("DATA_VALUE") == pl.col("DATA_VALUE").max())
        record |= {"PRCP": highest["DATA_VALUE"][0], "date": highest["DATE"].sort()[0]}
    if len(flagged):
        record["flagged_PRCP"] = flagged.select(pl.col("DATA_VALUE").max()).item()
    return record


def _well_formed(rain: pl.DataFrame) -> bool:
    digits = rain["DATA_VALUE"].str.contains(r"^[0-9]{1,5}$").all()
    return digits and rain["DATE"].str.contains(r"^[0-9]{8}$").all()


def stations_in(dynamodb: Any, table: str, *, segments: int = SEGMENTS) -> Iterator[Record]:
    """Yield every item of the table with plain values."""
    for item in scan(dynamodb, table, segments=segments):
        yield {name: _plain(value) for name, value in item.items()}


def _plain(value: dict[str, str]) -> str | int:
    """Return a text, or a whole number; what is of another type is shown as it is, and equals nothing expected."""
    ((kind, content),) = value.items()
    if kind == "N" and content.lstrip("-").isdigit():
        return int(content)
    return content if kind == "S" else f"{kind} {content}"
