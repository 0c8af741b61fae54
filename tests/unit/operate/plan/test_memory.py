"""The memory curve against arithmetic at one vCPU, and against what was measured."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from operate.plan import Assumptions, CurveError, Point, memory_curve, workload_of
from operate.plan.memory import MEMORIES
from operate.plan.workload import STANDARD
from operate.plan.workloads import NOAA

POINT = Point(execution_type=STANDARD, batch_size=100, max_concurrency=10, memory_mb=1_769)
COMPUTING = replace(NOAA, gets=0, writes=0, get_bytes=0, fixed_ms=0, cpu_ms=10.0, threads=1, parallel=1)
WAITING = replace(COMPUTING, cpu_ms=0, gets=1)
ARM64 = 0.0000133334


def test_computing_costs_the_same_until_there_is_more_cpu_than_it_can_use() -> None:
    below, at, above = memory_curve(COMPUTING, POINT, (884, 1_769, 3_538), Assumptions())
    assert below.milliseconds == pytest.approx(1_000 * 1_769 / 884)
    assert at.milliseconds == above.milliseconds == pytest.approx(1_000)
    assert below.usd_per_million_items == pytest.approx(at.usd_per_million_items, rel=0.01)
    assert above.usd_per_million_items == pytest.approx(2 * at.usd_per_million_items, rel=0.01)


def test_waiting_costs_in_proportion_to_memory() -> None:
    small, large = memory_curve(WAITING, POINT, (512, 1_024), Assumptions())
    assert small.milliseconds == large.milliseconds == pytest.approx(100 * 25)
    compute_usd = [each.usd_per_million_items - 10_000 * 0.0000002 for each in (small, large)]
    assert compute_usd[1] == pytest.approx(2 * compute_usd[0])


def test_a_million_items_cost_their_invocations_and_gb_seconds() -> None:
    (found,) = memory_curve(COMPUTING, POINT, (1_769,), Assumptions())
    by_hand = 10_000 * (0.0000002 + 1.0 * 1_769 / 1_024 * ARM64)
    assert found.usd_per_million_items == pytest.approx(by_hand)


def test_what_was_measured_replaces_the_model() -> None:
    found = memory_curve(NOAA, POINT, (512, 1_024), Assumptions(), measured={512: 8_200.4, 1_024: 4_100.0})
    assert [each.milliseconds for each in found] == [8_200.4, 4_100.0]
    by_hand = 10_000 * (0.0000002 + math.ceil(8_200.4) / 1_000 * 0.5 * ARM64)
    assert found[0].usd_per_million_items == pytest.approx(by_hand), "each started millisecond is billed"


def test_a_size_that_was_not_measured_is_refused() -> None:
    with pytest.raises(CurveError, match="nothing was measured at 2048 MB; there are 512, 1024 MB"):
        memory_curve(NOAA, POINT, (512, 2_048), Assumptions(), measured={512: 1.0, 1_024: 1.0})


def test_a_use_case_without_a_function_has_no_curve() -> None:
    with pytest.raises(CurveError, match="hello has no function"):
        memory_curve(workload_of("hello"), POINT, MEMORIES, Assumptions())
