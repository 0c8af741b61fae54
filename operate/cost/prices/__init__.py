"""AWS list prices as data: one table a Region, each price with its unit, its tiers and where it was read."""

from __future__ import annotations

from operate.cost.prices import compute, data, operations
from operate.cost.prices.table import Confirmation, Price, PriceTable, Tier

US_EAST_1 = PriceTable(
    region="us-east-1",
    as_of="2026-11-23",
    prices={**compute.PRICES, **data.PRICES, **operations.PRICES},
)

__all__ = ["US_EAST_1", "Confirmation", "Price", "PriceTable", "Tier"]
