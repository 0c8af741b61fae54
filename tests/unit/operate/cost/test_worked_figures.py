"""Worked figures of a map's price: computed by hand from AWS's price pages, beside what a public workshop prints."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from operate.cost import model

OBJECTS = 500_000
MB = 64
FOUR_DIGITS = 1e-3  # the figures are given with three or four significant digits


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One scenario: ``usd`` by the formulas, ``printed`` by the workshop (None: it prints the same)."""

    scenario: str
    uses: list[model.Use]
    usd: float
    printed: float | None = None


def standard(children: int, states: int) -> list[model.Use]:
    return model.standard_children(children=children, states=states)


def express(children: int, seconds: float) -> list[model.Use]:
    billed = children * model.express_billed_ms(seconds * 1000)
    return model.express_children(children=children, billed_ms=billed, memory_mb=MB)


FIGURES = (
    Figure(scenario="500,000 objects, batch 500, 1 state", uses=standard(OBJECTS // 500, 1), usd=0.05),
    Figure(scenario="500,000 objects, batch 500, 5 states", uses=standard(OBJECTS // 500, 5), usd=0.15),
    # 1.5 million transitions are 37.50; the workshop prints 37.4
    Figure(scenario="500,000 objects, no batching, 2 states", uses=standard(OBJECTS, 2), usd=37.50, printed=37.4),
    # 0.1042 + 0.001 + 0.025; the workshop prints 0.10 + 0.025, having rounded the duration and left out the requests
    Figure(scenario="1,000 EXPRESS children of 100 s", uses=express(1_000, 100), usd=0.1302, printed=0.125),
    # 0.0313 + 0.001 + 0.025; printed with two digits
    Figure(scenario="1,000 EXPRESS children of 30 s", uses=express(1_000, 30), usd=0.0573, printed=0.057),
    # 0.521 + 0.50 + 12.50; the workshop prints 13.42, its own formula gives 13.52
    Figure(scenario="500,000 EXPRESS children of 1 s", uses=express(OBJECTS, 1), usd=13.521, printed=13.42),
    Figure(scenario="50,000,000 objects, batch 100, 2 states", uses=standard(50_000_000 // 100, 2), usd=37.50),
)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.scenario)
def test_the_model_gives_the_worked_figure(figure: Figure) -> None:
    assert model.price(figure.uses).total_usd == pytest.approx(figure.usd, rel=FOUR_DIGITS)


@pytest.mark.parametrize(
    "figure", [each for each in FIGURES if each.printed is not None], ids=lambda each: each.scenario
)
def test_what_the_workshop_prints_is_a_rounding_and_not_another_price(figure: Figure) -> None:
    assert figure.printed is not None
    assert figure.printed < figure.usd, "every rounding of the workshop makes the map look cheaper"
    assert figure.printed == pytest.approx(model.price(figure.uses).total_usd, rel=0.05), "a few percent at most"


@pytest.mark.parametrize("seconds", [1, 30, 100, 299.95])
def test_express_children_follow_the_formula_of_the_100_ms_price(seconds: float) -> None:
    steps = -(-round(seconds * 1000) // 100)
    by_formula = 1_000 * (0.000001 + steps * 0.0000001042) + 1_000 * 0.000025
    assert model.price(express(1_000, seconds)).total_usd == pytest.approx(by_formula, rel=FOUR_DIGITS), (
        "AWS also lists the first tier as $0.0000001042 for 100 ms of 64 MB, rounded"
    )
