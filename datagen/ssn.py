"""Numbers that look like US social security numbers and can never be a person's.

Areas 900 to 999 were never assigned, and with groups 01 to 49 they are no taxpayer identification numbers
either. All numbers made here are of that block.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from datagen.permutation import Permutation

AREAS, GROUPS, SERIALS = 100, 49, 9_999
FIRST_AREA = 900
BLOCK = AREAS * GROUPS * SERIALS


@lru_cache(maxsize=2)
def _order(seed: int, dataset: int, stream: int) -> Permutation:
    return Permutation(BLOCK, seed=seed, dataset=dataset, stream=stream)


def numbers(seed: int, dataset: int, stream: int, first: int, count: int) -> list[str]:
    """The numbers `first` to `first + count - 1` of a random order of the whole block: no number comes twice."""
    order = _order(seed, dataset, stream)
    return [written(index) for index in order(np.arange(first, first + count, dtype=np.uint32)).tolist()]


def written(index: int) -> str:
    """A number of the block as AAA-GG-SSSS."""
    area, rest = divmod(index, GROUPS * SERIALS)
    group, serial = divmod(rest, SERIALS)
    return f"{FIRST_AREA + area}-{group + 1:02d}-{serial + 1:04d}"
