"""docs/costs.md says what the code computes: every price, every assumption, every worked figure, each comparison."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from operate.cost.prices import US_EAST_1, Confirmation, Price
from operate.plan import Assumptions, Point, project
from operate.plan.workload import EXPRESS, STANDARD
from operate.plan.workloads import NOAA, NOAA_WORKSHOP, NOAA_WORKSHOP_POINT

DOCUMENT = (Path(__file__).parents[4] / "docs" / "costs.md").read_text()
READ = {Confirmation.AWS: "AWS", Confirmation.QUOTED: "quoted", Confirmation.KNOWN: "known"}


def amount(usd: float) -> str:
    """Six significant digits, without an exponent."""
    digits = max(0, 5 - math.floor(math.log10(usd)))
    return f"{usd:.{digits}f}".rstrip("0").rstrip(".")


def row(price: Price) -> str:
    """The row of a price in the document."""
    tiers = ", ".join(
        amount(tier.usd) if tier.up_to == math.inf else f"{amount(tier.usd)} up to {tier.up_to:,.0f}"
        for tier in price.tiers
    )
    return f"| {price.label} | {price.unit} | {tiers} | {READ[price.confirmed]} |"


@pytest.mark.parametrize("price", US_EAST_1.prices.values(), ids=lambda price: price.label)
def test_the_document_lists_the_price_as_the_table_has_it(price: Price) -> None:
    assert row(price) in DOCUMENT


def test_the_document_names_region_and_date() -> None:
    assert f"{US_EAST_1.region}, {US_EAST_1.as_of}" in DOCUMENT


@pytest.mark.parametrize("name", Assumptions().described())
def test_the_document_lists_the_assumption_with_its_source(name: str) -> None:
    assumed = Assumptions().described()[name]
    assert f"| `{name}` | {assumed.value:,g} {assumed.unit} | {assumed.source} |" in DOCUMENT


@pytest.mark.parametrize(
    ("words", "point"),
    [
        ("EXPRESS, batches of 100, 768 MB", (EXPRESS, 100, 768)),
        ("STANDARD, batches of 500, 1,024 MB", (STANDARD, 500, 1_024)),
        ("EXPRESS, batches of 500, 768 MB", (EXPRESS, 500, 768)),
    ],
)
def test_the_document_compares_with_the_workshop_as_the_projection_does(words: str, point: tuple) -> None:
    execution_type, batch, memory = point
    ours = Point(execution_type=execution_type, batch_size=batch, max_concurrency=1_000, memory_mb=memory)
    cells = []
    for items in (1_000, 500_000):
        found = project(NOAA, ours, items, Assumptions())
        workshop = project(NOAA_WORKSHOP, NOAA_WORKSHOP_POINT, items, Assumptions()).cost.total_usd
        usd = found.cost.total_usd
        cells += [f"${usd:.4f}", f"{usd / workshop:.0%}", f"{found.seconds:.0f} s"]
    assert f"| {words} | {' | '.join(cells)} |" in DOCUMENT
