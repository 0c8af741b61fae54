"""What a price is: so many dollars a unit, in tiers of a month, read from a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR = 3_600
MILLION = 1_000_000


class Confirmation(StrEnum):
    """How a price got into the table."""

    AWS = "read in a copy of AWS's own page"
    QUOTED = "read where others quote AWS's page or price list"
    KNOWN = "known as the list price, not read for this table"


@dataclass(frozen=True, kw_only=True)
class Tier:
    """``usd`` a unit, for the units up to ``up_to`` of a month."""

    usd: float
    up_to: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Price:
    """What AWS asks for one ``unit``; tiers are in rising order and the last one is open.

    ``source`` is AWS's page for this price, ``confirmed`` whether that page was the one read. ``note`` says what a
    reader should know of the number, empty when there is nothing.
    """

    label: str
    unit: str
    tiers: tuple[Tier, ...]
    source: str
    confirmed: Confirmation
    note: str = ""

    def usd(self, quantity: float) -> float:
        """Return the price of ``quantity`` units bought in one month that starts with this purchase."""
        if quantity < 0:
            raise ValueError(f"{self.label}: a quantity must be 0 or more, got {quantity}")
        total, floor = 0.0, 0.0
        for tier in self.tiers:
            if quantity <= floor:
                break
            total += (min(quantity, tier.up_to) - floor) * tier.usd
            floor = tier.up_to
        return total


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """The prices of ``region`` as they stood on ``as_of`` (ISO date), without free tiers or discounts."""

    region: str
    as_of: str
    prices: Mapping[str, Price]


def flat(usd: float) -> tuple[Tier, ...]:
    """Return the tiers of a price that does not depend on the quantity."""
    return (Tier(usd=usd),)
