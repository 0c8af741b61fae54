"""The report on a portfolio, as JSON: amounts in dollars, in all, by term, by income, and by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from handlers.loans.loan import HUNDREDTHS
from handlers.loans.measures import CONFIDENCE, Estimate, histogram, measures
from handlers.loans.portfolio import INCOMES, PARTS, SEGMENTS, TERMS
from handlers.loans.tally import LEVELS, THOUSAND

if TYPE_CHECKING:
    from handlers.loans.tally import Tally


def report(of: Tally) -> dict[str, Any]:
    """The report; a segment without loans is left out."""
    everything = range(len(SEGMENTS))
    bars = histogram(of.losses.sum(axis=0))
    return {
        "seed": of.terms.seed,
        "scenarios": of.terms.scenarios,
        "as_of": of.terms.as_of,
        "confidence": CONFIDENCE,
        "portfolio": _part(of, everything),
        "terms": _parts(of, {term: [n for n in everything if SEGMENTS[n][0] == term] for term in TERMS}),
        "incomes": _parts(of, {income: [n for n in everything if SEGMENTS[n][1] == income] for income in INCOMES}),
        "segments": _parts(of, {f"{term}, {income}": [n] for n, (term, income) in enumerate(SEGMENTS)}),
        "histogram": {"edges": [_dollars(edge) for edge in bars.edges], "counts": list(bars.counts)},
    }


def _parts(of: Tally, segments: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    return {name: _part(of, own) for name, own in segments.items() if any(of.loans[n] for n in own)}


def _part(of: Tally, segments: Sequence[int]) -> dict[str, Any]:
    found = measures(of.losses[list(segments)].sum(axis=0))
    return {
        "loans": _sum(of.loans, segments),
        "balance": _dollars(_sum(of.balance, segments)),
        "expected_loss": _dollars(_sum(of.expected, segments) / PARTS),
        "mean_loss": _estimate(found.mean),
        "standard_deviation": _estimate(found.standard_deviation),
        "tails": [
            {
                "level": tail.level / THOUSAND,
                "value_at_risk": _estimate(tail.value_at_risk),
                "expected_shortfall": _estimate(tail.expected_shortfall),
                "asymptotic_value_at_risk": _dollars(_sum(of.asymptotic[LEVELS.index(tail.level)], segments) / PARTS),
            }
            for tail in found.tails
        ],
    }


def _sum(numbers: Sequence[int], segments: Sequence[int]) -> int:
    return sum(numbers[n] for n in segments)


def _estimate(of: Estimate) -> dict[str, float | None]:
    return {
        name: None if value is None else _dollars(value)
        for name, value in (("value", of.value), ("low", of.low), ("high", of.high))
    }


def _dollars(cents: float) -> float:
    return round(cents / HUNDREDTHS, 2)
