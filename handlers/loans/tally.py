"""What a batch adds to the portfolio, and its form as an object: whole numbers, which add up in any order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import zstandard

from handlers.loans.failures import DifferentRuns
from handlers.loans.normal import cdf, quantile
from handlers.loans.portfolio import PARTS, SEGMENTS
from handlers.loans.simulation import coefficients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from handlers.loans.portfolio import Exposures
    from handlers.loans.simulation import Losses

LEVELS: Final = (950, 990, 999)
"""Of value at risk and expected shortfall, in thousandths."""
THOUSAND: Final = 1_000
VERSION: Final = 1
COMPRESSION: Final = 1  # of zstd; a higher level saves a twentieth and takes as long as the simulation


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What results must have in common to be added up; ``as_of`` as YYYY-MM."""

    seed: int
    scenarios: int
    as_of: str


@dataclass(kw_only=True, slots=True)
class Tally:
    """Sums over loans, by segment; amounts in cents, ``expected`` and ``asymptotic`` in billionths of a cent.

    ``expected`` is the expected loss, ``asymptotic`` by level the loss that is not exceeded at that level when each
    loan is split among infinitely many (M. Gordy, "A risk-factor model foundation for ratings-based bank capital
    rules", Journal of Financial Intermediation 12 (2003)). ``losses`` has the shape (segments, scenarios).
    """

    terms: Terms
    loans: list[int]
    balance: list[int]
    expected: list[int]
    asymptotic: list[list[int]]
    losses: NDArray[np.int64]

    def add(self, other: Tally) -> None:
        """Take in what other loans add. Raises DifferentRuns."""
        if other.terms != self.terms:
            raise DifferentRuns(f"results of {other.terms} cannot be added to those of {self.terms}")
        self.loans = _sums(self.loans, other.loans)
        self.balance = _sums(self.balance, other.balance)
        self.expected = _sums(self.expected, other.expected)
        self.asymptotic = [_sums(*both) for both in zip(self.asymptotic, other.asymptotic, strict=True)]
        self.losses += other.losses


def tally(terms: Terms, exposures: Exposures, losses: Losses) -> Tally:
    """The sums of these loans."""
    by = coefficients(exposures)
    worst = [float(value) for value in quantile(np.array(LEVELS) / THOUSAND)]
    conditional = [np.rint(PARTS * cdf(by.level + by.slope * value)).astype(np.int64) for value in worst]
    return Tally(
        terms=terms,
        loans=_by_segment(exposures, [1] * len(exposures.account)),
        balance=_by_segment(exposures, exposures.balance.tolist()),
        expected=_by_segment(exposures, _products(exposures.default_parts, exposures.loss)),
        asymptotic=[_by_segment(exposures, _products(parts, exposures.loss)) for parts in conditional],
        losses=losses.by_segment,
    )


def pack(of: Tally) -> bytes:
    """The same bytes for the same tally: zstd of a line of JSON and of the losses, segment by segment."""
    kind = np.min_scalar_type(int(of.losses.max(initial=0))).newbyteorder("<")
    header = {
        "version": VERSION,
        "seed": of.terms.seed,
        "scenarios": of.terms.scenarios,
        "as_of": of.terms.as_of,
        "segments": SEGMENTS,
        "loans": of.loans,
        "balance": of.balance,
        "expected": of.expected,
        "levels": LEVELS,
        "asymptotic": of.asymptotic,
        "dtype": kind.str,
    }
    body = json.dumps(header, separators=(",", ":")).encode() + b"\n" + of.losses.astype(kind).tobytes()
    return zstandard.ZstdCompressor(level=COMPRESSION).compress(body)


def unpack(data: bytes) -> Tally:
    """What ``pack`` was given. Raises DifferentRuns when another version of it wrote the bytes."""
    line, _, numbers = zstandard.ZstdDecompressor().decompress(data).partition(b"\n")
    header: dict[str, Any] = json.loads(line)
    expected = (VERSION, [list(each) for each in SEGMENTS], list(LEVELS))
    if (header["version"], header["segments"], header["levels"]) != expected:
        raise DifferentRuns(f"version, segments and levels are not {expected}: another release wrote this result")
    losses = np.frombuffer(numbers, header["dtype"]).astype(np.int64).reshape(len(SEGMENTS), header["scenarios"])
    return Tally(
        terms=Terms(seed=header["seed"], scenarios=header["scenarios"], as_of=header["as_of"]),
        loans=header["loans"],
        balance=header["balance"],
        expected=header["expected"],
        asymptotic=header["asymptotic"],
        losses=losses,
    )


def _by_segment(exposures: Exposures, numbers: Sequence[int]) -> list[int]:
    """Python's integers: products of probabilities and cents outgrow 64 bits."""
    sums = [0] * len(SEGMENTS)
    for segment, number in zip(exposures.segment.tolist(), numbers, strict=True):
        sums[segment] += number
    return sums


def _products(parts: NDArray[np.int64], cents: NDArray[np.int64]) -> list[int]:
    return [one * other for one, other in zip(parts.tolist(), cents.tolist(), strict=True)]


def _sums(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [left + right for left, right in zip(one, other, strict=True)]
