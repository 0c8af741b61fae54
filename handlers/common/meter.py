"""What a batch uses of other services, for the line in the log from which its cost is told."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Literal

Unit = Literal["s3_gets", "s3_bytes", "write_units", "read_units", "sqs_requests"]
UNITS: tuple[Unit, ...] = ("s3_gets", "s3_bytes", "write_units", "read_units", "sqs_requests")


class Meter:
    """Counts that many threads add to."""

    def __init__(self) -> None:
        self._counts: Counter[Unit] = Counter()
        self._lock = Lock()

    def add(self, unit: Unit, amount: float = 1) -> None:
        """Count so much more."""
        with self._lock:
            self._counts[unit] += amount  # type: ignore[assignment] # a Counter adds any numbers

    def read(self) -> dict[str, float]:
        """What has been counted of each unit."""
        with self._lock:
            return {unit: self._counts[unit] for unit in UNITS}
