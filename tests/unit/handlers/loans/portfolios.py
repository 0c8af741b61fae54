"""Portfolios for tests: generated ones, and ones of equal loans."""

from __future__ import annotations

import numpy as np
import polars as pl

from datagen.dataset import Spec
from datagen.loans import make
from handlers.loans.loan import Loan, loans_of, month_number
from handlers.loans.portfolio import PARTS, Exposures, exposures

AS_OF = month_number(2026, 3)


def generated(count: int, preset: str = "consumer") -> tuple[list[Loan], pl.DataFrame]:
    """Loans as they are read from the objects that datagen makes, and their truth."""
    part = make(Spec(seed=7, count=count, parameters={"preset": preset, "batch": 1_000}), 0, count)
    return [loan for body in part.bodies for loan in loans_of(body.data)], part.truth["loans"]


def exposed(count: int) -> Exposures:
    return exposures(generated(count)[0], AS_OF)


def equal(count: int, *, probability: float, correlation: float) -> Exposures:
    """Loans that lose a dollar each."""
    return Exposures(
        account=np.arange(1, count + 1, dtype=np.uint64),
        default_parts=np.full(count, round(probability * PARTS)),
        correlation=np.full(count, correlation),
        balance=np.full(count, 100),
        loss=np.full(count, 100),
        segment=np.zeros(count, dtype=np.int64),
    )


def taken(of: Exposures, which: np.ndarray) -> Exposures:
    return Exposures(*(column[which] for column in of))
