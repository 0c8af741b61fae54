"""Measures of risk from simulated losses, each with an interval that covers the truth 95 times in 100.

Value at risk: the order statistic of its level, between those that a binomial count of losses below it puts around it
(H. David and H. Nagaraja, "Order Statistics", 3rd edition, section 7.1): no assumption on the distribution. Expected
shortfall: the mean of the worst losses, the boundary's part of a loss included (C. Acerbi and D. Tasche, "On the
coherence of expected shortfall", Journal of Banking & Finance 26 (2002)), with the variance of B. Manistre and
G. Hancock, "Variance of the CTE Estimator", North American Actuarial Journal 9 (2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from handlers.loans.tally import LEVELS, THOUSAND

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
_EACH_SIDE: Final = (1 - CONFIDENCE) / 2
_DEVIATIONS: Final = NormalDist().inv_cdf(1 - _EACH_SIDE)
BARS: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A value and its interval, in cents; a side is None where the scenarios are too few to bound it."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tail:
    """The losses beyond a level, in thousandths."""

    level: int
    value_at_risk: Estimate
    expected_shortfall: Estimate


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What the simulated losses say."""

    mean: Estimate
    standard_deviation: Estimate
    tails: tuple[Tail, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """``counts[i]`` losses are from ``edges[i]`` to below ``edges[i + 1]`` cents."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def measures(losses: NDArray[np.int64]) -> Measures:
    """The measures of losses in cents, one a scenario, at least one."""
    ordered = np.sort(losses)
    return Measures(
        mean=_mean(ordered),
        standard_deviation=_standard_deviation(ordered),
        tails=tuple(
            Tail(
                level=level, value_at_risk=value_at_risk(ordered, level), expected_shortfall=_shortfall(ordered, level)
            )
            for level in LEVELS
        ),
    )


def value_at_risk(ordered: NDArray[np.int64], level: int) -> Estimate:
    """Of ascending losses, at a level in thousandths."""
    count = len(ordered)
    below, above = ranks(count, level / THOUSAND)
    return Estimate(
        value=float(ordered[ceil(count * level / THOUSAND) - 1]),
        low=float(ordered[below - 1]) if below else None,
        high=float(ordered[above - 1]) if above <= count else None,
    )


def ranks(count: int, probability: float) -> tuple[int, int]:
    """The ranks, from one, of the order statistics around a quantile; 0 and ``count + 1`` stand for none."""
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])
    successes = np.arange(count + 1)
    chances = factorials[-1] - factorials - factorials[::-1]
    chances = np.exp(chances + successes * np.log(probability) + (count - successes) * np.log1p(-probability))
    at_most = np.cumsum(chances)
    return int(np.searchsorted(at_most, _EACH_SIDE, side="right")), int(np.searchsorted(at_most, 1 - _EACH_SIDE)) + 1


def histogram(losses: NDArray[np.int64]) -> Histogram:
    """How often losses are of which size, in bars of equal width from zero to the greatest."""
    width = -(-(int(losses.max()) + 1) // BARS)
    counts = np.bincount(losses // width, minlength=BARS)
    return Histogram(edges=tuple(float(width * bar) for bar in range(BARS + 1)), counts=tuple(counts.tolist()))


def _mean(losses: NDArray[np.int64]) -> Estimate:
    return _around(float(losses.mean()), float(losses.std()) / sqrt(len(losses)))


def _standard_deviation(losses: NDArray[np.int64]) -> Estimate:
    """With the large-sample error of a standard deviation, by the fourth moment."""
    apart = losses - losses.mean()
    squares = apart * apart
    found = sqrt(float(squares.mean()))
    spread = float((squares * squares).mean()) - found**4
    return _around(found, sqrt(max(spread, 0) / len(losses)) / (2 * found) if found else 0.0)


def _shortfall(ordered: NDArray[np.int64], level: int) -> Estimate:
    thousandths = len(ordered) * (THOUSAND - level)
    whole, part = divmod(thousandths, THOUSAND)
    beyond = ordered[len(ordered) - whole :]
    boundary = float(ordered[len(ordered) - whole - 1]) if part else 0.0
    weight = thousandths / THOUSAND
    value = (float(beyond.sum()) + part / THOUSAND * boundary) / weight
    if whole < 2:
        return Estimate(value=value, low=None, high=None)
    at_risk = float(ordered[ceil(len(ordered) * level / THOUSAND) - 1])
    variance = float(beyond.var(ddof=1)) + level / THOUSAND * (value - at_risk) ** 2
    return _around(value, sqrt(variance / weight))


def _around(value: float, error: float) -> Estimate:
    return Estimate(value=value, low=value - _DEVIATIONS * error, high=value + _DEVIATIONS * error)
