"""What a simulation needs to know of each loan: probability of default, correlation, loss when it defaults, segment.

The probability is that of a logistic scorecard with published slopes: M. Gallo, "Endogeneity in P2P lending", Financial
Innovation 7 (2021), doi 10.1186/s40854-021-00272-y; its intercept makes it 5 % on average over consumer loans. The
correlations are those of Basel II's retail formulas (paragraphs 328 to 330).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from handlers.loans.loan import HUNDREDTHS, MAX_CENTS, MONTHS_A_YEAR, Loan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

INTERCEPT: Final = -3.858
OF_RATE, OF_BURDEN, OF_LONG_TERM, OF_INCOME = 4.642, 0.0163, 0.545, -0.238
LOG_OF_MIDDLE_INCOME: Final = 11.156
LONG_TERM_MONTHS: Final = 36  # terms above it raise the score
PARTS: Final = 10**9
"""Probabilities are whole parts per billion, so that what is computed from them adds up exactly."""

LONGEST_CONSUMER_TERM: Final = 120  # months; a loan for longer is a mortgage
MORTGAGE_CORRELATION: Final = 0.15
LEAST_CORRELATION, MOST_CORRELATION, CORRELATION_DECAY = 0.03, 0.16, 35
CONSUMER_LOSS, MORTGAGE_LOSS = 0.45, 0.20
"""Shares of the balance: Basel II's foundation value for unsecured debt; an assumption for homes."""

TERM_LIMITS: Final = (36, 60)
TERMS: Final = ("to 36 months", "to 60 months", "over 60 months")
INCOME_LIMITS: Final = (4_500_000, 7_000_000, 10_000_000)  # cents; about the quarters of the generated borrowers
INCOMES: Final = ("below 45,000", "from 45,000", "from 70,000", "from 100,000")
SEGMENTS: Final = tuple((term, income) for term in TERMS for income in INCOMES)


class Exposures(NamedTuple):
    """Loans as columns of one length; ``segment`` is an index of SEGMENTS."""

    account: NDArray[np.uint64]
    default_parts: Integers  # probability of default within a year, parts per billion
    correlation: Floats  # of the loan's fortune with the common factor, squared
    balance: Integers  # cents that are still owed
    loss: Integers  # cents that are lost when the loan defaults
    segment: Integers


def exposures(loans: Sequence[Loan], as_of: int) -> Exposures:
    """The loans as they stand in the month ``as_of``, counted from the year 0."""
    columns = np.array(loans, dtype=np.int64).reshape(-1, len(Loan._fields)).T
    account, rate, payment, amount, term, month, income = columns
    consumer = term <= LONGEST_CONSUMER_TERM
    owed = balance(rate=rate, payment=payment, amount=amount, paid=np.clip(as_of - month, 0, term), term=term)
    parts = default_parts(rate=rate, payment=payment, term=term, income=income)
    return Exposures(
        account=account.astype(np.uint64),
        default_parts=parts,
        correlation=np.where(consumer, retail_correlation(parts / PARTS), MORTGAGE_CORRELATION),
        balance=owed,
        loss=np.rint(owed * np.where(consumer, CONSUMER_LOSS, MORTGAGE_LOSS)).astype(np.int64),
        segment=np.searchsorted(TERM_LIMITS, term) * len(INCOMES) + np.searchsorted(INCOME_LIMITS, income, "right"),
    )


def part(of: Exposures, start: int, end: int) -> Exposures:
    """The loans [start, end)."""
    return Exposures(
        account=of.account[start:end],
        default_parts=of.default_parts[start:end],
        correlation=of.correlation[start:end],
        balance=of.balance[start:end],
        loss=of.loss[start:end],
        segment=of.segment[start:end],
    )


def default_parts(*, rate: Integers, payment: Integers, term: Integers, income: Integers) -> Integers:
    """The probability of default within a year in parts per billion."""
    burden = HUNDREDTHS * MONTHS_A_YEAR * payment / income  # percent of the income
    score = (
        INTERCEPT
        + OF_RATE * (rate / HUNDREDTHS**2)
        + OF_BURDEN * burden
        + OF_LONG_TERM * (term > LONG_TERM_MONTHS)
        + OF_INCOME * (np.log(income / HUNDREDTHS) - LOG_OF_MIDDLE_INCOME)
    )
    parts: Integers = np.rint(PARTS / (1 + np.exp(-score))).astype(np.int64)
    return parts.clip(1, PARTS - 1)


def retail_correlation(probability: Floats) -> Floats:
    """Basel II's correlation of other retail exposures: 0.16 for the safest, falling to 0.03."""
    weight = (1 - np.exp(-CORRELATION_DECAY * probability)) / (1 - np.exp(-CORRELATION_DECAY))
    correlation: Floats = LEAST_CORRELATION * weight + MOST_CORRELATION * (1 - weight)
    return correlation


def balance(*, rate: Integers, payment: Integers, amount: Integers, paid: Integers, term: Integers) -> Integers:
    """Cents that are owed after ``paid`` payments; what rounding the payment leaves at the end is forgiven."""
    monthly = rate / (HUNDREDTHS**2 * MONTHS_A_YEAR)
    growth = np.log1p(monthly) * paid
    with np.errstate(divide="ignore", invalid="ignore"):
        payments_grown = np.where(rate == 0, paid, np.expm1(growth) / monthly)
    owed = amount * np.exp(growth) - payment * payments_grown
    cents: Integers = np.where(paid >= term, 0, np.rint(owed.clip(0, MAX_CENTS))).astype(np.int64)
    return cents
