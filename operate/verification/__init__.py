"""Bulk results against truth: one module per use case, each with `verify(truth, actual) -> list[Check]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operate.errors import ResultsError
from operate.execution import SUCCEEDED
from operate.verification.check import Check

if TYPE_CHECKING:
    from operate.evidence import Evidence

__all__ = ["Check", "verify_run"]


def verify_run(use_case: str, evidence: Evidence) -> list[Check]:
    """Check everything about a run; one that did not succeed fails at once, and nothing of it counts."""
    over = evidence.execution
    if over.status != SUCCEEDED:
        reason = f": {over.error}: {over.cause or 'no cause given'}" if over.error else ""
        return [Check(name="the execution succeeded", ok=False, detail=f"{over.status}{reason}")]
    succeeded = Check(name="the execution succeeded", ok=True, detail=SUCCEEDED)
    try:
        return [succeeded, *_check(use_case, evidence)]
    except ResultsError as error:
        return [succeeded, Check(name="results can be verified", ok=False, detail=str(error))]


def _check(use_case: str, evidence: Evidence) -> list[Check]:
    match use_case:
        case "hello":
            from operate.verification import hello

            return hello.check(evidence)
        case "noaa":
            from operate.verification import noaa

            return noaa.check(evidence)
        case "claims":
            from operate.verification import claims

            return claims.check(evidence)
        case "ssn_scan":
            from operate.verification import ssn_scan

            return ssn_scan.check(evidence)
        case _:
            raise ResultsError(f"there is no verifier for {use_case}")
