"""The cost model against worked figures that were computed by hand from AWS's price pages."""

from __future__ import annotations

import pytest

from operate.cost import model, prices
from operate.cost.prices import compute

TRIAL_OBJECTS = 500_000


def standard(children: int, states: int) -> float:
    return model.price(model.standard_children(children=children, states=states)).total_usd


def express(children: int, seconds: float, memory_mb: int = 64) -> float:
    billed = children * model.express_billed_ms(seconds * 1000)
    return model.price(model.express_children(children=children, billed_ms=billed, memory_mb=memory_mb)).total_usd


@pytest.mark.parametrize(
    ("children", "states", "usd"),
    [
        (TRIAL_OBJECTS // 500, 1, 0.05),
        (TRIAL_OBJECTS // 500, 5, 0.15),
        (TRIAL_OBJECTS, 2, 37.50),
        (50_000_000 // 100, 2, 37.50),
    ],
)
def test_standard_children_cost_a_start_and_each_state(children: int, states: int, usd: float) -> None:
    assert standard(children, states) == pytest.approx(usd, abs=1e-9)


@pytest.mark.parametrize(
    ("children", "seconds", "usd"),
    [(1_000, 100, 0.1302), (1_000, 30, 0.0573), (TRIAL_OBJECTS, 1, 13.521)],
)
def test_express_children_cost_a_start_a_request_and_their_duration(children: int, seconds: float, usd: float) -> None:
    assert express(children, seconds) == pytest.approx(usd, abs=0.0005), (
        "the worked figures are printed with four significant digits"
    )


def test_express_duration_falls_through_the_three_tiers() -> None:
    duration = next(
        line
        for line in model.price(
            model.express_children(children=100_000_000, billed_ms=100_000_000 * 10_000, memory_mb=64)
        ).lines
        if line.unit == "GB-second"
    )
    assert duration.usd == pytest.approx(382.97, abs=0.01), "AWS's own example: 100 M runs of 10 s at 64 MB"


def test_express_memory_is_rounded_up_to_whole_chunks() -> None:
    kib = 1024
    assert model.express_memory_mb(definition_bytes=50 * kib, payload_bytes=32 * kib, steps=400) == 64, (
        "AWS's own example: 62.85 MB is billed as 64 MB"
    )
    assert model.express_memory_mb(definition_bytes=50 * kib, payload_bytes=32 * kib, steps=800) == 128, (
        "75.05 MB is more than one chunk"
    )


@pytest.mark.parametrize(("ms", "billed"), [(0, 100), (0.4, 100), (100, 100), (100.1, 200), (1_000, 1_000)])
def test_express_durations_are_billed_in_steps_of_100_ms(ms: float, billed: int) -> None:
    assert model.express_billed_ms(ms) == billed


def test_result_files_cost_their_uploads_and_a_month_of_storage() -> None:
    cost = model.price(model.result_writer(file_bytes=[512 * 1024 * 1024]))
    requests, storage = cost.lines
    assert requests.quantity == 2 + 2 + 64, "probe and manifest, create and complete, 64 parts of 8 MiB"
    assert requests.usd == pytest.approx(68 * 0.005 / 1000)
    assert storage.usd == pytest.approx(0.5 * 0.023), "half a GB-month"


def test_the_total_is_the_sum_of_the_lines() -> None:
    cost = model.price([*model.parent_states(4), *model.object_reader(objects=1), *model.logs(ingested_bytes=2**30)])
    assert cost.total_usd == pytest.approx(4 * 0.000025 + 0.0000004 + 0.50)


def test_every_price_says_where_it_was_read() -> None:
    for name, listed in prices.US_EAST_1.prices.items():
        assert listed.source.startswith("https://aws.amazon.com/"), f"{name} has no source"
        assert listed.tiers[-1].up_to == float("inf"), f"{name}: the last tier must be open"


def test_a_negative_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        prices.US_EAST_1.prices[compute.TRANSITION].usd(-1)
