"""Daily weather of one station: wet and dry spells, amounts, temperatures that remember the day before, snow."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datagen.distributions import NORMAL_UNIT, gamma_amounts, normal, spell_lengths
from datagen.station_facts import COLOUR, DATA_SET_ID, SPELLS, WEATHER, Station
from datagen.streams import SLOTS, quarters, words

WET_AFTER_WET, WET_AFTER_DRY = 0.48, 0.31
LONGEST_WET, LONGEST_DRY = 60, 120
AMOUNT_SHAPE, AMOUNT_SCALE, GREATEST_AMOUNT = 0.75, 90.0, 2_500  # tenths of a millimetre
TRACE_OF_DRY = 0.15
MEMORY = np.float32(0.63)  # lag-1 autocorrelation of the anomaly of TMAX
INNOVATION = np.float32(0.77659)  # sqrt(1 - 0.63 ** 2), so that the anomaly has variance 1
SPREAD_MEAN, SPREAD_SD, SPREAD_LEAST = 100, 45, 5  # of TMAX minus TMIN, tenths of a degree
SNOW_BELOW = 20  # TMAX in tenths of a degree
MELT_A_DAY, MELT_A_DEGREE = 8, 6  # millimetres of depth
WORDS_A_DAY = 4
YEAR = 366

# Monthly means and standard deviations of TMAX in tenths of a degree: Ottawa, New York, and a warm coast.
MEANS = (
    (-60, -46, 15, 108, 190, 242, 267, 254, 205, 132, 48, -32),
    (37, 39, 81, 142, 203, 252, 278, 268, 234, 177, 111, 53),
    (150, 160, 185, 215, 250, 285, 305, 305, 285, 245, 200, 160),
)
DEVIATIONS = (
    (70, 61, 58, 63, 56, 45, 38, 40, 50, 55, 56, 66),
    (62, 60, 58, 58, 52, 44, 36, 36, 44, 50, 54, 58),
    (44, 42, 40, 36, 30, 26, 22, 22, 26, 32, 38, 42),
)


class Weather(NamedTuple):
    """One value a day; amounts in tenths of a millimetre, snow in millimetres, temperatures in tenths."""

    rain: NDArray[np.int32]
    trace: NDArray[np.bool_]
    highest: NDArray[np.int32]
    lowest: NDArray[np.int32]
    snow: NDArray[np.int32]
    depth: NDArray[np.int32]
    bits: NDArray[np.uint16]  # random bits that are left for flags and gaps: (days, UNUSED)


UNUSED = 12


def weather(seed: int, place: Station) -> Weather:
    """The weather of every day of a station's record."""
    days = place.days
    bits = quarters(words(seed, DATA_SET_ID, WEATHER, place.number, days * WORDS_A_DAY)).reshape(days, -1)
    wet = _wet_days(seed, place)
    amount = np.maximum(_amounts()[bits[:, 0]] * place.wetness // COLOUR, 1).astype(np.int32)
    rain = np.where(wet, amount, np.int32(0))
    day_of_year = np.arange(place.first_day, place.first_day + days) * 4 % 1461 // 4  # of 365.25 days
    means, deviations = _seasons(place.climate)
    anomaly = _remembered(normal()[bits[:, 1]].astype(np.float32) * (INNOVATION / np.float32(NORMAL_UNIT)))
    highest = np.rint(means[day_of_year] + deviations[day_of_year] * anomaly).astype(np.int32) + place.offset
    spread = np.maximum(SPREAD_MEAN + normal()[bits[:, 2]] * SPREAD_SD // NORMAL_UNIT, SPREAD_LEAST)
    snow = np.where(highest < SNOW_BELOW, rain, np.int32(0))
    return Weather(
        rain=rain,
        trace=~wet & (bits[:, 3] < TRACE_OF_DRY * SLOTS),
        highest=highest,
        lowest=highest - spread,
        snow=snow,
        depth=_depth(snow, highest),
        bits=bits[:, -UNUSED:],
    )


def _wet_days(seed: int, place: Station) -> NDArray[np.bool_]:
    spells = place.days // 3 + 16  # pairs; they last five days on average
    bits = quarters(words(seed, DATA_SET_ID, SPELLS, place.number, spells)).ravel()
    lengths = np.empty(2 * spells, dtype=np.int64)
    lengths[0::2] = _spells(1 - WET_AFTER_DRY, LONGEST_DRY)[bits[: 2 * spells : 2]]
    lengths[1::2] = _spells(WET_AFTER_WET, LONGEST_WET)[bits[1 : 2 * spells : 2]]
    ends = np.searchsorted(np.cumsum(lengths), place.days) + 1
    wet = np.repeat(np.arange(ends) % 2 == 1, lengths[:ends])[: place.days]
    return np.pad(wet, (0, place.days - len(wet)))


def _remembered(noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """The process x[t] = MEMORY x[t-1] + noise[t], cut off after 32 days: the sum is doubled five times."""
    total, weight, step = noise, MEMORY, 1
    for _ in range(5):
        shifted = total[:-step] * weight
        total = total.copy()
        total[step:] += shifted
        weight, step = weight * weight, step * 2
    return total


def _depth(snow: NDArray[np.int32], highest: NDArray[np.int32]) -> NDArray[np.int32]:
    """Depth of snow: what fell less what melted, never below zero (Lindley's recursion, by a running minimum)."""
    balance = np.cumsum(snow - MELT_A_DAY - MELT_A_DEGREE * np.maximum(highest, 0) // 10)
    depth: NDArray[np.int32] = (balance - np.minimum(np.minimum.accumulate(balance), 0)).astype(np.int32)
    return depth


@cache
def _amounts() -> NDArray[np.int64]:
    return gamma_amounts(AMOUNT_SHAPE, AMOUNT_SCALE, GREATEST_AMOUNT)


@cache
def _spells(stay: float, longest: int) -> NDArray[np.int64]:
    return spell_lengths(stay, longest)


@cache
def _seasons(climate: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of TMAX for each day of the year."""
    return _by_day(MEANS[climate]), _by_day(DEVIATIONS[climate])


def _by_day(months: tuple[int, ...]) -> NDArray[np.float32]:
    knots = [
        (-15.0, months[-1]),
        *((30.5 * month + 15, value) for month, value in enumerate(months)),
        (381.0, months[0]),
    ]
    values = []
    for day in range(YEAR):
        (start, before), (end, after) = next(pair for pair in pairwise(knots) if pair[0][0] <= day < pair[1][0])
        values.append(round(before + (after - before) * (day - start) / (end - start)))
    return np.array(values, dtype=np.float32)
