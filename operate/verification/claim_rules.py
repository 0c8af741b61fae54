"""What the rules of `claims` decide, said a second time, and what the generator takes them to be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operate.verification.claim_files import Claim

APPROVED, REJECTED = "Approved", "Rejected"
GENERATED = {"limit": Decimal(5_000), "currency": "USD", "evidence": 1}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules as the stack configures them."""

    version: str
    limit: Decimal
    currency: str
    evidence: int
    evidence_words: str

    @classmethod
    def of(cls, outputs: Mapping[str, str]) -> Rules:
        """Those in the outputs of the use case."""
        given: dict[str, Any] = orjson.loads(outputs["rules"])
        return cls(**{**given, "limit": Decimal(given["limit"])})

    def code(self, claim: Claim) -> str | None:
        """Say why a claim is rejected; None for one that is approved."""
        if claim.supporting_info >= self.evidence:
            return None
        if claim.total is None:
            return "total_missing"
        if claim.currency not in {None, self.currency}:
            return "other_currency"
        return None if claim.total < self.limit else "limit_reached"

    def names_what_is_needed(self, reason: str) -> bool:
        """Whether the reason of a rejection names the limit and the supporting information that is missing."""
        return f"{self.limit:,} {self.currency}" in reason and self.evidence_words in reason

    @property
    def as_generated(self) -> bool:
        """Whether the decisions in the generator's truth are those of these rules."""
        return {"limit": self.limit, "currency": self.currency, "evidence": self.evidence} == GENERATED
