"""The registry: knobs are parsed, bounded and put into the execution input."""

from __future__ import annotations

import pytest

from asl import limits
from usecases import parameters
from usecases.parameters import MODE, FlagParameter, Parameter, ParameterError, TextParameter, WordParameter
from usecases.registry import HELLO, NOAA, SSN_SCAN, USE_CASES

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


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"batch_size": 0}, "batch_size must be 1 or more"),
        ({"batch_size": "7"}, "batch_size must be a whole number, got '7'"),
        ({"execution_type": 1}, "execution_type must be STANDARD or EXPRESS, got 1"),
    ],
)
def test_knobs_given_as_values_are_checked_too(value: dict, message: str):
    with pytest.raises(ParameterError, match=message):
        NOAA.execution_input({"data_prefix": "csv/", "results_prefix": "results"}, value)


def test_words_travel_in_the_input_as_they_are():
    knobs = NOAA.parse_parameters(["execution_type=EXPRESS", "source=inventory", "batch_bytes=1000"])
    assert NOAA.execution_input({"data_prefix": "csv/", "results_prefix": "results"}, knobs) == {
        "prefix": "csv/",
        "output": "results",
        "execution_type": "EXPRESS",
        "source": "inventory",
        "batch_bytes": 1000,
    }


def test_a_word_that_is_not_one_of_them_is_refused():
    with pytest.raises(ParameterError, match="execution_type must be STANDARD or EXPRESS, got 'express'"):
        NOAA.parse_parameters(["execution_type=express"])


def test_a_word_for_runs_alone_is_no_default_of_a_stack():
    assert SSN_SCAN.parse_parameters(["mode=arrivals"]) == {"mode": "arrivals"}
    assert MODE.default("batches") == "batches"
    with pytest.raises(ParameterError, match="mode must be objects or batches, got 'arrivals'"):
        MODE.default("arrivals")
    with pytest.raises(ParameterError, match="mode must be objects or batches or arrivals, got 'files'"):
        MODE.parse("files")


def test_a_flag_is_true_or_false():
    flag = FlagParameter(name="loud", help="whether it is loud")
    assert [flag.parse("true"), flag.parse("false"), flag.checked(True)] == [True, False, True]
    with pytest.raises(ParameterError, match="loud must be true or false, got 'yes'"):
        flag.parse("yes")
    with pytest.raises(ParameterError, match="loud must be true or false, got 1"):
        flag.checked(1)


def test_entries_are_complete():
    for name, use_case in USE_CASES.items():
        assert use_case.name == name
        assert {"tiny", "demo", "full"} == set(use_case.counts)
        assert use_case.counts["tiny"] <= use_case.counts["demo"] <= use_case.counts["full"]
        settable = [*use_case.parameters, *use_case.options]
        kinds = Parameter | WordParameter | FlagParameter | TextParameter
        assert all(isinstance(one, kinds) and one.help for one in settable)
        assert len({one.name for one in settable}) == len(settable), "a config key for each"


def test_the_bounds_of_knobs_are_the_quotas_that_definitions_are_checked_against():
    assert parameters.MAX_CHILD_EXECUTIONS == limits.MAX_CHILD_EXECUTIONS
    assert parameters.MAX_ITEMS == limits.MAX_ITEMS
    assert parameters.MAX_BATCH_BYTES == limits.MAX_PAYLOAD_BYTES


@pytest.mark.parametrize("words", ["", "x" * 201])
def test_words_of_the_rules_are_as_long_as_the_function_takes_them(words: str):
    with pytest.raises(ParameterError, match="evidence_words must be text of 1 to 200 characters"):
        parameters.CLAIM_EVIDENCE_WORDS.parse(words)
    assert parameters.CLAIM_EVIDENCE_WORDS.default("x" * 200) == "x" * 200
