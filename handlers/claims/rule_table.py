"""The rules that decide on a claim, in order: the first one that applies decides.

A rule is a row: a name, when it applies, what it decides, and the reason that is written beside the decision. Its
numbers and words come from the configuration of the function.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from handlers.common.failures import InvalidBatch

APPROVED, REJECTED = "Approved", "Rejected"
MAX_WORDS: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """What the rules compare with. ``version`` names the rules as they stood when they decided."""

    version: str = "1"
    limit: Decimal = Decimal(5000)
    currency: str = "USD"
    evidence: int = 1
    evidence_words: str = "a pre-approval letter"

    def __post_init__(self) -> None:
        problems = []
        if not self.limit.is_finite() or self.limit <= 0:
            problems.append(f"limit must be a number above 0, got {self.limit}")
        if self.evidence < 1:
            problems.append(f"evidence must be 1 entry of supporting information or more, got {self.evidence}")
        for name in ("version", "currency", "evidence_words"):
            words = getattr(self, name)
            if not 0 < len(words) <= MAX_WORDS:
                problems.append(f"{name} must be text of 1 to {MAX_WORDS} characters, got {len(words)}")
        if problems:
            raise InvalidBatch(f"RULES: {'; '.join(problems)}")


class Facts(NamedTuple):
    """What the rules know of a claim: its total if it has one, its currency, and how much supporting information."""

    total: Decimal | None
    currency: str | None
    supporting_info: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One row; ``reason`` may name parameters in braces."""

    name: str
    applies: Callable[[Facts, Parameters], bool]
    decision: str
    reason: str


RULES: Final = (
    Rule(
        name="supported",
        applies=lambda facts, given: facts.supporting_info >= given.evidence,
        decision=APPROVED,
        reason="Supporting information is present.",
    ),
    Rule(
        name="total_missing",
        applies=lambda facts, _: facts.total is None,
        decision=REJECTED,
        reason="The claim does not say its total, which must be below {limit} {currency}, "
        "and supporting information is missing, such as {evidence_words}.",
    ),
    Rule(
        name="other_currency",
        applies=lambda facts, given: facts.currency not in {None, given.currency},
        decision=REJECTED,
        reason="The total is not in {currency} and cannot be compared with the limit of {limit} {currency}, "
        "and supporting information is missing, such as {evidence_words}.",
    ),
    Rule(
        name="below_limit",
        applies=lambda facts, given: facts.total is not None and facts.total < given.limit,
        decision=APPROVED,
        reason="The total is below the limit of {limit} {currency}.",
    ),
    Rule(
        name="limit_reached",
        applies=lambda _facts, _given: True,
        decision=REJECTED,
        reason="The total reaches the limit of {limit} {currency}, "
        "and supporting information is missing, such as {evidence_words}.",
    ),
)


class Decision(NamedTuple):
    """What a rule decided: its name, Approved or Rejected, and why in words."""

    rule: str
    decision: str
    reason: str


class Rules:
    """The table of rules with its parameters filled in."""

    def __init__(self, given: Parameters) -> None:
        self.given = given
        words = {field.name: getattr(given, field.name) for field in fields(given)}
        words["limit"] = f"{given.limit:,}"
        self._rows = tuple(
            (rule.applies, Decision(rule.name, rule.decision, rule.reason.format(**words))) for rule in RULES
        )

    def decide(self, facts: Facts) -> Decision:
        """The decision on a claim."""
        for applies, decision in self._rows:
            if applies(facts, self.given):
                return decision
        raise AssertionError("the last rule applies to every claim")


def parameters(config: str) -> Parameters:
    """The parameters of a configuration in JSON, in which each may be left out.

    Raises InvalidBatch, naming what is wrong and which parameters there are.
    """
    known: Mapping[str, Callable[[Any], Any]] = {
        "version": _text,
        "limit": _decimal,
        "currency": _text,
        "evidence": _whole,
        "evidence_words": _text,
    }
    try:
        given = json.loads(config, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise InvalidBatch(f"RULES is no JSON: {error}") from error
    if not isinstance(given, dict) or not given.keys() <= known.keys():
        unknown = sorted(given.keys() - known.keys()) if isinstance(given, dict) else type(given).__name__
        raise InvalidBatch(f"RULES must be an object of {', '.join(known)}; got {unknown}")
    try:
        return Parameters(**{name: known[name](value) for name, value in given.items()})
    except (TypeError, InvalidOperation) as error:
        raise InvalidBatch(f"RULES: {error or 'limit must be a number'}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r}")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected a whole number, got {value!r}")
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise TypeError(f"expected a number, got {value!r}")
    return Decimal(value)
