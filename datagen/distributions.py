"""Distributions as tables of 65,536 values, looked up by 16 random bits.

Tables are rounded to whole units, so that a last bit of difference between two machines' mathematical
functions does not reach the data.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import exp, gamma, log
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from datagen.streams import SLOTS, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NORMAL_UNIT = 4096  # a standard normal deviate of 1.0 in the table of deviates
SERIES_TERMS = 120  # of the incomplete gamma function, exact to 1e-12 up to 30 scales


@cache
def normal() -> NDArray[np.int32]:
    """Standard normal deviates in units of 1/4096, ascending, symmetric about zero."""
    inverse = NormalDist().inv_cdf
    upper = [round(inverse((slot + 0.5) / SLOTS) * NORMAL_UNIT) for slot in range(SLOTS // 2, SLOTS)]
    return np.array([*(-value for value in reversed(upper)), *upper], dtype=np.int32)


def log_normal(median: float, sigma: float) -> NDArray[np.int64]:
    """Log-normal values, rounded to whole numbers, ascending."""
    return np.array([round(median * exp(sigma * each / NORMAL_UNIT)) for each in normal().tolist()], dtype=np.int64)


def gamma_amounts(shape: float, scale: float, greatest: int) -> NDArray[np.int64]:
    """Whole gamma-distributed amounts of 1 to `greatest`, ascending."""
    edges = (np.arange(1, greatest + 1) + 0.5) / scale
    term = np.full(greatest, 1 / shape)
    total = term.copy()
    for number in range(1, SERIES_TERMS):
        term = term * edges / (shape + number)
        total += term
    below = np.array([edge**shape * exp(-edge) for edge in edges.tolist()]) * total / gamma(shape)
    weights = np.diff(below, prepend=0.0).clip(min=0.0)
    return np.repeat(np.arange(1, greatest + 1), spread(weights.tolist(), SLOTS))


def quantiles(points: Sequence[tuple[float, float]], *, logarithmic: bool = False) -> NDArray[np.int64]:
    """Whole values whose quantiles pass through (probability, value) points, the first at 0, the last at 1."""
    values = np.empty(SLOTS, dtype=np.int64)
    at = (np.arange(SLOTS) + 0.5) / SLOTS
    for (low, start), (high, end) in pairwise(points):
        slots = np.flatnonzero((at >= low) & (at < high))
        part = (at[slots] - low) / (high - low)
        if logarithmic:
            values[slots] = [round(start * exp(log(end / start) * share)) for share in part.tolist()]
        else:
            values[slots] = np.rint(start + (end - start) * part)
    return values


def spell_lengths(stay: float, longest: int) -> NDArray[np.int64]:
    """Lengths of spells that go on with probability `stay` from day to day (geometric), ascending."""
    weights = [1.0]
    while len(weights) < longest:
        weights.append(weights[-1] * stay)
    return np.repeat(np.arange(1, longest + 1), spread(weights, SLOTS))
