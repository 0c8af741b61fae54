"""`stations`: daily weather in the form of NOAA's GHCN-Daily, one CSV object a station.

Truth: for each station the greatest DATA_VALUE among its PRCP rows, with and without the rows that failed a
quality check.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from datagen.dataset import Body, DataSet, Parameter, Part, Size, Spec
from datagen.station_facts import COOPERATIVE, MAX_STATIONS, Edge, Station, station
from datagen.station_weather import Weather, weather
from datagen.streams import SLOTS, slots

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = b"ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"
SHARD = 4  # stations
BYTES_A_ROW = 35.4
ROWS_A_STATION_YEAR = 1_062.0  # on average, when 55 % of the stations report precipitation only

MISSING_MONTHS = 0.16
MISSING_VALUES = 0.04
TRACE_OF_SNOW, TRACE_OF_DEPTH = 0.05, 0.027
M_FLAGS = ("", "T")
Q_FLAGS = ("", "I", "S", "O", "L", "W", "X")
Q_OF_BITS = slots((99.9, 0.04, 0.025, 0.015, 0.01, 0.01))  # of one value a day; X is for the planted one
FLAGGED_X = Q_FLAGS.index("X")
HUGE = 95_000  # five characters are the most that a value has
LEAST_SUM_OF_DAYS = 30_000  # at stations that test for MDPR; the most that PRCP reaches is 3,515


class Element(NamedTuple):
    """One kind of value by day: what it is, on which days it is reported, and where it is a trace."""

    name: str
    values: NDArray[np.int32]
    days: NDArray[np.bool_]
    trace: NDArray[np.bool_]


class Rows(NamedTuple):
    """The rows of one station's object; `date` is YYYYMMDD, flags are indices of M_FLAGS and Q_FLAGS."""

    date: NDArray[np.int32]
    element: NDArray[np.uint32]
    value: NDArray[np.int32]
    m_flag: NDArray[np.uint32]
    q_flag: NDArray[np.uint32]
    names: tuple[str, ...]


def rows(spec: Spec, place: Station) -> Rows:
    """All rows of a station, in the order of its object."""
    sky = weather(spec.seed, place)
    elements = list(_elements(place, sky))
    values = np.array([each.values for each in elements])
    reported = np.array([each.days for each in elements]) & _kept(place, sky, len(elements))
    trace = np.array([each.trace for each in elements], dtype=np.uint32)
    quality = np.zeros(values.shape, dtype=np.uint32)
    days = np.arange(place.days)
    quality[sky.bits[:, 8] % len(elements), days] = Q_OF_BITS[sky.bits[:, 7]]
    if place.edge is Edge.HUGE_FLAGGED:
        middle = place.days // 2
        values[0, middle], reported[0, middle], quality[0, middle] = HUGE, True, FLAGGED_X
    if place.edge is Edge.EMPTY:
        reported[:] = False
    calendar = _calendar(place)
    order = np.flatnonzero(reported.T if place.by_date else reported)
    day, element = np.divmod(order, len(elements)) if place.by_date else np.divmod(order, place.days)[::-1]
    return Rows(
        date=calendar[day],
        element=element.astype(np.uint32),
        value=values[element, day],
        m_flag=trace[element, day],
        q_flag=quality[element, day],
        names=tuple(each.name for each in elements),
    )


def _elements(place: Station, sky: Weather) -> Iterator[Element]:
    every = np.ones(place.days, dtype=np.bool_)
    never = ~every
    bits = sky.bits
    if place.edge is not Edge.NO_PRECIPITATION:
        yield Element("PRCP", sky.rain, every, sky.trace)
    if place.temperatures:
        yield Element("TMAX", sky.highest, every, never)
        yield Element("TMIN", sky.lowest, every, never)
    if place.snow:
        yield Element("SNOW", sky.snow, every, (sky.snow == 0) & (bits[:, 9] < TRACE_OF_SNOW * SLOTS))
        yield Element("SNWD", sky.depth, every, (sky.depth == 0) & (bits[:, 9] > (1 - TRACE_OF_DEPTH) * SLOTS))
    if place.temperatures:
        between = sky.lowest + (sky.highest - sky.lowest) * (bits[:, 10] & 15).astype(np.int32) // 16
        yield Element("TOBS" if place.network == COOPERATIVE else "TAVG", between, bits[:, 11] < 0.6 * SLOTS, never)
        fog = (sky.rain > 0) & (bits[:, 11] < 0.2 * SLOTS)
        yield Element("WT01", np.ones(place.days, dtype=np.int32), fog, never)
    if place.network == COOPERATIVE or place.edge is Edge.MULTIDAY:
        tested = place.edge is Edge.MULTIDAY
        summed = bits[:, 10] < (0.02 if tested else 0.002) * SLOTS
        amount = (bits[:, 9] % 1_500).astype(np.int32) + (LEAST_SUM_OF_DAYS if tested else 0)
        yield Element("MDPR", amount, summed, never)
        yield Element("DAPR", (bits[:, 9] % 5).astype(np.int32) + 2, summed, never)


