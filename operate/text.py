"""Numbers as words for people: counts, seconds, bytes, dollars."""

from __future__ import annotations

MINUTE, HOUR = 60, 3600
SMALLEST_USD = 0.0001  # what is shown of a price


def counted(number: int, noun: str) -> str:
    """Put a number before its noun: `1 file`, `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def seconds(value: float) -> str:
    """Say a duration: `0.42 s`, `7.2 s`, `1 min 05 s`, `2 h 03 min`."""
    if value < 1:
        return f"{value:.2f} s"
    if value < MINUTE:
        return f"{value:.1f} s"
    if value < HOUR:
        return f"{int(value) // MINUTE} min {int(value) % MINUTE:02d} s"
    return f"{int(value) // HOUR} h {int(value) % HOUR // MINUTE:02d} min"


def usd(value: float) -> str:
    """Say a price: `$12.35`, `$0.0324`, `<$0.0001`, `$0`."""
    if value == 0:
        return "$0"
    if value < SMALLEST_USD:
        return f"<${SMALLEST_USD}"
    return f"${value:,.2f}" if value >= 1 else f"${value:.4f}"


def megabytes(value: int) -> str:
    """Say a size in units of a million bytes."""
    return f"{value / 1e6:,.1f} MB"


def quantity(value: float) -> str:
    """Say a billed quantity: whole numbers as they are, others with three decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"
