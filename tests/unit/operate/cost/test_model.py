"""Each service of the cost model against what its price page says."""

from __future__ import annotations

import pytest

from operate.cost import model
from operate.cost.prices import US_EAST_1, compute


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


def test_a_negative_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        US_EAST_1.prices[compute.TRANSITION].usd(-1)


MILLION = 1_000_000


@pytest.mark.parametrize(
    ("uses", "usd", "why"),
    [
        (
            model.lambda_compute(requests=3 * MILLION, gb_seconds=375_000, architecture="x86_64"),
            0.60 + 6.25,
            "3 million invocations of 1 s at 128 MB",
        ),
        (
            model.lambda_compute(requests=3 * MILLION, gb_seconds=375_000, architecture="arm64"),
            0.60 + 5.00,
            "arm64 is a fifth cheaper",
        ),
        (model.s3_gets(requests=10_000), 0.004, "$0.0004 a thousand"),
        (model.s3_puts(requests=1_000), 0.005, "$0.005 a thousand"),
        (model.listing(pages=500), 0.0025, "half a million keys"),
        (model.inventory(objects=500 * MILLION), 1.25, "$0.0025 a million objects"),
        (model.dynamodb_writes(units=MILLION), 0.625, "a million items of 1 KB"),
        (model.dynamodb_reads(units=MILLION), 0.125, "a million items of 4 KB, consistently"),
        (model.sqs_requests(requests=10 * MILLION), 4.00, "$0.40 a million"),
        (model.logs(ingested_bytes=3 * 2**30), 1.50, "$0.50 a GB"),
        (
            model.fargate(vcpu_seconds=3600, gb_seconds=2 * 3600, spot=False, architecture="x86_64"),
            0.04048 + 2 * 0.004445,
            "an hour of 1 vCPU and 2 GB",
        ),
        (
            model.fargate(vcpu_seconds=3600, gb_seconds=2 * 3600, spot=True, architecture="arm64"),
            0.3 * (0.03238 + 2 * 0.00356),
            "Spot is taken as 30 % of the price",
        ),
    ],
)
def test_a_service_costs_what_its_page_says(uses, usd, why) -> None:
    assert model.price(uses).total_usd == pytest.approx(usd, rel=1e-5), why


@pytest.mark.parametrize(
    ("architecture", "billions", "usd"),
    [
        ("x86_64", 6, 6_000 * 16.6667),
        ("x86_64", 15, 6_000 * 16.6667 + 9_000 * 15.0),
        ("x86_64", 16, 6_000 * 16.6667 + 9_000 * 15.0 + 1_000 * 13.3334),
        ("arm64", 7.5, 7_500 * 13.3334),
        ("arm64", 18.75, 7_500 * 13.3334 + 11_250 * 12.0001),
        ("arm64", 20, 7_500 * 13.3334 + 11_250 * 12.0001 + 1_250 * 10.6667),
    ],
)
def test_the_duration_of_functions_falls_through_its_tiers(architecture: str, billions: float, usd: float) -> None:
    uses = model.lambda_compute(requests=0, gb_seconds=billions * 1e9, architecture=architecture)
    assert model.price(uses).total_usd == pytest.approx(usd)


def test_memory_and_time_are_billed_as_their_product() -> None:
    assert model.lambda_gb_seconds(billed_ms=1_500, memory_mb=2_048) == 3.0, "1.5 s of 2 GB"


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("spot", [False, True])
def test_each_kind_of_capacity_has_its_own_price(architecture: str, spot: bool) -> None:
    lines = model.price(model.fargate(vcpu_seconds=1, gb_seconds=1, spot=spot, architecture=architecture)).lines
    assert all(architecture in line.name for line in lines)
    assert all(("Spot" in line.name) == spot for line in lines)
