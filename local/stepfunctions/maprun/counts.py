"""The counters that DescribeMapRun shows, for items and for child executions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

ChildStatus: TypeAlias = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]

_FIELD: dict[ChildStatus, str] = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}


@dataclass(slots=True)
class Counts:
    """How many items, or child executions, are in each state."""

    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    timedOut: int = 0  # noqa: N815 - the API's own name
    aborted: int = 0
    total: int = 0
    resultsWritten: int = 0  # noqa: N815 - the API's own name
    failuresNotRedrivable: int = 0  # noqa: N815 - the API's own name
    pendingRedrive: int = 0  # noqa: N815 - the API's own name

    def added(self, number: int) -> None:
        """New work was found."""
        self.total += number
        self.pending += number

    def started(self, number: int, *, again: bool = False) -> None:
        """Pending work began; ``again``: it had begun before, and was waiting to be redriven."""
        if again:
            self.pendingRedrive -= number
        else:
            self.pending -= number
        self.running += number

    def redriven(self) -> None:
        """All that did not succeed waits to be redriven."""
        self.pendingRedrive += self.failed + self.timedOut + self.aborted
        self.failed = self.timedOut = self.aborted = 0

    def ended(self, number: int, status: ChildStatus) -> None:
        """Running work ended."""
        self.running -= number
        field = _FIELD[status]
        setattr(self, field, getattr(self, field) + number)

    def describe(self) -> dict[str, Any]:
        """The counters as DescribeMapRun answers them."""
        return asdict(self)
