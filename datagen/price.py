"""What it costs to put a data set into S3 and to keep it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datagen.sinks.base import PART_BYTES

if TYPE_CHECKING:
    from datagen.dataset import Size

# S3 Standard, us-east-1, first 50 TB; S3 pricing page.
USD_PER_THOUSAND_PUTS = 0.005
USD_PER_GB_MONTH = 0.023
GB = 2**30


@dataclass(frozen=True, kw_only=True)
class Price:
    """Requests and dollars for a data set, its truth left out (it is a few objects)."""

    puts: int
    puts_usd: float
    month_usd: float


def price_of(size: Size) -> Price:
    """The price of objects that together have this size; a large object takes one request a part and two more."""
    parts = -(-(size.bytes // size.objects) // PART_BYTES)
    puts = size.objects * (parts + 2 if parts > 1 else 1)
    return Price(
        puts=puts,
        puts_usd=puts / 1000 * USD_PER_THOUSAND_PUTS,
        month_usd=size.bytes / GB * USD_PER_GB_MONTH,
    )
