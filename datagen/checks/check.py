"""One finding of a validation, and the bounds that a random share keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple, Protocol

import polars as pl

from datagen.dataset import Spec

STANDARD_ERRORS = 5.0  # a share is off by more once in two million


@dataclass(frozen=True, kw_only=True)
class Check:
    """Whether something holds, and what was seen."""

    name: str
    ok: bool
    detail: str


class Read(NamedTuple):
    """An object that was read back."""

    key: str
    data: bytes


class ObjectChecks(Protocol):
    """Checks of a data set of many objects."""

    def facts(self, batch: Sequence[Read]) -> pl.DataFrame:
        """What the objects hold, in rows that can be held against the truth."""

    def judge(self, spec: Spec, facts: pl.DataFrame, truth: Mapping[str, pl.DataFrame]) -> list[Check]:
        """The findings on all facts."""


class StreamChecks(Protocol):
    """Checks of a data set that is one object."""

    def judge(self, spec: Spec, pieces: Iterator[bytes], truth: Mapping[str, pl.DataFrame]) -> list[Check]:
        """The findings on the object, given in pieces that end at line ends."""


def share(name: str, count: int, total: int, expected: float, *, slack: float = 0.0) -> Check:
    """A share is as expected within five standard errors, and `slack` for what the model leaves open."""
    seen = count / total if total else 0.0
    bound = STANDARD_ERRORS * sqrt(expected * (1 - expected) / max(total, 1)) + slack
    return Check(
        name=name,
        ok=abs(seen - expected) <= bound,
        detail=f"{seen:.4f} of {total:,}, expected {expected:.4f} +- {bound:.4f}",
    )


def within(name: str, value: float, low: float, high: float) -> Check:
    """A figure lies between two bounds."""
    return Check(name=name, ok=low <= value <= high, detail=f"{value:,.2f}, expected {low:,} to {high:,}")


def none_odd(name: str, odd: Sequence[object], total: int) -> Check:
    """Nothing is odd; otherwise some examples are named."""
    examples = f": {', '.join(map(str, odd[:3]))}" if odd else ""
    return Check(name=name, ok=not odd, detail=f"{len(odd):,} of {total:,} are not{examples}" if odd else f"{total:,}")


def same(name: str, seen: pl.DataFrame, truth: pl.DataFrame, by: Sequence[str]) -> Check:
    """Two tables hold the same rows; both are sorted first."""
    wanted = truth.select(seen.columns).sort(by)
    found = seen.sort(by)
    if found.equals(wanted):
        return Check(name=name, ok=True, detail=f"{len(found):,} rows")
    missing, foreign = (
        left.join(right, on=seen.columns, how="anti", nulls_equal=True)
        for left, right in ((wanted, found), (found, wanted))
    )
    examples = "; ".join(str(row) for row in [*missing.head(2).iter_rows(), *foreign.head(2).iter_rows()])
    return Check(
        name=name,
        ok=False,
        detail=f"{len(found):,} rows against {len(wanted):,}: {len(missing):,} missing, {len(foreign):,} foreign"
        f"{', e.g. ' if examples else ''}{examples}",
    )
