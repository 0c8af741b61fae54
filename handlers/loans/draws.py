"""Random bits that depend on what they are for, and on nothing else: no order, batch or process has a part in them.

They are the raw words of the counter-based generator Philox4x64-10 (J. Salmon et al., "Parallel random numbers: as easy
as 1, 2, 3", SC11), which numpy promises never to change. The key is the seed and, for a loan, its account; the counter
says which of its words are meant.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from handlers.loans.normal import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMMON, LEADING, FOLLOWING = range(3)  # streams, by the highest word of the counter
LEADING_BITS: Final = 16
FOLLOWING_BITS: Final = 48
_IN_A_WORD: Final = 64 // LEADING_BITS
_MANTISSA: Final = 52  # bits of a word that, with a half more, fit into a number from 0 to 1
MAX_SEED: Final = 2**64 - 1


@cache
def common_factor(seed: int, scenarios: int) -> NDArray[np.float64]:
    """The state of the economy in each scenario, standard normal, low when it is bad; read-only.

    More scenarios begin with those of fewer.
    """
    words = np.random.Philox(key=_key(seed, 0), counter=_counter(0, COMMON)).random_raw(scenarios)
    middle = (words >> np.uint64(64 - _MANTISSA)).astype(np.float64) + 0.5  # neither 0 nor 1
    factor = quantile(middle * 2.0**-_MANTISSA)
    factor.flags.writeable = False
    return factor


class Fortunes:
    """Numbers of 64 bits, uniform and independent, one for each loan and scenario; not for several threads at once."""

    def __init__(self, seed: int, scenarios: int) -> None:
        self._seed = seed
        self._scenarios = scenarios
        self._words = -(-scenarios // _IN_A_WORD)
        self._philox = np.random.Philox(key=_key(seed, 0))
        self._fresh = self._philox.state  # with nothing left of words drawn before

    def leading(self, account: int) -> NDArray[np.uint16]:
        """The highest 16 bits of the loan's number in each scenario."""
        words = self._at(account, 0, LEADING).random_raw(self._words)
        bits: NDArray[np.uint16] = words.astype("<u8", copy=False).view("<u2")[: self._scenarios]
        return bits

    def following(self, account: int, scenario: int) -> int:
        """The other 48 bits in one scenario."""
        return int(self._at(account, scenario, FOLLOWING).random_raw()) >> (64 - FOLLOWING_BITS)

    def _at(self, account: int, scenario: int, stream: int) -> Any:
        self._fresh["state"] = {"key": _key(self._seed, account), "counter": _counter(scenario, stream)}
        self._philox.state = self._fresh
        return self._philox


def _key(seed: int, account: int) -> NDArray[np.uint64]:
    return np.array([seed, account], dtype=np.uint64)


def _counter(scenario: int, stream: int) -> NDArray[np.uint64]:
    return np.array([0, scenario, 0, stream], dtype=np.uint64)
