"""The standard normal distribution, to the accuracy of the C library's erfc."""

from __future__ import annotations

from math import erfc, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STANDARD: Final = NormalDist()
_ROOT_OF_HALF: Final = sqrt(0.5)

cdf_of = np.frompyfunc(lambda value: 0.5 * erfc(-value * _ROOT_OF_HALF), 1, 1)
quantile_of = np.frompyfunc(_STANDARD.inv_cdf, 1, 1)


def cdf(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of a standard normal value below each."""
    found: NDArray[np.float64] = np.asarray(cdf_of(values), dtype=np.float64)
    return found


def quantile(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value below which a standard normal one lies with each probability, all above 0 and below 1."""
    found: NDArray[np.float64] = np.asarray(quantile_of(probabilities), dtype=np.float64)
    return found
