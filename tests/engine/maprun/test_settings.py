"""When a Map Run has failed too often."""

from __future__ import annotations

import pytest

from local.stepfunctions.maprun.settings import Limits


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("limits", "failed", "total", "exceeded"),
    [
        (Limits(), 1, 4, True),
        (Limits(), 0, 4, False),
        (Limits(tolerated_failure_count=0), 1, 4, True),
        (Limits(tolerated_failure_count=1), 1, 4, False),
        (Limits(tolerated_failure_count=1), 2, 4, True),
        (Limits(tolerated_failure_percentage=0.0), 1, 10**6, True),
        (Limits(tolerated_failure_percentage=25.0), 1, 4, False),
        (Limits(tolerated_failure_percentage=24.9), 1, 4, True),
        (Limits(tolerated_failure_percentage=100.0), 4, 4, False),
        (Limits(tolerated_failure_count=3, tolerated_failure_percentage=10.0), 2, 4, True),
        (Limits(tolerated_failure_count=1, tolerated_failure_percentage=100.0), 2, 4, True),
    ],
)
def test_a_threshold_is_passed_by_strictly_more_and_only_if_set(
    limits: Limits, failed: int, total: int, exceeded: bool
) -> None:
    assert limits.exceeded(failed=failed, total=total) is exceeded


@pytest.mark.aws("documented")
def test_a_percentage_waits_for_the_final_total_and_a_count_does_not() -> None:
    assert not Limits(tolerated_failure_percentage=1.0).exceeded(failed=5, total=None)
    assert Limits(tolerated_failure_count=4).exceeded(failed=5, total=None)


@pytest.mark.aws("documented")
@pytest.mark.parametrize(("configured", "at_once"), [(0, 10_000), (7, 7), (50_000, 10_000)])
def test_concurrency_zero_means_the_quota_of_ten_thousand(configured: int, at_once: int) -> None:
    assert Limits(max_concurrency=configured).children_at_once == at_once
