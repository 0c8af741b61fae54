"""The schedule of children against closed forms, and against a clock that ticks through every moment."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operate.plan.schedule import Limits, schedule

TICKS = 64  # a second; times are whole ticks, which binary fractions hold exactly
INSTANT = 2.0**40  # children a second: no limit


def seconds(**given) -> float:
    limits = Limits(rate=given.pop("rate", INSTANT), slots=given.pop("slots", 10_000))
    return schedule(**{"children": 1, "warm": 2.0, "cold": 2.0, **given}, limits=limits).seconds


def test_a_single_child_takes_its_own_time_and_is_cold() -> None:
    found = schedule(children=1, warm=2.0, cold=3.5, limits=Limits(rate=100, slots=1_000))
    assert (found.seconds, found.slots) == (3.5, 1)


@pytest.mark.parametrize(("children", "slots"), [(10, 10), (11, 10), (1_000, 10), (1_000_000, 1_000), (999_999, 7)])
def test_bound_by_concurrency_children_run_in_whole_rounds(children: int, slots: int) -> None:
    assert seconds(children=children, slots=slots) == pytest.approx(math.ceil(children / slots) * 2.0, rel=1e-6)


@pytest.mark.parametrize("children", [2, 100, 1_000_000])
def test_bound_by_dispatch_the_last_child_starts_after_all_others(children: int) -> None:
    assert seconds(children=children, rate=100) == pytest.approx((children - 1) / 100 + 2.0)


@pytest.mark.parametrize("children", [1_000, 1_050, 123_456])
def test_a_full_round_starts_as_staggered_as_the_first(children: int) -> None:
    rounds, last = divmod(children - 1, 100)
    expected = rounds * 2.0 + last / 100 + 2.0
    assert seconds(children=children, slots=100, rate=100) == pytest.approx(expected), (
        "100 slots filled in one second, each free again after two"
    )


def test_only_the_first_child_of_a_slot_is_cold() -> None:
    found = schedule(children=50, warm=1.0, cold=4.0, limits=Limits(rate=INSTANT, slots=10))
    assert found.seconds == pytest.approx(4.0 + 4 * 1.0, rel=1e-6)
    assert found.slots == 10


def test_few_slots_are_used_when_children_are_short() -> None:
    found = schedule(children=100_000, warm=0.05, cold=0.05, limits=Limits(rate=100, slots=10_000))
    assert found.slots <= 6, "at 100 a second five or six are under way"


def test_a_ramp_delays_what_a_burst_does_not_cover() -> None:
    limits = Limits(rate=INSTANT, slots=4_000, burst=1_000, ramp=100)
    found = schedule(children=2_000, warm=1_000.0, cold=1_000.0, limits=limits)
    assert found.seconds == pytest.approx(1_010.0, rel=1e-6), "the 2,000th environment is there after 10 seconds"


@pytest.mark.parametrize(
    ("rate", "slots", "warm", "limits"),
    [
        (1_000, 1_000, 0.7, {}),
        (1_000, 10_000, 60.0, {"burst": 1_000, "ramp": 100}),
        (100, 10_000, 0.02, {}),
        (1_000, 1, 300.0, {}),
    ],
)
def test_a_million_children_are_scheduled_at_once(rate: float, slots: int, warm: float, limits: dict) -> None:
    began = time.process_time()
    schedule(children=1_000_000, warm=warm, cold=warm + 1, limits=Limits(rate=rate, slots=slots, **limits))
    assert time.process_time() - began < 1.0, "a sweep asks for dozens of points"


def ticked(children: int, warm: int, cold: int, spacing: int, slots: int, burst: int, ramp: int) -> tuple[float, int]:
    """The same by looking at every tick: all in ticks, ``ramp`` being the ticks until one more slot is there."""
    started = opened = tick = due = 0
    ends: list[int] = []
    while started < children:
        free = opened - sum(end > tick for end in ends)
        if tick >= due and free:
            ends.append(tick + warm)
        elif tick >= due and opened < min(slots, burst + tick // ramp):
            opened += 1
            ends.append(tick + cold)
        else:
            tick += 1
            continue
        started += 1
        due = tick + spacing
    return max(ends) / TICKS, opened


@settings(max_examples=300, deadline=None)
@given(
    children=st.integers(min_value=1, max_value=60),
    warm=st.integers(min_value=1, max_value=40),
    extra=st.integers(min_value=0, max_value=30),
    spacing=st.sampled_from([1, 2, 4, 8, 16]),
    slots=st.integers(min_value=1, max_value=12),
    burst=st.integers(min_value=1, max_value=12),
    ramp=st.sampled_from([1, 2, 8, 32]),
)
def test_the_schedule_is_that_of_a_clock_that_ticks_through_it(
    children, warm, extra, spacing, slots, burst, ramp
) -> None:
    found = schedule(
        children=children,
        warm=warm / TICKS,
        cold=(warm + extra) / TICKS,
        limits=Limits(rate=TICKS / spacing, slots=slots, burst=burst, ramp=TICKS / ramp),
    )
    expected, opened = ticked(children, warm, warm + extra, spacing, slots, burst, ramp)
    assert found.seconds == pytest.approx(expected)
    assert found.slots == opened


@given(
    counts=st.lists(st.integers(min_value=1, max_value=5_000), min_size=2, max_size=5),
    slots=st.integers(min_value=1, max_value=50),
    rate=st.sampled_from([1.0, 8.0, 64.0, 1024.0]),
)
def test_more_children_never_end_earlier(counts: list[int], slots: int, rate: float) -> None:
    found = [seconds(children=count, slots=slots, rate=rate, cold=5.0) for count in sorted(counts)]
    assert all(fewer <= more for fewer, more in pairwise(found))
