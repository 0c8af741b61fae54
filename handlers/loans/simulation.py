"""Which loans default in which scenario, by the one-factor Gaussian copula; and what is lost.

A loan of default probability PD and correlation rho defaults when sqrt(rho) M + sqrt(1 - rho) e < Phi^-1(PD), M being
the common factor of the scenario and e the loan's own (O. Vasicek, "The distribution of loan portfolio value", Risk,
December 2002). Given M that is a default with probability Phi((Phi^-1(PD) - sqrt(rho) M) / sqrt(1 - rho)), against
which the loan's uniform number Phi(e) is held: no normal number needs to be drawn.

Of that number the highest 16 bits decide almost always, against bounds of the probability that are looked up by the
common factor. Only what they leave open is computed to the last bit, so that the bounds are never seen in the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from handlers.loans.draws import FOLLOWING_BITS, LEADING_BITS, Fortunes, common_factor
from handlers.loans.normal import cdf, quantile
from handlers.loans.portfolio import PARTS, SEGMENTS, part

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from handlers.loans.portfolio import Exposures

SCENARIOS: Final = 10_000
BLOCK: Final = 64
"""Loans computed on together: with 10,000 scenarios about 2 MB, whatever the size of the batch."""

FARTHEST: Final = 9  # standard deviations; beyond, no bit of 16 changes
STEPS: Final = 256  # of the table of Phi, a standard deviation
BINS: Final = 32  # of the common factor, a standard deviation
FARTHEST_BIN: Final = 4
WHOLE: Final = 1 << LEADING_BITS


class Losses(NamedTuple):
    """``by_segment``: cents lost, shape (segments, scenarios); ``defaults``: scenarios in which each loan defaults."""

    by_segment: NDArray[np.int64]
    defaults: NDArray[np.int64]


class Coefficients(NamedTuple):
    """Given the common factor M, a loan defaults with probability Phi(level - slope * M)."""

    level: NDArray[np.float64]
    slope: NDArray[np.float64]


class Bounds(NamedTuple):
    """By loan and bin of the common factor: below ``certain`` the loan defaults, above ``possible`` it does not."""

    certain: NDArray[np.uint16]
    possible: NDArray[np.uint16]


def coefficients(exposures: Exposures) -> Coefficients:
    """What decides on each loan, given the common factor."""
    rest = np.sqrt(1 - exposures.correlation)
    return Coefficients(
        level=quantile(exposures.default_parts / PARTS) / rest, slope=np.sqrt(exposures.correlation) / rest
    )


def simulate(
    exposures: Exposures, *, seed: int, scenarios: int = SCENARIOS, after_block: Callable[[], None] = lambda: None
) -> Losses:
    """Losses and defaults within a year in each scenario.

    Both are whole numbers that depend on (seed, account, scenario) and the loan alone: the sum over any batches, in any
    order, is the result of all loans together, to the cent. Loans of the same account would share their fortune.
    ``after_block`` is called every 64 loans; what it raises ends the simulation.
    """
    fortunes, factor = Fortunes(seed, scenarios), common_factor(seed, scenarios)
    edges = np.arange(-FARTHEST_BIN * BINS, FARTHEST_BIN * BINS + 1) / BINS
    bins = np.searchsorted(edges, factor, side="right")
    losses = np.zeros(len(SEGMENTS) * scenarios, dtype=np.int64)
    counts = np.empty(len(exposures.account), dtype=np.int64)
    for start in range(0, len(counts), BLOCK):
        block = part(exposures, start, start + BLOCK)
        loan, scenario = _defaults(block, fortunes, factor, edges, bins)
        np.add.at(losses, block.segment[loan] * scenarios + scenario, block.loss[loan])
        counts[start : start + BLOCK] = np.bincount(loan, minlength=len(block.account))
        after_block()
    return Losses(by_segment=losses.reshape(len(SEGMENTS), scenarios), defaults=counts)


def _defaults(
    block: Exposures,
    fortunes: Fortunes,
    factor: NDArray[np.float64],
    edges: NDArray[np.float64],
    bins: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The loan and the scenario of each default."""
    by = coefficients(block)
    certain, possible = _bounds(by, edges)
    found, leading = [], []
    limit = np.empty(len(factor), dtype=np.uint16)
    for account, most in zip(block.account.tolist(), possible, strict=True):
        drawn = fortunes.leading(account)
        np.take(most, bins, out=limit, mode="clip")
        candidates = np.flatnonzero(drawn <= limit)
        found.append(candidates)
        leading.append(drawn[candidates])
    scenario, drawn = np.concatenate(found), np.concatenate(leading)
    loan = np.repeat(np.arange(len(found)), [len(each) for each in found])
    default = drawn < certain[loan, bins[scenario]]
    undecided = np.flatnonzero(~default)
    default[undecided] = _exactly(block, by, fortunes, factor, loan[undecided], scenario[undecided], drawn[undecided])
    return loan[default], scenario[default]


def _exactly(
    block: Exposures,
    by: Coefficients,
    fortunes: Fortunes,
    factor: NDArray[np.float64],
    loan: NDArray[np.intp],
    scenario: NDArray[np.intp],
    drawn: NDArray[np.uint16],
) -> NDArray[np.bool_]:
    """Which of the loans default in their scenarios, by all bits of their numbers where the leading ones do not say."""
    limit = WHOLE * cdf(by.level[loan] - by.slope[loan] * factor[scenario])
    whole = np.floor(limit)
    default: NDArray[np.bool_] = drawn < whole
    for place in np.flatnonzero(drawn == whole).tolist():
        rest = fortunes.following(int(block.account[loan[place]]), int(scenario[place]))
        default[place] = rest < (limit[place] - whole[place]) * 2**FOLLOWING_BITS
    return default


def _bounds(by: Coefficients, edges: NDArray[np.float64]) -> Bounds:
    """Looked up between the edges of each bin; the outermost bins have no outer edge."""
    places = ((by.level[:, None] - by.slope[:, None] * edges + FARTHEST) * STEPS).clip(0, 2 * FARTHEST * STEPS)
    least = TABLE[np.floor(places).astype(np.intp)]
    most = TABLE[np.ceil(places).astype(np.intp)]
    edge = np.zeros((len(by.level), 1), dtype=np.uint16)
    return Bounds(
        certain=np.concatenate([least, edge], axis=1),
        possible=np.concatenate([edge + np.uint16(WHOLE - 1), most], axis=1),
    )


def _table() -> NDArray[np.uint16]:
    steps = np.arange(-FARTHEST * STEPS, FARTHEST * STEPS + 1) / STEPS
    return np.floor(cdf(steps) * WHOLE).clip(0, WHOLE - 1).astype(np.uint16)


TABLE: Final = _table()
"""The leading bits of Phi, by steps of a standard deviation from -9."""
