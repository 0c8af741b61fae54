"""The registry: knobs are parsed, bounded and put into the execution input."""

from __future__ import annotations

import pytest

from asl import limits
from usecases import registry
from usecases.registry import HELLO, USE_CASES, Parameter, ParameterError

OUTPUTS = {"data_key": "reviews/reviews.csv", "results_prefix": "results"}


def test_the_input_without_knobs_is_the_smallest_that_works():
    assert HELLO.execution_input(OUTPUTS, {}) == {"key": "reviews/reviews.csv", "output": "results"}


def test_knobs_travel_in_the_input():
    knobs = HELLO.parse_parameters(["batch_size=100", "tolerated_failure_percentage=0.5", "max_concurrency=0"])
    assert HELLO.execution_input(OUTPUTS, knobs) == {
        "key": "reviews/reviews.csv",
        "output": "results",
        "batch_size": 100,
        "tolerated_failure_percentage": 0.5,
        "max_concurrency": 0,
    }


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("batch_size", "write name=value, got 'batch_size'"),
        ("batch_size=", "batch_size must be a whole number, got ''"),
        ("batch_size=1.5", "batch_size must be a whole number, got '1.5'"),
        ("batch_size=0", "batch_size must be 1 or more, got 0"),
        ("max_concurrency=-1", "max_concurrency must be 0 to 10,000, got -1"),
        ("max_concurrency=10001", "max_concurrency must be 0 to 10,000, got 10,001"),
        ("tolerated_failure_percentage=nan", "tolerated_failure_percentage must be 0 to 100, got nan"),
        ("max_items=100000001", "max_items must be 0 to 100,000,000, got 100,000,001"),
        ("speed=9", "hello has no parameter 'speed'; it has max_concurrency, batch_size,"),
    ],
)
def test_a_wrong_knob_is_refused_with_its_remedy(assignment: str, message: str):
    with pytest.raises(ParameterError) as raised:
        HELLO.parse_parameters([assignment])
    assert message in str(raised.value)


def test_knobs_given_as_values_are_bounded_too():
    with pytest.raises(ParameterError, match="batch_size must be 1 or more"):
        HELLO.execution_input(OUTPUTS, {"batch_size": 0})


def test_entries_are_complete():
    for name, use_case in USE_CASES.items():
        assert use_case.name == name
        assert {"tiny", "demo", "full"} == set(use_case.counts)
        assert use_case.counts["tiny"] <= use_case.counts["demo"] <= use_case.counts["full"]
        assert all(isinstance(parameter, Parameter) and parameter.help for parameter in use_case.parameters)


def test_the_bounds_of_knobs_are_the_quotas_that_definitions_are_checked_against():
    assert registry.MAX_CHILD_EXECUTIONS == limits.MAX_CHILD_EXECUTIONS
    assert registry.MAX_ITEMS == limits.MAX_ITEMS
