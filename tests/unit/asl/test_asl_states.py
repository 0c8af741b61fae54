"""States: the whole ASL of each kind in both query languages, and each mistake that is refused."""

from __future__ import annotations

import pytest

from asl import (
    ALL_ERRORS,
    DISCARD,
    LAMBDA_RETRY,
    AllOf,
    AnyOf,
    Catcher,
    Choice,
    Fail,
    Flow,
    Intrinsic,
    Jsonata,
    Not,
    Parallel,
    Pass,
    Path,
    QueryLanguage,
    Retrier,
    Rule,
    State,
    Succeed,
    Test,
    Wait,
)

JSONATA = QueryLanguage.JSONATA


def test_a_pass_with_parameters_paths_and_variables():
    state = Pass(
        "Shape",
        comment="why",
        input_path=Path("$.detail"),
        parameters={"id": Intrinsic("States.UUID()"), "deep": {"key": Path("$.key")}, "n": 0},
        result_path=Path("$.shaped"),
        output_path=Path("$.shaped"),
        assign={"key": Path("$.key")},
        next="After",
    )
    assert state.to_asl() == {
        "Type": "Pass",
        "Comment": "why",
        "InputPath": "$.detail",
        "Parameters": {"id.$": "States.UUID()", "deep": {"key.$": "$.key"}, "n": 0},
        "ResultPath": "$.shaped",
        "OutputPath": "$.shaped",
        "Assign": {"key.$": "$.key"},
        "Next": "After",
    }
    assert state.problems() == []


def test_a_pass_in_jsonata_inside_a_jsonpath_machine_names_its_language():
    state = Pass("Shape", query_language=JSONATA, output=Jsonata("$states.input.a"))
    assert state.to_asl() == {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": "{% $states.input.a %}",
        "End": True,
    }
    assert state.problems() == []


def test_a_jsonata_machine_does_not_repeat_its_language_in_each_state():
    assert "QueryLanguage" not in Pass("Shape", query_language=JSONATA).to_asl(JSONATA)


def test_falsy_results_are_written():
    assert Pass("Zero", result=0).to_asl()["Result"] == 0
    assert Pass("Nothing", result=[]).to_asl()["Result"] == []


def test_a_discarded_result_is_null():
    rendered = Pass("Drop", result_path=DISCARD).to_asl()
    assert rendered["ResultPath"] is None, "ResultPath: null is not the same as no ResultPath"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (Wait("W", seconds=0), {"Type": "Wait", "Seconds": 0, "End": True}),
        (Wait("W", seconds=Path("$.s")), {"Type": "Wait", "SecondsPath": "$.s", "End": True}),
        (Wait("W", until=Path("$.t")), {"Type": "Wait", "TimestampPath": "$.t", "End": True}),
        (Succeed("S"), {"Type": "Succeed"}),
        (Fail("F", error="Bad", cause="Why"), {"Type": "Fail", "Error": "Bad", "Cause": "Why"}),
        (
            Fail("F", error=Path("$.e"), cause=Intrinsic("States.Format('{}', $.c)")),
            {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"},
        ),
    ],
)
def test_states_without_work(state: State, expected: dict):
    assert state.to_asl() == expected
    assert state.problems() == []


def test_a_choice_with_nested_rules():
    choice = Choice(
        "Found?",
        rules=(
            Rule(when=Test(Path("$.count"), "NumericGreaterThan", 0), next="Send"),
            Rule(
                when=AllOf(
                    (
                        Test(Path("$.kind"), "StringEquals", Path("$.wanted")),
                        Not(Test(Path("$.done"), "BooleanEquals", False)),
                    )
                ),
                next="Skip",
            ),
            Rule(when=AnyOf((Test(Path("$.x"), "IsPresent", False),)), next="Skip"),
        ),
        default="Skip",
    )
    assert choice.to_asl() == {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.count", "NumericGreaterThan": 0, "Next": "Send"},
            {
                "And": [
                    {"Variable": "$.kind", "StringEqualsPath": "$.wanted"},
                    {"Not": {"Variable": "$.done", "BooleanEquals": False}},
                ],
                "Next": "Skip",
            },
            {"Or": [{"Variable": "$.x", "IsPresent": False}], "Next": "Skip"},
        ],
        "Default": "Skip",
    }
    assert choice.problems() == []


def test_a_choice_in_jsonata():
    choice = Choice("Found?", rules=(Rule(when=Jsonata("$states.input.n > 0"), next="Send"),))
    assert choice.to_asl(JSONATA)["Choices"] == [{"Condition": "{% $states.input.n > 0 %}", "Next": "Send"}]
    assert choice.problems(JSONATA) == []


