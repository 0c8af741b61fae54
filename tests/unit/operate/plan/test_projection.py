"""Projections of workloads small enough to be worked out by hand."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from operate.plan import Assumptions, Bottleneck, Point, Reader, UnknownWorkloadError, project, workload_of
from operate.plan.workload import EXPRESS, MAX_BATCH_BYTES, STANDARD
from operate.plan.workloads import NOAA, NOAA_WORKSHOP, WORKLOADS, default_point
from usecases.registry import USE_CASES

# AWS without any delay or limit of its own, so that only the workload counts
IDEAL = Assumptions(
    s3_first_byte_ms=0,
    s3_mb_per_second=1e12,
    dynamodb_write_ms=0,
    standard_dispatch=1e12,
    express_dispatch=1e12,
    account_concurrency=10_000,
    lambda_burst=10_000,
    cold_start_ms=0,
    invoke_ms=0,
    standard_state_ms=0,
    express_state_ms=0,
    map_start_ms=0,
    map_end_ms=0,
    listed_keys_per_second=1e12,
    inventory_rows_per_second=1e12,
    reader_mb_per_second=1e12,
    writer_mb_per_second=1e12,
)
# 20 ms of an item at one vCPU, and nothing else
WORK = replace(
    NOAA,
    init_ms=0,
    fixed_ms=0,
    cpu_ms=20.0,
    threads=1,
    get_bytes=0,
    variation=0,
    parent_states=1,
    writes_results=False,
    item_bytes=10,
)
VCPU = 1_769


def point(**given) -> Point:
    return Point(**{"execution_type": STANDARD, "batch_size": 100, "max_concurrency": 10, "memory_mb": VCPU, **given})


def lines(projection) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in projection.cost.lines:
        found[line.name] = found.get(line.name, 0) + line.quantity
    return found


def test_one_child_takes_its_items_one_after_the_other() -> None:
    found = project(WORK, point(), 100, IDEAL)
    assert (found.children, found.concurrency) == (1, 1)
    assert found.child_seconds == pytest.approx(2.0), "100 items of 20 ms"
    assert found.seconds == pytest.approx(2.0)
    assert found.bottleneck is Bottleneck.LONGEST_CHILD


def test_bound_by_concurrency_a_run_takes_rounds_of_children() -> None:
    found = project(WORK, point(), 4_100, IDEAL)
    assert found.children == 41
    assert found.seconds == pytest.approx(math.ceil(41 / 10) * 2.0)
    assert found.concurrency == 10
    assert found.bottleneck is Bottleneck.MAX_CONCURRENCY


@pytest.mark.parametrize(("execution_type", "rate"), [(STANDARD, 100), (EXPRESS, 1_000)])
def test_bound_by_dispatch_a_run_takes_the_starts_of_its_children(execution_type: str, rate: int) -> None:
    slow = replace(IDEAL, standard_dispatch=100, express_dispatch=1_000)
    found = project(WORK, point(batch_size=1, execution_type=execution_type, max_concurrency=0), 50_000, slow)
    assert found.seconds == pytest.approx(49_999 / rate + 0.02)
    assert found.bottleneck is Bottleneck.DISPATCH


def test_the_account_limits_what_the_map_would_allow() -> None:
    found = project(WORK, point(max_concurrency=1_000), 100_000, replace(IDEAL, account_concurrency=50))
    assert found.seconds == pytest.approx(1_000 / 50 * 2.0)
    assert found.bottleneck is Bottleneck.ACCOUNT_CONCURRENCY


def test_children_without_a_function_ask_nothing_of_the_account() -> None:
    found = project(replace(WORK, architecture=None), point(), 100_000, replace(IDEAL, account_concurrency=1))
    assert found.seconds == pytest.approx(0, abs=1e-6)
    assert "Lambda requests" not in lines(found)


def test_the_reader_limits_when_batches_are_there() -> None:
    found = project(WORK, point(max_concurrency=0), 100_000, replace(IDEAL, listed_keys_per_second=1_000))
    assert found.seconds == pytest.approx(99.9 + 2.0), "1,000 batches, ten a second"
    assert found.bottleneck is Bottleneck.READER


RAISED = replace(IDEAL, account_concurrency=10_000, lambda_burst=1_000, lambda_ramp=100)
MINUTE = replace(WORK, cpu_ms=600.0)


def test_a_raised_quota_is_reached_by_a_ramp() -> None:
    found = project(MINUTE, point(max_concurrency=0), 200_000, RAISED)
    assert found.seconds == pytest.approx(10 + 60), "2,000 children of a minute: the last environment is there in 10 s"


def test_the_ramp_is_the_limit_of_many_long_children() -> None:
    found = project(MINUTE, point(max_concurrency=0), 825_000, RAISED)
    # 1,000 t + 100 t^2 / 2 = 8,250 children x 60 s, so t = 90 s, where 10,000 are under way
    assert found.bottleneck is Bottleneck.RAMP
    assert found.seconds >= 90


def test_result_files_are_written_after_the_last_child() -> None:
    writing = replace(WORK, writes_results=True, result_item_bytes=1_000, result_child_bytes=0)
    found = project(writing, point(), 100, replace(IDEAL, writer_mb_per_second=0.01))
    assert found.seconds == pytest.approx(2.0 + 10.0), "100 kB at 10 kB/s"
    assert found.bottleneck is Bottleneck.WRITER


def test_the_states_and_the_map_run_around_the_children_take_their_time() -> None:
    slow = replace(IDEAL, standard_state_ms=500, map_start_ms=2_000, map_end_ms=3_000)
    found = project(replace(WORK, parent_states=4), point(), 100, slow)
    assert found.seconds == pytest.approx(4 * 0.5 + 2 + 3 + 0.5 + 2.0)


def test_a_cold_start_is_paid_once_an_environment() -> None:
    slow = replace(IDEAL, cold_start_ms=300)
    found = project(replace(WORK, init_ms=700), point(), 2_000, slow)
    assert found.seconds == pytest.approx(1.0 + 2 * 2.0), "20 children in two rounds, only the first one cold"
    assert lines(found)["Lambda arm64 duration"] == pytest.approx((20 * 2.0 + 10 * 0.7) * VCPU / 1024), (
        "initialising is billed, the 300 ms before it are not"
    )


@pytest.mark.parametrize(("memory", "ms"), [(512, 700), (VCPU, 700), (2 * VCPU, 700)])
def test_little_memory_does_not_slow_the_initialisation(memory: int, ms: float) -> None:
    found = project(replace(WORK, init_ms=700), point(memory_mb=memory), 100, IDEAL)
    assert (found.longest_child_seconds - found.child_seconds) * 1_000 == pytest.approx(ms), (
        "an environment has a vCPU at least while it initialises, and one thread uses no more"
    )


@pytest.mark.parametrize(
    ("memory", "seconds"),
    [(VCPU // 2, 2.0 * VCPU / (VCPU // 2)), (VCPU, 2.0), (2 * VCPU, 2.0)],
)
def test_memory_gives_cpu_up_to_what_the_function_can_use(memory: int, seconds: float) -> None:
    assert project(WORK, point(memory_mb=memory), 100, IDEAL).child_seconds == pytest.approx(seconds)


def test_two_threads_use_two_cpus() -> None:
    assert project(replace(WORK, threads=2), point(memory_mb=2 * VCPU), 100, IDEAL).child_seconds == pytest.approx(1.0)


@pytest.mark.parametrize(("parallel", "rounds"), [(1, 100), (32, 4), (100, 1)])
def test_requests_under_way_at_once_share_their_latency(parallel: int, rounds: int) -> None:
    waiting = replace(WORK, cpu_ms=0, parallel=parallel)
    found = project(waiting, point(), 100, replace(IDEAL, s3_first_byte_ms=25))
    assert found.child_seconds == pytest.approx(rounds * 0.025)


def test_bandwidth_is_shared_by_all_requests_of_a_function() -> None:
    found = project(replace(WORK, cpu_ms=0, get_bytes=750_000), point(), 100, replace(IDEAL, s3_mb_per_second=75))
    assert found.child_seconds == pytest.approx(1.0), "75 MB at 75 MB/s"


def test_a_batch_ends_where_its_input_would_pass_the_payload_quota() -> None:
    found = project(replace(WORK, item_bytes=1_000), point(batch_size=10_000), 10_000, IDEAL)
    assert found.batch == (MAX_BATCH_BYTES - 200) // 1_000
    assert found.children == math.ceil(10_000 / found.batch)


def test_the_longest_child_grows_with_the_spread_of_items_and_shrinks_with_the_batch() -> None:
    spread = replace(WORK, variation=1.0)
    found = project(spread, point(), 4_100, IDEAL)
    by_hand = 2.0 + 2.0 * 1.0 / 10 * math.sqrt(2 * math.log(41))
    assert found.longest_child_seconds == pytest.approx(by_hand), "41 batches of 100"
    assert found.seconds == pytest.approx(10.0 + by_hand - 2.0)
    assert project(spread, point(), 100, IDEAL).longest_child_seconds == pytest.approx(2.0), "the only one is the mean"


def test_a_standard_run_is_billed_by_transition_and_by_what_its_functions_use() -> None:
    found = lines(project(replace(WORK, write_units=2, log_bytes=2**20), point(), 102_400, IDEAL))
    assert found == {
        "Step Functions transitions": 1 + 1_024 + 1_024,
        "S3 PUT, POST, LIST requests": 103,
        "Lambda requests": 1_024,
        "Lambda arm64 duration": pytest.approx(1_024 * 2.0 * VCPU / 1_024),
        "S3 GET requests": 102_400,
        "DynamoDB on-demand writes": 204_800,
        "CloudWatch Logs ingestion": 1.0,
    }


def test_an_express_run_is_billed_by_start_request_and_duration() -> None:
    found = lines(project(WORK, point(execution_type=EXPRESS), 100_000, IDEAL))
    assert found["Step Functions transitions"] == 1 + 1_000
    assert found["Step Functions EXPRESS requests"] == 1_000
    assert found["Step Functions EXPRESS duration"] == pytest.approx(1_000 * 2.0 * 64 / 1_024)


def test_an_inventory_is_billed_by_object_and_read_by_file() -> None:
    found = lines(project(replace(WORK, reader=Reader.INVENTORY, gets=0), point(), 2_500_000, IDEAL))
    assert found["S3 Inventory"] == 2_500_000
    assert found["S3 GET requests"] == 1 + 3, "the manifest, and a data file for each million"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"items": 0}, "items must be 1 or more, got 0"),
        ({"batch_size": 0}, "batch_size must be 1 or more, got 0"),
        ({"max_concurrency": 10_001}, "max_concurrency must be 0 to 10,000, got 10001"),
        ({"max_concurrency": -1}, "max_concurrency must be 0 to 10,000, got -1"),
    ],
)
def test_numbers_out_of_bounds_are_refused(given: dict, says: str) -> None:
    items = given.pop("items", 100)
    with pytest.raises(ValueError, match=says):
        project(WORK, point(**given), items, IDEAL)


def test_a_million_children_project_in_well_under_a_second() -> None:
    began = time.process_time()
    found = project(NOAA, point(batch_size=1, execution_type=EXPRESS, max_concurrency=0), 1_000_000, Assumptions())
    assert found.children == 1_000_000
    assert time.process_time() - began < 0.8


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_defaults_of_a_use_case_project(name: str) -> None:
    use_case = USE_CASES[name]
    found = project(workload_of(name), default_point(name), use_case.counts["full"], Assumptions())
    assert found.seconds > 0
    assert found.cost.total_usd > 0
    assert default_point(name).batch_size == found.batch, "the default batch fits the payload quota"


def test_a_use_case_without_a_workload_is_named_with_those_that_have_one() -> None:
    with pytest.raises(UnknownWorkloadError, match="nope cannot be priced ahead; there are hello, noaa"):
        workload_of("nope")


def test_hello_costs_about_what_its_children_cost_to_start() -> None:
    found = project(workload_of("hello"), default_point("hello"), 1_292_954, Assumptions())
    assert found.children == 1_293
    starts = 1_293 * 0.000025
    assert starts < found.cost.total_usd < 1.5 * starts, "no compute: starts, requests and a month of result files"


def test_the_workshop_waits_for_one_request_after_the_other() -> None:
    workshop = project(NOAA_WORKSHOP, default_point("noaa"), 1_000, Assumptions())
    assert workshop.child_seconds > 100 * 0.025
    assert workshop.child_seconds > 2 * project(NOAA, default_point("noaa"), 1_000, Assumptions()).child_seconds
