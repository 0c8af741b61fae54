"""Machines: how states follow each other, the mistakes in that, and the permissions on the machine itself."""

from __future__ import annotations

import json

import pytest

from asl import (
    ALL_ERRORS,
    Catcher,
    Choice,
    DefinitionError,
    DistributedMap,
    ExecutionType,
    Fail,
    Flow,
    InlineMap,
    Jsonata,
    Parallel,
    Pass,
    Path,
    QueryLanguage,
    Rule,
    State,
    StateMachine,
    Statement,
    Succeed,
    Test,
    Wait,
    merged_with_input,
)

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:noaa-1a2b"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:noaa-1a2b"


def map_of(label: str, *states: State) -> DistributedMap:
    return DistributedMap(label, label=label, execution_type=ExecutionType.STANDARD, states=states or (Pass("One"),))


def test_states_follow_each_other_in_order_and_the_last_one_ends():
    machine = StateMachine(comment="why", timeout_seconds=60, states=(Pass("A"), Wait("B", seconds=1), Pass("C")))
    assert machine.to_asl() == {
        "Comment": "why",
        "TimeoutSeconds": 60,
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Wait", "Seconds": 1, "Next": "C"},
            "C": {"Type": "Pass", "End": True},
        },
    }
    assert json.loads(machine.definition()) == machine.to_asl()


def test_next_and_end_override_the_order():
    machine = StateMachine(
        states=(
            Choice("Big?", rules=(Rule(when=Test(Path("$.n"), "NumericGreaterThan", 9), next="Big"),), default="Small"),
            Pass("Small", end=True),
            Pass("Big", next="Done"),
            Fail("Never"),
            Succeed("Done"),
        )
    )
    states = machine.to_asl()["States"]
    assert states["Small"] == {"Type": "Pass", "End": True}
    assert states["Big"] == {"Type": "Pass", "Next": "Done"}
    assert machine.problems() == ["state 'Never': nothing leads to it"]


def test_a_jsonata_machine_says_so_once():
    machine = StateMachine(query_language=QueryLanguage.JSONATA, states=(Pass("A", output=Jsonata("1")),))
    assert machine.to_asl() == {
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Output": "{% 1 %}", "End": True}},
    }


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ((), "a flow needs at least one state"),
        ((Pass("A", next="Z"),), "state 'A': leads to 'Z', which is not in the same flow"),
        ((Pass("A", next="A"),), "no state ends the flow"),
        (
            (Pass("A", end=True), Pass("B")),
            "state 'B': nothing leads to it",
        ),
        (
            (Parallel("P", branches=(Flow((Pass("L"),)),), catch=(Catcher(errors=(ALL_ERRORS,), next="Z"),)),),
            "state 'P': leads to 'Z'",
        ),
        (
            (InlineMap("M", states=(Pass("L", next="After"),)), Pass("After")),
            "state 'M': state 'L': leads to 'After', which is not in the same flow",
        ),
        (
            (InlineMap("M", states=(Pass("Same"),)), Pass("Same")),
            "'Same' names more than one state",
        ),
        (
            (map_of("L1"), DistributedMap("M2", label="L1", execution_type=ExecutionType.EXPRESS, states=(Pass("X"),))),
            "'L1' labels more than one map",
        ),
    ],
)
def test_a_mistake_in_a_machine_is_named(states: tuple[State, ...], message: str):
    problems = StateMachine(states=states).problems()
    assert [problem for problem in problems if message in problem], problems
    with pytest.raises(DefinitionError, match="mistakes"):
        StateMachine(states=states).definition()


def test_a_path_through_a_catch_or_a_default_reaches_a_state():
    machine = StateMachine(
        states=(
            Parallel(
                "Try",
                branches=(Flow((Pass("L"),)),),
                end=True,
                catch=(Catcher(errors=(ALL_ERRORS,), next="Broken"),),
            ),
            Fail("Broken"),
        )
    )
    assert machine.problems() == []


def test_all_mistakes_are_named_at_once():
    with pytest.raises(DefinitionError) as raised:
        StateMachine(timeout_seconds=0, states=(Wait("W"), Pass("P", next="Z"), Pass("Q"))).definition()
    message = str(raised.value)
    for expected in ("timeout_seconds", "either seconds or until", "'Z'", "nothing leads to it"):
        assert expected in message


def test_a_definition_over_the_quota_is_refused():
    machine = StateMachine(states=(Pass("Big", result="x" * 1_048_576),))
    assert machine.problems() == ["the definition is over 1,048,576 bytes"]


def test_a_machine_may_start_describe_stop_and_redrive_its_own_children():
    machine = StateMachine(states=(map_of("Outer", map_of("Inner")),))
    assert machine.labels() == ("Outer", "Inner"), "nested maps start children too"
    assert machine.self_statements(ARN) == [
        Statement(actions=("states:StartExecution",), resources=(ARN,)),
        Statement(
            actions=("states:DescribeExecution", "states:StopExecution"),
            resources=(f"{EXECUTION}:*", f"{EXECUTION}/Outer:*", f"{EXECUTION}/Inner:*"),
        ),
        Statement(
            actions=("states:RedriveExecution",),
            resources=(f"{EXECUTION}/Outer:*", f"{EXECUTION}/Inner:*"),
        ),
    ]


def test_a_machine_without_map_runs_has_no_permission_on_itself():
    assert StateMachine(states=(Pass("A"),)).self_statements(ARN) == []


def test_defaults_are_merged_under_the_input_and_survive_quoting():
    defaults = {"batch_size": 0, "note": "it's a \\ and {braces}"}
    text = merged_with_input(defaults).text
    assert text.startswith("States.JsonMerge(States.StringToJson('")
    assert text.endswith("'), $, false)"), "the input is merged over the defaults"
    quoted = text.removeprefix("States.JsonMerge(States.StringToJson('").removesuffix("'), $, false)")
    unquoted = quoted.replace("\\'", "'").replace("\\\\", "\\")
    assert json.loads(unquoted) == defaults