def test_a_parallel_with_retry_and_catch():
    state = Parallel(
        "Both",
        branches=(Flow((Pass("Left"),)), Flow((Pass("Right"),))),
        arguments={"a": Path("$.a")},
        result_selector={"left": Path("$[0]")},
        retry=(Retrier(errors=("States.Timeout",), max_attempts=0),),
        catch=(Catcher(errors=(ALL_ERRORS,), next="Clean", result_path=Path("$.error")),),
    )
    assert state.to_asl() == {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": True}}},
            {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "End": True}}},
        ],
        "Parameters": {"a.$": "$.a"},
        "ResultSelector": {"left.$": "$[0]"},
        "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Clean"}],
        "End": True,
    }
    assert state.problems() == []


def test_the_lambda_retry_set_is_the_documented_one():
    assert LAMBDA_RETRY.to_asl() == {
        "ErrorEquals": [
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.TooManyRequestsException",
        ],
        "IntervalSeconds": 2,
        "MaxAttempts": 6,
        "BackoffRate": 2,
    }


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (Pass(""), "name has 1 to 80 characters, got 0"),
        (Pass("x" * 81), "name has 1 to 80 characters, got 81"),
        (Pass("P", next="Q", end=True), "next ('Q') and end exclude each other"),
        (Pass("P", parameters={}, result={}), "parameters and result exclude each other"),
        (Pass("P", output=1), "output does not exist in JSONPath"),
        (Pass("P", parameters={"a": Jsonata("$a")}), "parameters.a: '$a' is JSONata"),
        (Wait("W"), "either seconds or until"),
        (Wait("W", seconds=1, until="2026-01-01T00:00:00Z"), "either seconds or until"),
        (Wait("W", seconds=-1), "seconds must be 0 to 99,999,999, got -1"),
        (Fail("F", cause=Jsonata("$x")), "cause: '$x' is JSONata"),
        (Choice("C", rules=()), "needs at least one rule"),
        (
            Choice("C", rules=(Rule(when=Test(Path("$.a"), "Equals", 1), next="X"),)),
            "'Equals' is no comparison",
        ),
        (
            Choice("C", rules=(Rule(when=Test(Path("$.a"), "IsPresent", "yes"), next="X"),)),
            "IsPresent takes True or False, got 'yes'",
        ),
        (
            Choice("C", rules=(Rule(when=Test(Path("$.a"), "StringMatches", Path("$.b")), next="X"),)),
            "StringMatches takes a literal",
        ),
        (Choice("C", rules=(Rule(when=AllOf(()), next="X"),)), "AllOf needs at least one test"),
        (Choice("C", rules=(Rule(when=Jsonata("true"), next="X"),)), "when: 'true' is JSONata"),
        (Parallel("P", branches=()), "needs at least one branch"),
        (
            Parallel("P", branches=(Flow((Pass("L"),)),), retry=(Retrier(errors=()),)),
            "retry[0]: name at least one error",
        ),
        (
            Parallel("P", branches=(Flow((Pass("L"),)),), retry=(Retrier(errors=("A", ALL_ERRORS)),)),
            "States.ALL stands alone, got A, States.ALL",
        ),
        (
            Parallel(
                "P",
                branches=(Flow((Pass("L"),)),),
                catch=(Catcher(errors=(ALL_ERRORS,), next="L2"), Catcher(errors=("A",), next="L2")),
            ),
            "catch[0]: States.ALL must be last",
        ),
        (
            Parallel("P", branches=(Flow((Pass("L"),)),), retry=(Retrier(errors=("A",), backoff_rate=0.5),)),
            "retry[0]: backoff_rate must be 1 or more, got 0.5",
        ),
    ],
)
def test_a_mistake_in_a_state_is_named(state: State, message: str):
    problems = state.problems()
    assert len(problems) == 1, problems
    assert message in problems[0]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (Pass("P", input_path=Path("$.a")), "input_path does not exist in JSONata"),
        (Pass("P", result=1), "result does not exist in JSONata"),
        (Pass("P", query_language=QueryLanguage.JSONPATH), "a machine in JSONata has no JSONPath states"),
        (
            Choice("C", rules=(Rule(when=Test(Path("$.a"), "IsNull", True), next="X"),)),
            "a JSONata rule takes a Jsonata expression",
        ),
        (
            Parallel(
                "P",
                branches=(Flow((Pass("L"),)),),
                catch=(Catcher(errors=("A",), next="X", result_path=DISCARD),),
            ),
            "result_path is JSONPath",
        ),
    ],
)
def test_jsonpath_in_a_jsonata_machine_is_refused(state: State, message: str):
    problems = state.problems(JSONATA)
    assert len(problems) == 1, problems
    assert message in problems[0]


@pytest.mark.parametrize(
    ("make", "text"), [(Path, "key"), (Intrinsic, "$.key"), (Intrinsic, "States.UUID"), (Jsonata, "{% $x %}")]
)
def test_a_reference_of_the_wrong_form_is_refused_at_once(make: type, text: str):
    with pytest.raises(ValueError, match="got '"):
        make(text)
