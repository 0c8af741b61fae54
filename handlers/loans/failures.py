"""What can be wrong with a loan, and with results that are to be added up.

ItemFailure
    InvalidLoan         a loan of the object has a field that no loan can have
DifferentRuns           results of batches that were simulated under different terms
Abandoned               nobody waits for the answer any more
"""

from __future__ import annotations

from handlers.common.failures import ItemFailure


class InvalidLoan(ItemFailure):
    """A loan of the object has a field that no loan can have."""


class DifferentRuns(Exception):
    """The results of two batches do not belong to the same simulation."""


class Abandoned(Exception):
    """Nobody waits for the answer any more: what is left of the work is not done."""
