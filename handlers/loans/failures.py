"""What can be wrong with a loan, and with results that are to be added up.

ItemFailure
    InvalidLoan         a loan of the object has a field that no loan can have
TransientFailure
    SlowDown            S3 asks for fewer requests: a machine may wait longer before it retries
BatchFailure
    DifferentRuns       results of batches that were simulated under different terms
    NoResults           there is nothing to add up
Abandoned               nobody waits for the answer any more
"""

from __future__ import annotations

from handlers.common.failures import BatchFailure, ItemFailure, TransientFailure


class InvalidLoan(ItemFailure):
    """A loan of the object has a field that no loan can have."""


class SlowDown(TransientFailure):
    """S3 asks for fewer requests."""


class NoResults(BatchFailure):
    """There is nothing to add up."""


class DifferentRuns(BatchFailure):
    """The results of two batches do not belong to the same simulation."""


class Abandoned(Exception):
    """Nobody waits for the answer any more: what is left of the work is not done."""
