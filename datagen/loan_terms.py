"""What loans are like: two kinds of borrower, and the identity that ties payment, amount, rate and term together."""

from __future__ import annotations

from functools import cache
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from datagen.distributions import NORMAL_UNIT, log_normal, normal, quantiles
from datagen.permutation import Permutation
from datagen.streams import SLOTS, below, halves, quarters, slots, words

DATA_SET_ID = 5
LOAN, ACCOUNT = range(2)  # streams of random bits
BLOCK = 4_096  # loans whose random bits are drawn together
WORDS_A_LOAN = 2

FIRST_ACCOUNT, ACCOUNTS = 1_000_000, 9_000_000
FIRST_ZIP, ZIPS = 501, 99_450  # 00501 to 99950
AS_OF = np.datetime64("2026-03", "M")  # ages of loans are counted back from this month
DAYS_OF_MONTH = 28

CENTS = 100
RATE_UNIT = 10_000  # rates are in hundredths of a percent
MONTHS = 12
LONGEST_TERM_BITS = 9  # terms are below 512 months

# Correlation of the normal deviates of income and amount, 0.45 and sqrt(1 - 0.45 ** 2), in the unit of the deviates.
WITH_AMOUNT, APART = 1_843, 3_658
INCOME_MEDIAN, INCOME_SIGMA = exp(11.156), 0.507
FARTHEST_DEVIATE = 6 * NORMAL_UNIT
AMOUNT_OVER_INCOME = 3.2  # of a mortgage


class Preset(NamedTuple):
    """A kind of borrower; tables are looked up by 16 random bits, rates are in hundredths of a percent."""

    amounts: NDArray[np.int64]
    rates: NDArray[np.int64]
    terms: NDArray[np.int64]


class Loans(NamedTuple):
    """Columns of loans."""

    account: NDArray[np.int64]
    zip_code: NDArray[np.int64]
    rate: NDArray[np.int64]  # hundredths of a percent a year
    payment: NDArray[np.int64]  # cents a month
    amount: NDArray[np.int64]  # dollars
    term: NDArray[np.int64]  # months
    month: NDArray[np.datetime64]  # of origination
    day: NDArray[np.int64]  # of that month
    income: NDArray[np.int64]  # dollars a year
    age: NDArray[np.int64]  # months since origination


@cache
def preset(name: str) -> Preset:
    """`consumer`, after LendingClub's loans, or `mortgage`, after US purchase loans of 2024."""
    if name == "consumer":
        points = (
            *((0, 500), (0.05, 3_250), (0.10, 5_000), (0.25, 8_000), (0.50, 12_900)),
            *((0.75, 20_000), (0.90, 30_000), (0.95, 35_000), (1, 40_000)),
        )
        return Preset(
            amounts=_with_mode(quantiles(points) // 25 * 25, 10_000, 0.083),
            rates=log_normal(1_200, 0.335).clip(531, 3_099),
            terms=np.array([36, 60])[slots((73, 27))],
        )
    return Preset(
        amounts=log_normal(385_886 / exp(0.6**2 / 2), 0.6) // 100 * 100,
        rates=quantiles(((0, 599.5), (1, 750.5))),
        terms=np.array([360, 180])[slots((92.3, 7.7))],
    )


def _with_mode(table: NDArray[np.int64], value: int, share: float) -> NDArray[np.int64]:
    """The ascending table with a point mass: what is nearest to the value takes its place."""
    nearest = np.argsort(np.abs(table - value), kind="stable")[: int(share * SLOTS)]
    table = table.copy()
    table[nearest] = value
    return table


@cache
def _incomes() -> NDArray[np.int64]:
    """Income in dollars by normal deviate, from -6 to 6."""
    deviates = range(-FARTHEST_DEVIATE, FARTHEST_DEVIATE + 1)
    return np.array([round(INCOME_MEDIAN * exp(INCOME_SIGMA * each / NORMAL_UNIT)) for each in deviates])


@cache
def _accounts(seed: int) -> Permutation:
    return Permutation(ACCOUNTS, seed=seed, dataset=DATA_SET_ID, stream=ACCOUNT)


def loans(seed: int, kind: str, first: int, last: int) -> Loans:
    """The loans [first, last)."""
    blocks = range(first // BLOCK, (last - 1) // BLOCK + 1)
    drawn = np.concatenate([words(seed, DATA_SET_ID, LOAN, block, BLOCK * WORDS_A_LOAN) for block in blocks])
    start = blocks.start * BLOCK
    own = drawn[(first - start) * WORDS_A_LOAN : (last - start) * WORDS_A_LOAN]
    bits = quarters(own).reshape(-1, 8)
    tables = preset(kind)
    amount, rate, term = tables.amounts[bits[:, 0]], tables.rates[bits[:, 1]], tables.terms[bits[:, 2]]
    if kind == "consumer":
        deviate = (WITH_AMOUNT * normal()[bits[:, 0]] + APART * normal()[bits[:, 3]]) // NORMAL_UNIT
        income = _incomes()[deviate + FARTHEST_DEVIATE]
    else:
        income = np.rint(amount / AMOUNT_OVER_INCOME).astype(np.int64)
    age = term * bits[:, 4] // SLOTS
    return Loans(
        account=_accounts(seed)(np.arange(first, last, dtype=np.uint32)).astype(np.int64) + FIRST_ACCOUNT,
        zip_code=below(ZIPS, halves(own).reshape(-1, 4)[:, 3]) + FIRST_ZIP,
        rate=rate,
        payment=payment(amount, rate, term),
        amount=amount,
        term=term,
        month=AS_OF - age.astype("timedelta64[M]"),
        day=bits[:, 5] % DAYS_OF_MONTH + np.int64(1),
        income=income,
        age=age,
    )


def _grown(rate: NDArray[np.int64], months: NDArray[np.int64]) -> NDArray[np.float64]:
    """(1 + monthly rate) ** months by repeated squaring: products only, so the same on every machine."""
    power = 1 + rate / (RATE_UNIT * MONTHS)
    grown = np.ones(len(rate))
    for bit in range(LONGEST_TERM_BITS):
        grown = np.where(months >> bit & 1, grown * power, grown)
        power = power * power
    return grown


def payment(amount: NDArray[np.int64], rate: NDArray[np.int64], term: NDArray[np.int64]) -> NDArray[np.int64]:
    """The monthly payment in cents that pays the loan back over its term; rates are above zero."""
    grown = _grown(rate, term)
    cents = amount * CENTS * (rate / (RATE_UNIT * MONTHS)) * grown / (grown - 1)
    return np.rint(cents).astype(np.int64)


def balance(made: Loans) -> NDArray[np.float64]:
    """What is still owed after `age` payments, in dollars."""
    grown = _grown(made.rate, made.age)
    monthly = made.rate / (RATE_UNIT * MONTHS)
    owed: NDArray[np.float64] = made.amount * grown - made.payment / CENTS * (grown - 1) / monthly
    return owed


def default_probability(made: Loans) -> NDArray[np.float64]:
    """Probability of default within a year, by a logistic scorecard with published slopes; 5 % on average."""
    income = made.income.astype(np.float64)
    burden = MONTHS * made.payment / income  # payment to income in percent: cents make it a hundredfold
    score = (
        -3.858
        + 4.642 * (made.rate / RATE_UNIT)
        + 0.0163 * burden
        + 0.545 * (made.term > 36)
        - 0.238 * (np.log(income) - log(INCOME_MEDIAN))
    )
    probability: NDArray[np.float64] = np.round(1 / (1 + np.exp(-score)), 9)
    return probability
