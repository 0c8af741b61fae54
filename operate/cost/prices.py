"""List prices of one Region, each with its unit and the page that it was read from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Tier:
    """``usd`` a unit, for the units up to ``up_to`` of a month (None: all that remain)."""

    usd: float
    up_to: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Price:
    """What AWS asks for one ``unit``; tiers are in rising order and the last one is open."""

    label: str
    unit: str
    tiers: tuple[Tier, ...]
    source: str

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


HOUR = 3_600

STEP_FUNCTIONS_PAGE = "https://aws.amazon.com/step-functions/pricing/"
S3_PAGE = "https://aws.amazon.com/s3/pricing/"
CLOUDWATCH_PAGE = "https://aws.amazon.com/cloudwatch/pricing/"

TRANSITION = "states.transition"
EXPRESS_REQUEST = "states.express_request"
EXPRESS_DURATION = "states.express_gb_second"
S3_READ = "s3.read_request"
S3_WRITE = "s3.write_request"
S3_STORAGE = "s3.gb_month"
LOG_INGESTION = "logs.gb_ingested"

US_EAST_1 = PriceTable(
    region="us-east-1",
    as_of="2026-11-23",
    prices={
        TRANSITION: Price(
            label="Step Functions transitions",
            unit="transition",
            tiers=(Tier(usd=0.000025),),
            source=STEP_FUNCTIONS_PAGE,
        ),
        EXPRESS_REQUEST: Price(
            label="Step Functions EXPRESS requests",
            unit="request",
            tiers=(Tier(usd=0.000001),),
            source=STEP_FUNCTIONS_PAGE,
        ),
        EXPRESS_DURATION: Price(
            label="Step Functions EXPRESS duration",
            unit="GB-second",
            # listed a GB-hour: 0.06 for the first 1,000 of a month, 0.03 for the next 4,000, 0.01642 above
            tiers=(
                Tier(usd=0.06 / HOUR, up_to=1_000 * HOUR),
                Tier(usd=0.03 / HOUR, up_to=5_000 * HOUR),
                Tier(usd=0.01642 / HOUR),
            ),
            source=STEP_FUNCTIONS_PAGE,
        ),
        S3_READ: Price(
            label="S3 GET requests",
            unit="request",
            tiers=(Tier(usd=0.0000004),),
            source=S3_PAGE,
        ),
        S3_WRITE: Price(
            label="S3 PUT, POST, LIST requests",
            unit="request",
            tiers=(Tier(usd=0.000005),),
            source=S3_PAGE,
        ),
        S3_STORAGE: Price(
            label="S3 Standard storage",
            unit="GB-month",
            tiers=(Tier(usd=0.023, up_to=51_200), Tier(usd=0.022, up_to=512_000), Tier(usd=0.021)),
            source=S3_PAGE,
        ),
        LOG_INGESTION: Price(
            label="CloudWatch Logs ingestion",
            unit="GB",
            tiers=(Tier(usd=0.50),),
            source=CLOUDWATCH_PAGE,
        ),
    },
)
