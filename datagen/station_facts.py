"""What a weather station is: its id, what it reports, since when, and in which climate."""

from __future__ import annotations

from datetime import date
from enum import Enum
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datagen.dataset import Spec
from datagen.distributions import log_normal
from datagen.permutation import Permutation
from datagen.streams import SLOTS, quarters, slots, words

DATA_SET_ID = 2
STATION, NUMBERS, SPELLS, WEATHER = range(4)  # streams of random bits

MAX_STATIONS = 100_000  # some networks have five digits for a station
LAST_DAY = (date(2025, 12, 31) - date(1970, 1, 1)).days
FIRST_DAY = (date(1840, 1, 1) - date(1970, 1, 1)).days
SHORTEST_DAYS = 365
RECORD_SIGMA = 0.6  # of the log-normal length of a record
CLOSED_SHARE = 0.45
LONGEST_CLOSED_DAYS = 50 * 365
COLOUR = 256  # scale of factors kept as integers


class Network(NamedTuple):
    """A group of stations: how ids begin, digits that follow, source flag, and times of observation."""

    prefix: str
    digits: int
    source: str
    times: tuple[str, ...]


NETWORKS = (
    Network("USC00", 6, "7", ("0700", "0800", "1700", "1800", "2400")),
    Network("US1AZMR", 4, "N", ("",)),
    Network("USW000", 5, "W", ("",)),
    Network("CA00", 7, "C", ("",)),
    Network("ASN00", 6, "a", ("",)),
    Network("GME00", 6, "E", ("",)),
    Network("BRM000", 5, "S", ("",)),
)
NETWORK_OF_BITS = slots((34, 0, 8, 14, 20, 12, 12))
COOPERATIVE = 0


class Edge(Enum):
    """What is odd about some stations, by the last two digits of their number."""

    NONE = -1
    NO_PRECIPITATION = 3
    EMPTY = 5  # a header and no row
    HUGE_FLAGGED = 7  # a PRCP value that failed its quality check is greater than any other
    MULTIDAY = 8  # sums of several days (MDPR) that are greater than any PRCP


EDGES = {edge.value: edge for edge in Edge}


class Station(NamedTuple):
    """The facts of one station; days are counted from 1970-01-01, temperatures in tenths of a degree."""

    number: int
    id: str
    network: int
    source: str
    time: str
    edge: Edge
    first_day: int
    days: int
    temperatures: bool
    snow: bool
    by_date: bool  # rows ordered by date, else grouped by element
    climate: int
    wetness: int  # scale of amounts of rain, in 1/256
    offset: int  # of all temperatures


@cache
def _record_days() -> NDArray[np.int64]:
    """Lengths of records with a median of one year."""
    return log_normal(365.25, RECORD_SIGMA)


@lru_cache(maxsize=2)
def _numbers(seed: int) -> Permutation:
    return Permutation(MAX_STATIONS, seed=seed, dataset=DATA_SET_ID, stream=NUMBERS)


def station(spec: Spec, number: int) -> Station:
    """The station of that number."""
    bits = quarters(words(spec.seed, DATA_SET_ID, STATION, number, 3)).ravel().tolist()
    network = int(NETWORK_OF_BITS[bits[0]])
    own = NETWORKS[network]
    serial = int(_numbers(spec.seed)(np.array([number], dtype=np.uint32))[0])
    edge = EDGES.get(number % 100, Edge.NONE)
    years = float(spec.parameters["years"])
    end = LAST_DAY - (bits[2] * LONGEST_CLOSED_DAYS // SLOTS if bits[1] < CLOSED_SHARE * SLOTS else 0)
    length = max(SHORTEST_DAYS, round(int(_record_days()[bits[3]]) * years))
    first = max(FIRST_DAY, end - length + 1)
    precipitation_only = bits[4] < float(spec.parameters["precipitation_only"]) * SLOTS
    return Station(
        number=number,
        id=f"{own.prefix}{serial:0{own.digits}d}",
        network=network,
        source=own.source,
        time=own.times[bits[5] % len(own.times)],
        edge=edge,
        first_day=first,
        days=end - first + 1,
        temperatures=not precipitation_only or edge is Edge.NO_PRECIPITATION,
        snow=bits[6] < (0.09 if precipitation_only else 0.62) * SLOTS,
        by_date=bits[7] < SLOTS // 2,
        climate=bits[8] % 3,
        wetness=200 + bits[9] * 160 // SLOTS,
        offset=bits[10] * 80 // SLOTS - 40,
    )
