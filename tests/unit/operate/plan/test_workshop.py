"""What our way of running a use case costs, beside the public workshop's defaults by the same price table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from operate.plan import Assumptions, Point, project, workload_of
from operate.plan.workload import EXPRESS, STANDARD
from operate.plan.workloads import NOAA, NOAA_WORKSHOP, NOAA_WORKSHOP_POINT, default_point

FULL, LARGE = 1_000, 500_000
THIRD = 1 / 3
GENTLE = Point(execution_type=STANDARD, batch_size=500, max_concurrency=1_000, memory_mb=1_024)
CHEAP = Point(execution_type=EXPRESS, batch_size=500, max_concurrency=1_000, memory_mb=768)


def share(point: Point, items: int, workshop=NOAA_WORKSHOP) -> float:
    """Of the price of the workshop's defaults."""
    ours = project(NOAA, point, items, Assumptions()).cost.total_usd
    return ours / project(workshop, NOAA_WORKSHOP_POINT, items, Assumptions()).cost.total_usd


def test_the_defaults_of_noaa_cost_a_third_of_the_workshops() -> None:
    assert share(default_point("noaa"), LARGE) <= THIRD
    assert share(default_point("noaa"), FULL) < 0.4, "of so few, the states of the parent are a part of the price"


@pytest.mark.parametrize("items", [FULL, LARGE])
@pytest.mark.parametrize("point", [GENTLE, CHEAP])
def test_with_larger_batches_noaa_costs_less_than_a_third(point: Point, items: int) -> None:
    assert share(point, items) <= THIRD


def test_with_clients_made_for_each_item_the_workshop_costs_more() -> None:
    slower = replace(NOAA_WORKSHOP, cpu_ms=62.0)
    assert share(default_point("noaa"), FULL, slower) < share(default_point("noaa"), FULL)


def test_what_both_pay_alike_is_a_quarter_of_the_workshops_price() -> None:
    cost = project(NOAA_WORKSHOP, NOAA_WORKSHOP_POINT, LARGE, Assumptions()).cost
    alike = sum(line.usd for line in cost.lines if line.name in {"S3 GET requests", "DynamoDB on-demand writes"})
    assert 0.2 < alike / cost.total_usd < 0.3, "a GET and a write for each station: no code makes them cheaper"


def test_hello_costs_what_the_workshops_does_for_it_is_the_same_machine() -> None:
    ours = project(workload_of("hello"), default_point("hello"), 1_292_954, Assumptions()).cost.total_usd
    one_state_less = replace(workload_of("hello"), parent_states=1)
    workshop = project(one_state_less, default_point("hello"), 1_292_954, Assumptions()).cost.total_usd
    assert ours - workshop == pytest.approx(0.000025), "the state that fills in defaults"
