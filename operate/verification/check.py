"""One thing that a run must fulfil, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Check:
    """A claim about a run (``name``), whether it holds, and the numbers that say so."""

    name: str
    ok: bool
    detail: str