def _kept(place: Station, sky: Weather, elements: int) -> NDArray[np.bool_]:
    """Which values are not missing: whole months are, and single values."""
    chances = np.ascontiguousarray(sky.bits[:, :6]).astype("<u2", copy=False).view(np.uint8)
    month = np.arange(place.first_day, place.first_day + place.days) * 16 // 487  # of 30.4375 days
    month -= month[0]
    first_days = np.searchsorted(month, np.arange(month[-1] + 1))
    month_kept = sky.bits[first_days, 6] >= MISSING_MONTHS * SLOTS
    kept: NDArray[np.bool_] = (chances[:, :elements].T >= MISSING_VALUES * 256) & month_kept[month]
    return kept


def _calendar(place: Station) -> NDArray[np.int32]:
    """The days of the record as YYYYMMDD."""
    days = np.arange(place.first_day, place.first_day + place.days).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    month_number = months.astype(np.int64)
    day_of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    dates = (1970 + month_number // 12) * 10_000 + (month_number % 12 + 1) * 100 + day_of_month
    calendar: NDArray[np.int32] = dates.astype(np.int32)
    return calendar


def to_csv(place: Station, table: Rows) -> bytes:
    """The object of a station."""
    ends = pl.Series([f"{m},{q},{place.source},{place.time}" for m in M_FLAGS for q in Q_FLAGS])
    buffer = BytesIO()
    buffer.write(HEADER)
    pl.DataFrame(
        [
            pl.Series("id", [place.id]).new_from_index(0, len(table.date)),
            pl.Series("date", table.date),
            pl.Series(table.names).gather(table.element).alias("element"),
            pl.Series("value", table.value),
            ends.gather(table.m_flag * np.uint32(len(Q_FLAGS)) + table.q_flag).alias("end"),
        ]
    ).write_csv(buffer, include_header=False, quote_style="never")
    return buffer.getvalue()


def make(spec: Spec, first: int, last: int) -> Part:
    """The objects of stations [first, last)."""
    bodies, truth = [], []
    for number in range(first, last):
        place = station(spec, number)
        table = rows(spec, place)
        key = f"{place.id}.csv"
        bodies.append(Body(key, to_csv(place, table), len(table.date)))
        truth.append(
            {
                "key": key,
                "station": place.id,
                "rows": len(table.date),
                "edge": None if place.edge is Edge.NONE else place.edge.name.lower(),
            }
            | _greatest(table)
        )
    return Part(bodies=bodies, truth={"stations": pl.DataFrame(truth, schema=TRUTH)})


def _greatest(table: Rows) -> dict[str, int | None]:
    rain = table.element == table.names.index("PRCP") if "PRCP" in table.names else np.zeros(0, dtype=np.bool_)
    values = table.value[rain] if len(rain) else table.value[:0]
    passed = values[table.q_flag[rain] == 0] if len(rain) else values
    return {
        "prcp_rows": len(values),
        "max_prcp": int(values.max()) if len(values) else None,
        "max_prcp_passed": int(passed.max()) if len(passed) else None,
    }


TRUTH = {
    "key": pl.String,
    "station": pl.String,
    "rows": pl.Int64,
    "edge": pl.String,
    "prcp_rows": pl.Int64,
    "max_prcp": pl.Int64,
    "max_prcp_passed": pl.Int64,
}


def _size(spec: Spec) -> Size:
    made = int(spec.count * float(spec.parameters["years"]) * ROWS_A_STATION_YEAR)
    return Size(objects=spec.count, rows=made, bytes=int(made * BYTES_A_ROW))


DATA_SET = DataSet(
    name="stations",
    title="daily weather of GHCN stations, one CSV object each",
    version=1,
    record="stations",
    counts={"tiny": 10, "demo": 200, "full": 1_000},
    maximum=MAX_STATIONS,
    parameters=(
        Parameter(name="years", default=25.0, minimum=0.1, maximum=100, help="Median length of a record in years."),
        Parameter(
            name="precipitation_only",
            default=0.55,
            minimum=0,
            maximum=1,
            help="Share of stations that report no temperatures.",
        ),
    ),
    key_pattern=re.compile(r"[A-Z0-9]{11}\.csv"),
    single_object=None,
    parallel="threads",
    shard=lambda _: SHARD,
    size=_size,
    make=make,
)
