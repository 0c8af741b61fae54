"""Multisets of rows, compared whole: every field of every row takes part, and only a hash of the row is kept.

A row's hash is Python's 64-bit hash of the tuple of its fields (SipHash of each string, keyed anew in every
process). Among a million rows the chance that one wrong row passes for a right one is about 1 in 10^13.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

SLICE_ROWS = 50_000


class RowHasher:
    """Hashes rows of exactly these ``columns``; a row with other keys is a ValueError."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._values = itemgetter(*self.columns)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
        """Hash a list of objects, in their order."""
        if any(len(row) != len(self.columns) for row in rows):
            raise ValueError(f"a row has other fields than {', '.join(self.columns)}")
        try:
            return np.fromiter(map(hash, map(self._values, rows)), dtype=np.int64, count=len(rows))
        except KeyError as error:
            raise ValueError(f"a row has no field {error}") from error

    def frame(self, frame: pl.DataFrame) -> NDArray[np.int64]:
        """Hash a frame whose columns are the same, as text, in the frame's order."""
        hashes = [np.empty(0, dtype=np.int64)]
        for part in frame.select(self.columns).iter_slices(SLICE_ROWS):
            columns = [column.to_list() for column in part.get_columns()]
            hashes.append(np.fromiter(map(hash, zip(*columns, strict=True)), dtype=np.int64, count=len(part)))
        return np.concatenate(hashes)


class Expected:
    """The multiset that the rows must be."""

    def __init__(self, hashes: NDArray[np.int64]) -> None:
        self.hashes = hashes
        self._distinct, self._counts = np.unique(hashes, return_counts=True)

    def strangers(self, hashes: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return the positions of the rows that are not expected at all."""
        if not len(self._distinct):
            return np.arange(len(hashes))
        found = np.searchsorted(self._distinct, hashes)
        found[found == len(self._distinct)] = 0
        return np.flatnonzero(self._distinct[found] != hashes)

    def difference(self, parts: Iterable[NDArray[np.int64]]) -> Difference:
        """Compare with the rows that came, strangers left out."""
        came = np.concatenate([np.empty(0, dtype=np.int64), *parts])
        positions = np.searchsorted(self._distinct, came)
        seen = np.bincount(positions, minlength=len(self._distinct))
        return Difference(distinct=self._distinct, surplus=seen - self._counts)


class Difference:
    """How often each expected row came too often (positive) or too seldom (negative)."""

    def __init__(self, *, distinct: NDArray[np.int64], surplus: NDArray[np.int64]) -> None:
        self.missing = int(-surplus[surplus < 0].sum())
        self.doubled = int(surplus[surplus > 0].sum())
        self.missing_hashes = distinct[surplus < 0]
        self.doubled_hashes = distinct[surplus > 0]
