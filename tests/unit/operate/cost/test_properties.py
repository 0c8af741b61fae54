"""What holds of every price and every formula, whatever the numbers are."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.cost import model
from operate.cost.prices import US_EAST_1, Confirmation

PRICES = sorted(US_EAST_1.prices.items())
names = st.sampled_from([name for name, _ in PRICES])
quantities = st.floats(min_value=0, max_value=1e12, allow_nan=False)
counts = st.integers(min_value=0, max_value=10**8)


def total(uses: list[model.Use]) -> float:
    return model.price(uses).total_usd


@pytest.mark.parametrize(("name", "listed"), PRICES, ids=[name for name, _ in PRICES])
def test_every_price_says_where_it_is_from_and_how_sure_it_is(name: str, listed) -> None:
    assert listed.source.startswith("https://aws.amazon.com/"), f"{name} has no source"
    assert listed.confirmed in Confirmation
    assert listed.label
    assert listed.unit
    assert "/" not in listed.unit, f"{name}: the unit is what one buys, not a rate"
    edges = [tier.up_to for tier in listed.tiers]
    assert edges == sorted(set(edges)), f"{name}: tiers rise"
    assert edges[-1] == math.inf, f"{name}: the last tier is open"
    rates = [tier.usd for tier in listed.tiers]
    assert rates == sorted(rates, reverse=True), f"{name}: more costs less a unit, never more"
    assert rates[-1] > 0


def test_the_table_has_a_region_and_a_date() -> None:
    assert US_EAST_1.region == "us-east-1"
    assert date.fromisoformat(US_EAST_1.as_of)


def test_no_label_stands_for_two_prices() -> None:
    labels = [listed.label for listed in US_EAST_1.prices.values()]
    assert len(labels) == len(set(labels))


@given(name=names, first=quantities, second=quantities)
def test_more_never_costs_less(name: str, first: float, second: float) -> None:
    listed = US_EAST_1.prices[name]
    less, more = sorted((first, second))
    assert listed.usd(less) <= listed.usd(more) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("name", "edge"),
    [(name, tier.up_to) for name, listed in PRICES for tier in listed.tiers if tier.up_to < math.inf],
)
def test_a_tier_begins_where_the_one_before_ends(name: str, edge: float) -> None:
    listed = US_EAST_1.prices[name]
    below, at, above = (listed.usd(edge * scale) for scale in (1 - 1e-9, 1, 1 + 1e-9))
    assert below == pytest.approx(at, rel=1e-8)
    assert above == pytest.approx(at, rel=1e-8), "no jump: only the units above the edge are cheaper"
    double = listed.usd(2 * edge) - at
    assert double < at, "the units above the edge are cheaper than those below"


@given(name=names, first=quantities, second=quantities)
def test_a_total_is_the_sum_of_its_lines(name: str, first: float, second: float) -> None:
    one = model.Use(price=name, quantity=first, basis="one")
    other = model.Use(price=name, quantity=second, basis="other")
    assert total([one, other]) == pytest.approx(total([one]) + total([other]))


@given(first=counts, second=counts, states=st.integers(min_value=1, max_value=10))
def test_children_of_two_runs_cost_what_those_of_one_run_cost(first: int, second: int, states: int) -> None:
    together = total(model.standard_children(children=first + second, states=states))
    apart = total(model.standard_children(children=first, states=states))
    apart += total(model.standard_children(children=second, states=states))
    assert together == pytest.approx(apart), "transitions have one price, whatever their number"


@given(
    items=st.integers(min_value=1, max_value=10**8),
    batches=st.tuples(st.integers(min_value=1, max_value=10_000), st.integers(min_value=1, max_value=10_000)),
    states=st.integers(min_value=1, max_value=10),
)
def test_larger_batches_never_cost_more_transitions(items: int, batches: tuple[int, int], states: int) -> None:
    small, large = sorted(batches)
    usd = [total(model.standard_children(children=math.ceil(items / batch), states=states)) for batch in (large, small)]
    assert usd[0] <= usd[1]


@given(
    children=st.integers(min_value=1, max_value=10**6),
    ms=st.tuples(st.floats(min_value=0, max_value=300_000), st.floats(min_value=0, max_value=300_000)),
)
def test_longer_express_children_never_cost_less(children: int, ms: tuple[float, float]) -> None:
    short, long = sorted(ms)
    usd = [
        total(
            model.express_children(children=children, billed_ms=children * model.express_billed_ms(each), memory_mb=64)
        )
        for each in (short, long)
    ]
    assert usd[0] <= usd[1]


@given(sizes=st.lists(st.integers(min_value=0, max_value=5 * 2**30), max_size=5))
def test_result_files_cost_three_requests_each_at_least(sizes: list[int]) -> None:
    requests = model.result_writer(file_bytes=sizes)[0].quantity
    assert requests >= 2 + 3 * len(sizes), "create, a part, complete; probe and manifest come on top"
