"""Numbers as words for people: counts, seconds, dollars, rates."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Put a number before its noun: `1 file`, `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
