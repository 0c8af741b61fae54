"""Histories, data flow, Retry and Catch of single states, as AWS recorded them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.memory import Ran, machine, run

pytestmark = pytest.mark.aws("recorded")

PLACED = "An error occurred while executing the state '{name}' (entered at the event id #{event}). "


@pytest.fixture
def go(tmp_path: Path) -> Any:
    def start(definition: dict[str, Any], given: Any = None, **more: Any) -> Ran:
        return run(definition, given, data_dir=tmp_path, **more)

    return start


def test_the_first_state_follows_no_event_and_inputs_are_shown_as_text(go: Any) -> None:
    ran = go(machine(P={"Type": "Pass", "Result": {"a": 1}, "ResultPath": "$.r", "End": True}), {"in": True})
    assert ran.types == [
        (0, "ExecutionStarted"),
        (0, "PassStateEntered"),
        (2, "PassStateExited"),
        (3, "ExecutionSucceeded"),
    ]
    assert ran.output == {"in": True, "r": {"a": 1}}
    entered = ran.events[1]["stateEnteredEventDetails"]
    assert entered == {"name": "P", "input": '{"in":true}', "inputDetails": {"truncated": False}}


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({"InputPath": "$.a"}, {"b": 1}),
        ({"InputPath": None}, {}),
        ({"OutputPath": None}, {}),
        ({"ResultPath": None, "Result": 5}, {"a": {"b": 1}}),
        ({"Parameters": {"x.$": "$.a.b", "y": "z"}, "OutputPath": "$.x"}, 1),
        ({"InputPath": "$.a", "Parameters": {"v.$": "$.b"}, "ResultPath": "$.new"}, {"a": {"b": 1}, "new": {"v": 1}}),
    ],
)
def test_paths_apply_in_order_and_result_path_to_the_raw_input(go: Any, fields: dict[str, Any], output: Any) -> None:
    assert go(machine(P={"Type": "Pass", "End": True, **fields}), {"a": {"b": 1}}).output == output


def test_a_fail_state_ends_without_an_exit_event(go: Any) -> None:
    ran = go(machine(F={"Type": "Fail", "Error": "Broken", "Cause": "why"}))
    assert ran.types[-2:] == [(0, "FailStateEntered"), (2, "ExecutionFailed")]
    assert ran.events[-1]["executionFailedEventDetails"] == {"error": "Broken", "cause": "why"}


def test_a_fail_state_without_texts_leaves_empty_details(go: Any) -> None:
    ran = go(machine(F={"Type": "Fail"}))
    assert ran.events[-1]["executionFailedEventDetails"] == {}


def test_parallel_gathers_outputs_in_the_order_of_branches(go: Any) -> None:
    branches = [machine(**{f"B{n}": {"Type": "Pass", "Result": n, "End": True}}) for n in range(3)]
    ran = go(machine(All={"Type": "Parallel", "Branches": branches, "End": True}))
    assert ran.output == [0, 1, 2]
    previous, kind = ran.types[-2]
    assert kind == "ParallelStateExited"
    assert ran.types[previous - 1][1] == "PassStateExited", "the exit follows a branch's last event"


def test_a_failing_branch_fails_the_state_and_can_be_caught(go: Any) -> None:
    branches = [machine(Bad={"Type": "Fail", "Error": "E", "Cause": "C"})]
    caught = {"ErrorEquals": ["E"], "Next": "Done"}
    ran = go(
        machine(
            All={"Type": "Parallel", "Branches": branches, "Catch": [caught], "End": True},
            Done={"Type": "Pass", "End": True},
        )
    )
    assert ran.types[3:6] == [(3, "FailStateEntered"), (4, "ParallelStateFailed"), (5, "ParallelStateExited")]
    assert ran.output == {"Error": "E", "Cause": "C"}


def test_an_inline_map_links_each_iteration_to_the_one_before_when_they_run_in_turn(go: Any) -> None:
    processor = machine(P={"Type": "Pass", "End": True})
    ran = go(machine(M={"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}), [7, 8])
    assert ran.types[2:] == [
        (2, "MapStateStarted"),
        (3, "MapIterationStarted"),
        (4, "PassStateEntered"),
        (5, "PassStateExited"),
        (6, "MapIterationSucceeded"),
        (6, "MapIterationStarted"),
        (8, "PassStateEntered"),
        (9, "PassStateExited"),
        (10, "MapIterationSucceeded"),
        (11, "MapStateSucceeded"),
        (11, "MapStateExited"),
        (13, "ExecutionSucceeded"),
    ]
    assert ran.output == [7, 8]


def test_item_selector_sees_the_maps_input_and_the_item(go: Any) -> None:
    selector = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "tag.$": "$.tag"}
    processor = machine(P={"Type": "Pass", "End": True})
    state = {"Type": "Map", "ItemsPath": "$.list", "ItemSelector": selector, "ItemProcessor": processor, "End": True}
    ran = go(machine(M=state), {"list": ["a", "b"], "tag": "t"})
    assert ran.output == [{"i": 0, "v": "a", "tag": "t"}, {"i": 1, "v": "b", "tag": "t"}]


def test_a_retried_map_starts_again_without_a_failed_event(go: Any) -> None:
    processor = machine(Bad={"Type": "Fail", "Error": "E"})
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    ran = go(machine(M={"Type": "Map", "ItemProcessor": processor, "Retry": retry, "End": True}), [1])
    kinds = [kind for _previous, kind in ran.types]
    assert kinds.count("MapStateStarted") == 2, "one for each attempt"
    assert kinds.count("MapStateFailed") == 1, "only when no attempt is left"
    assert ran.types[5] == (5, "MapIterationFailed")
    assert ran.types[6] == (5, "MapStateStarted"), "the new attempt follows the last event of the iteration"


@pytest.mark.parametrize(
    ("state", "given", "cause"),
    [
        (
            {"Type": "Wait", "SecondsPath": "$.s", "End": True},
            {"s": -1},
            "The SecondsPath parameter references a negative value: $.s == -1",
        ),
        (
            {"Type": "Wait", "SecondsPath": "$.s", "End": True},
            {"s": 1.5},
            "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5",
        ),
        (
            {"Type": "Wait", "TimestampPath": "$.t", "End": True},
            {"t": "2026-11-23T06:38:41"},
            (
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
                "string: $.t == 2026-11-23T06:38:41"
            ),
        ),
    ],
)
def test_a_wait_refuses_what_is_no_time(go: Any, state: dict[str, Any], given: Any, cause: str) -> None:
    ran = go(machine(W=state), given)
    details = ran.events[-1]["executionFailedEventDetails"]
    assert details == {"error": "States.Runtime", "cause": PLACED.format(name="W", event=2) + cause}


def test_a_runtime_failure_is_not_caught_by_states_all(go: Any) -> None:
    branches = [machine(W={"Type": "Wait", "SecondsPath": "$.none", "End": True})]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    ran = go(
        machine(
            All={"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True},
            Done={"Type": "Pass", "End": True},
        )
    )
    assert ran.execution.status == "FAILED"
    assert ran.execution.error == "States.Runtime"


def test_an_output_over_the_quota_fails_with_data_limit_exceeded(go: Any) -> None:
    big = "x" * 200_000
    ran = go(machine(P={"Type": "Pass", "Parameters": {"a.$": "$.big", "b.$": "$.big"}, "End": True}), {"big": big})
    assert ran.execution.error == "States.DataLimitExceeded"
    assert "The state/task 'P' returned a result with a size exceeding" in (ran.execution.cause or "")


def test_a_choice_takes_the_first_rule_that_matches_and_else_the_default(go: Any) -> None:
    rules = [
        {"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Large"},
        {"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Medium"},
    ]
    ends = {name: {"Type": "Pass", "Result": name, "End": True} for name in ("Large", "Medium", "Small")}
    definition = machine(C={"Type": "Choice", "Choices": rules, "Default": "Small"}, **ends)
    assert [go(definition, {"n": n}).output for n in (11, 10, 5)] == ["Large", "Medium", "Small"]


def test_variables_are_assigned_for_later_states_and_shown_in_the_exit_event(go: Any) -> None:
    ran = go(
        machine(
            A={"Type": "Pass", "Assign": {"x.$": "$.n", "y": 2}, "Next": "B"},
            B={"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($x, $y)"}, "End": True},
        ),
        {"n": 40},
    )
    assert ran.output == {"sum": 42}
    assert ran.events[2]["stateExitedEventDetails"]["assignedVariables"] == {"x": "40", "y": "2"}


def test_a_failing_jsonata_expression_leaves_an_evaluation_failed_event(go: Any) -> None:
    state = {"Type": "Map", "Items": "{% 1 %}", "ItemProcessor": machine(P={"Type": "Pass", "End": True}), "End": True}
    ran = go({"QueryLanguage": "JSONata", **machine(M=state)})
    cause = (
        PLACED.format(name="M", event=2) + "The JSONata expression '1' specified for the field 'Items' returned an "
        "unexpected result type. Expected 'array', but was 'number' for value: 1"
    )
    assert ran.types[2:] == [(0, "EvaluationFailed"), (3, "MapStateFailed"), (4, "ExecutionFailed")]
    assert ran.events[2]["evaluationFailedEventDetails"] == {
        "state": "M",
        "location": "Items",
        "error": "States.QueryEvaluationError",
        "cause": cause,
    }


def test_a_machines_timeout_ends_the_execution_as_timed_out(go: Any) -> None:
    ran = go({**machine(W={"Type": "Wait", "Seconds": 30, "End": True}), "TimeoutSeconds": 1})
    assert ran.execution.status == "TIMED_OUT"
    assert ran.events[-1]["type"] == "ExecutionTimedOut"
    assert "error" not in ran.execution.describe(), "AWS gives a timed out execution neither error nor cause"


def test_stopping_an_execution_aborts_it_with_the_given_texts(go: Any) -> None:
    async def stop(_engine: Any, execution: Any) -> None:
        import asyncio

        await asyncio.sleep(0.05)
        execution.stop("Mine", "enough")

    ran = go(machine(W={"Type": "Wait", "Seconds": 30, "End": True}), during=stop)
    assert ran.execution.status == "ABORTED"
    assert ran.events[-1]["executionAbortedEventDetails"] == {"error": "Mine", "cause": "enough"}


def test_the_context_object_holds_execution_machine_and_state(go: Any) -> None:
    ran = go(machine(P={"Type": "Pass", "Parameters": {"c.$": "$$"}, "End": True}), {"k": 1})
    context = ran.output["c"]
    assert context["Execution"]["Input"] == {"k": 1}
    assert context["Execution"]["Id"].endswith(":execution:machine:run")
    assert context["StateMachine"]["Name"] == "machine"
    assert context["State"]["Name"] == "P"
    assert json.loads(json.dumps(context)) == context, "the context object is plain JSON"
