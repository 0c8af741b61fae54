"""Multisets of rows, compared whole: every field of every row takes part, and only a hash of the row is kept.

A row's hash is Python's 64-bit hash of the tuple of its fields (SipHash of each string, keyed anew in every
process). Among a million rows the chance that one wrong row passes for a right one is about 1 in 10^13.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

SLICE_ROWS = 10_000  # rows of a frame that are Python objects at one time


class RowHasher:
    """Hashes rows of exactly these ``columns``; a row with other keys is a ValueError."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._values = itemgetter(*self.columns)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
        """Hash a list of objects, in their order."""
        if set(map(len, rows)) - {len(self.columns)}:
            raise ValueError(f"a row has other fields than {', '.join(self.columns)}")
        try:
            return np.fromiter(map(hash, map(self._values, rows)), dtype=np.int64, count=len(rows))
        except KeyError as error:
            raise ValueError(f"a row has no field {error}") from error

    def batches(self, frame: pl.LazyFrame) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
        """Yield a frame that has these columns in slices, each with the hashes of its rows."""
        for part in frame.select(self.columns).collect_batches(chunk_size=SLICE_ROWS, maintain_order=True):
            columns = [column.to_list() for column in part.get_columns()]
            yield part, np.fromiter(map(hash, zip(*columns, strict=True)), dtype=np.int64, count=len(part))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How two multisets differ: how many rows, and the hashes of these rows without repetition."""

    missing: int
    doubled: int
    strangers: int
    missing_hashes: NDArray[np.int64]
    doubled_hashes: NDArray[np.int64]
    stranger_hashes: NDArray[np.int64]


def compare(*, expected: NDArray[np.int64], came: NDArray[np.int64]) -> Difference:
    """Compare the hashes that came with the expected ones.

    Missing: expected more often than it came. Doubled: expected, but less often. Stranger: never expected.
    """
    expected_hashes, expected_counts = np.unique(expected, return_counts=True)
    came_hashes, came_counts = np.unique(came, return_counts=True)
    _, in_expected, in_came = np.intersect1d(expected_hashes, came_hashes, assume_unique=True, return_indices=True)
    surplus = -expected_counts
    surplus[in_expected] += came_counts[in_came]
    is_stranger = np.ones(len(came_hashes), dtype=np.bool_)
    is_stranger[in_came] = False
    return Difference(
        missing=int(-surplus[surplus < 0].sum()),
        doubled=int(surplus[surplus > 0].sum()),
        strangers=int(came_counts[is_stranger].sum()),
        missing_hashes=expected_hashes[surplus < 0],
        doubled_hashes=expected_hashes[surplus > 0],
        stranger_hashes=came_hashes[is_stranger],
    )


def concatenated(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Join hashes; no parts make an empty array."""
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
