"""How long a retrier waits, and which errors its names match."""

from __future__ import annotations

import pytest

from local.stepfunctions.definition.nodes import Retrier
from local.stepfunctions.errors import DataLimitExceeded, RuntimeFailure, StatesError, TaskTimeout
from local.stepfunctions.run.loop import matches, retry_delay

pytestmark = pytest.mark.aws("documented")


def delays(retrier: Retrier, times: int) -> list[float | None]:
    attempts = [0]
    return [retry_delay((retrier,), attempts, StatesError("E")) for _ in range(times)]


def test_delays_grow_by_the_rate_up_to_the_maximum_and_end_after_the_last_attempt() -> None:
    retrier = Retrier(errors=("E",), interval_seconds=3, backoff_rate=2.0, max_attempts=4, max_delay_seconds=10)
    assert delays(retrier, 5) == [3, 6, 10, 10, None]


def test_defaults_are_one_second_doubled_three_times() -> None:
    assert delays(Retrier(errors=("E",)), 4) == [1, 2, 4, None]


def test_no_attempt_at_all_is_possible() -> None:
    assert delays(Retrier(errors=("E",), max_attempts=0), 1) == [None]


def test_full_jitter_spreads_between_zero_and_the_delay() -> None:
    retrier = Retrier(errors=("E",), interval_seconds=8, max_attempts=1, full_jitter=True)
    found = [delays(retrier, 1)[0] or 0.0 for _ in range(200)]
    assert all(0 <= delay <= 8 for delay in found)
    assert min(found) < 2 < 6 < max(found), "200 draws reach the outer quarters"


def test_each_retrier_counts_its_own_attempts() -> None:
    retriers = (Retrier(errors=("A",), max_attempts=1), Retrier(errors=("B",), max_attempts=1))
    attempts = [0, 0]
    found = [retry_delay(retriers, attempts, StatesError(name)) for name in ("A", "B", "A", "B")]
    assert found == [1, 1, None, None]


@pytest.mark.parametrize(
    ("names", "error", "matched"),
    [
        (("States.ALL",), StatesError("Anything"), True),
        (("States.ALL",), TaskTimeout(), True),
        (("States.ALL",), RuntimeFailure(), False),
        (("States.Runtime",), RuntimeFailure(), True),
        (("States.TaskFailed",), StatesError("Lambda.Unknown"), True),
        (("States.TaskFailed",), TaskTimeout(), False),
        (("States.TaskFailed",), RuntimeFailure(), False),
        (("States.DataLimitExceeded",), DataLimitExceeded(), True),
        (("States.HeartbeatTimeout",), TaskTimeout(heartbeat=True), True),
        (("States.HeartbeatTimeout",), TaskTimeout(), False),
        (("Other", "Mine"), StatesError("Mine"), True),
        (("Mine.Other",), StatesError("Mine"), False),
    ],
)
def test_names_match_as_documented(names: tuple[str, ...], error: StatesError, matched: bool) -> None:
    assert matches(names, error) is matched
