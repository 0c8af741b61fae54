"""Shuffling without a shuffle: a random bijection that can be evaluated at any index."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

from datagen.streams import below, halves, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 4  # of a Feistel network with random round functions, enough for a pseudo-random permutation (Luby, Rackoff)
MAX_SIZE = 2**31 - 1  # indices are held in 32 bits
CACHED = 1 << 15  # indices taken through all rounds at a time, so that they stay in the cache


class Permutation:
    """A pseudo-random bijection of [0, size) to itself, set by its key.

    The index is split into (row, column) of a grid just large enough; the rounds shift the one by a random
    function of the other. Results outside [0, size) are put through again.
    """

    def __init__(self, size: int, *, seed: int, dataset: int, stream: int) -> None:
        if not 1 <= size <= MAX_SIZE:
            raise ValueError(f"a permutation needs a size of 1 to {MAX_SIZE}, got {size}")
        self.size = size
        self._columns = isqrt(size - 1) + 1
        self._rows = -(-size // self._columns)
        bits = halves(words(seed, dataset, stream, 0, ROUNDS * self._columns))[:, 0]
        self._shifts = [
            below(limit, part).astype(np.uint32)
            for limit, part in zip((self._rows, self._columns) * (ROUNDS // 2), np.split(bits, ROUNDS), strict=True)
        ]

    def __call__(self, indices: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The images of the indices (one-dimensional)."""
        images = np.empty_like(indices)
        for start in range(0, len(indices), CACHED):
            images[start : start + CACHED] = self._images(indices[start : start + CACHED])
        return images

    def all(self) -> NDArray[np.uint32]:
        """The numbers 0 to size - 1 in random order."""
        return self(np.arange(self.size, dtype=np.uint32))

    def _images(self, indices: NDArray[np.uint32]) -> NDArray[np.uint32]:
        images = self._pass(indices)
        while (outside := np.flatnonzero(images >= self.size)).size:
            images[outside] = self._pass(images[outside])
        return images

    def _pass(self, indices: NDArray[np.uint32]) -> NDArray[np.uint32]:
        row = indices // np.uint32(self._columns)
        column = indices - row * np.uint32(self._columns)
        for number, shifts in enumerate(self._shifts):
            if number % 2 == 0:
                row = _modulo(row + shifts.take(column), self._rows)
            else:
                column = _modulo(column + shifts.take(row), self._columns)
        return row * np.uint32(self._columns) + column


def _modulo(values: NDArray[np.uint32], limit: int) -> NDArray[np.uint32]:
    """Values below 2 * limit, modulo limit: what goes below zero wraps to a large number."""
    reduced: NDArray[np.uint32] = np.minimum(values, values - np.uint32(limit))
    return reduced
