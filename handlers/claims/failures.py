"""What can be wrong with a file of claims, with a claim in it, and with what was decided on.

ItemFailure             (handlers.common.failures) this item fails for good
    NotClaims           the object is not a JSON list of claims
        NotJson         at some place it is no JSON: binary, compressed, not UTF-8, misspelt
        NotAList        it is JSON, but no list
        Truncated       the list does not end: the claims before the end of the object are whole
        ClaimTooLarge   one element of the list is larger than the memory set aside for it
    InvalidClaim        one claim says what a claim may not say; the others of its file go on
    ClaimNotFound       the table no longer has the claim that was to be decided on
"""

from __future__ import annotations

from handlers.common.failures import ItemFailure


class NotClaims(ItemFailure):
    """The object is not a JSON list of claims; those before the place that is named were whole."""


class NotJson(NotClaims):
    """The object is no JSON at the place that is named."""


class NotAList(NotClaims):
    """The object is JSON, but not a list."""


class Truncated(NotClaims):
    """The object ends before its list does."""


class ClaimTooLarge(NotClaims):
    """An element of the list is larger than the memory that is set aside for it."""


class InvalidClaim(ItemFailure):
    """A claim says what a claim may not say.

    The message is like an issue of an OperationOutcome: severity and code, the place, what is expected there. It never
    repeats what a person's claim says, only of what type that is.
    """

    def __init__(self, field: str, code: str, diagnostics: str) -> None:
        place = f"Claim.{field}" if field else "Claim"
        super().__init__(f"error/{code} at {place}: {diagnostics}")
        self.field = field


class ClaimNotFound(ItemFailure):
    """The table has no claim of that id."""
