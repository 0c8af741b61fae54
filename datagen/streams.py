"""Random bits that depend on (seed, data set, stream, block of records) and on nothing else."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MAX_SEED = 2**64 - 1
HEX = np.frombuffer("".join(f"{octet:02x}" for octet in range(256)).encode(), dtype=np.uint8).reshape(256, 2)
UUID_PLACES = np.array([place for place in range(36) if place not in {8, 13, 18, 23}])
SLOTS = 1 << 16  # of a distribution that is looked up by 16 random bits


def words(seed: int, dataset: int, stream: int, block: int, count: int) -> NDArray[np.uint64]:
    """`count` independent 64-bit words, the same on every platform and for every release of numpy.

    Only the raw output of the counter-based generator is used: numpy promises that it never changes,
    and promises no such thing of its distributions.
    """
    generator = np.random.Philox(
        key=np.array([seed, dataset << 32 | stream], dtype=np.uint64), counter=[0, 0, block, 0]
    )
    return generator.random_raw(count).astype(np.uint64, copy=False)


def halves(raw: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Each 64-bit word as two 32-bit words, low half first: shape (n, 2)."""
    return raw.astype("<u8", copy=False).view("<u4").reshape(-1, 2)


def quarters(raw: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Each 64-bit word as four 16-bit words, lowest first: shape (n, 4)."""
    return raw.astype("<u8", copy=False).view("<u2").reshape(-1, 4)


def below(limit: int | NDArray[np.int64], bits: NDArray[np.uint32]) -> NDArray[np.int64]:
    """32-bit words as integers in [0, limit), limit at most 2**31; the bias is under limit / 2**32."""
    return (bits.astype(np.int64) * limit) >> 32


def spread(weights: Sequence[float], count: int) -> NDArray[np.int64]:
    """`count` divided in proportion to the weights, in whole parts that are less than one off and add up."""
    ends = np.cumsum(weights)
    parts: NDArray[np.int64] = np.diff(np.rint(ends / ends[-1] * count), prepend=0.0).astype(np.int64)
    return parts


def slots(weights: tuple[float, ...]) -> NDArray[np.uint8]:
    """A table that turns 16 random bits into an index of the weights, in their proportion."""
    return np.repeat(np.arange(len(weights), dtype=np.uint8), spread(weights, SLOTS))


def uuids(raw: NDArray[np.uint64]) -> list[str]:
    """Every two words as one UUID in text form (of no version)."""
    octets = raw[: len(raw) // 2 * 2].astype("<u8", copy=False).view(np.uint8).reshape(-1, 16)
    text = np.full((len(octets), 36), ord("-"), dtype=np.uint8)
    text[:, UUID_PLACES] = HEX[octets].reshape(-1, 32)
    joined = text.tobytes().decode("ascii")
    return [joined[at : at + 36] for at in range(0, len(joined), 36)]


def due(number: int, share: float) -> bool:
    """Whether a record is one of an evenly spaced share of all, beginning with number 0."""
    return due_before(number + 1, share) != due_before(number, share)


def due_before(number: int, share: float) -> int:
    """How many of the records before this one are of an evenly spaced share."""
    return ceil(number * share)
