"""Faults on demand: requests to AWS on localhost that fail, wait or get no answer, as they would on AWS some day."""

from __future__ import annotations

from local.faults.client import Counted, FaultError, Injected, clear, counts, inject, injected
from local.faults.fault import Fault

__all__ = ["Counted", "Fault", "FaultError", "Injected", "clear", "counts", "inject", "injected"]
