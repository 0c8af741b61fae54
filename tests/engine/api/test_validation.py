"""ValidateStateMachineDefinition, and creation that refuses what it finds."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.engine.api.service import PASS, Service
from tests.engine.memory import ROLE, machine

END: dict[str, Any] = {"Type": "Pass", "End": True}


def diagnostics(service: Service, definition: Any, **more: Any) -> list[tuple[str, str, str | None]]:
    """(code, message, location) of each diagnostic."""
    text = definition if isinstance(definition, str) else orjson.dumps(definition).decode()
    shown = service.call("ValidateStateMachineDefinition", definition=text, **more)
    return [(row["code"], row["message"], row.get("location")) for row in shown["diagnostics"]]


@pytest.mark.aws("recorded")
def test_a_valid_definition_has_no_diagnostics(service: Service) -> None:
    text = orjson.dumps(PASS).decode()
    shown = service.call("ValidateStateMachineDefinition", definition=text)
    assert shown == {"result": "OK", "diagnostics": [], "truncated": False}
    assert not service.engine.machines, "nothing is created"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("definition", "message", "location"),
    [
        ({"States": PASS["States"]}, "These fields are required: [StartAt]", "/"),
        (machine(A={}), "These fields are required: [Type]", "/States/A"),
        (machine(A={"Type": "Task", "End": True}), "These fields are required: [Resource]", "/States/A"),
        (machine(A={**END, "Comment": 1}), "Expected value of type [STRING]", "/States/A/Comment"),
        (machine(A={**END, "Bogus": 1}), "Field 'Bogus' is not supported", "/States/A"),
        (
            {**PASS, "QueryLanguage": "XPath"},
            "Value should be one of the following: [JSONPath, JSONata]",
            "/QueryLanguage",
        ),
        (
            machine(A={**END, "QueryLanguage": "JSONata", "ResultPath": "$.a"}),
            (
                "The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported "
                "for the 'JSONPath' QueryLanguage"
            ),
            "/States/A",
        ),
    ],
    ids=["no start", "no type", "no resource", "type", "unknown", "word", "language"],
)
def test_a_mistake_is_told_with_its_place(service: Service, definition: Any, message: str, location: str) -> None:
    found = diagnostics(service, definition)
    assert ("SCHEMA_VALIDATION_FAILED", message, location) in found, found


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("state", "start"),
    [
        ({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": True}, "There should only be one of"),
        ({"Type": "Wait", "End": True}, "This object should have only one of"),
    ],
    ids=["both", "none"],
)
def test_one_of_several_fields_is_wanted(service: Service, state: dict[str, Any], start: str) -> None:
    ((code, message, location),) = diagnostics(service, machine(A=state))
    assert (code, location) == ("SCHEMA_VALIDATION_FAILED", "/States/A")
    assert message.startswith(f"{start} the following fields: [")
    assert set(message.partition("[")[2].rstrip("]").split(", ")) == {
        "Seconds",
        "SecondsPath",
        "Timestamp",
        "TimestampPath",
    }, "in no order that is known"


@pytest.mark.aws("recorded")
def test_transitions_are_checked(service: Service) -> None:
    definition = machine(A={"Type": "Pass", "Next": "X"}, B=END)
    assert diagnostics(service, definition) == [
        ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: X", "/States/A/Next"),
        ("MISSING_TRANSITION_TARGET", 'State "B" is not reachable.', "/States/B"),
    ]
    endless = machine(A={"Type": "Pass", "Next": "A"})
    assert diagnostics(service, endless) == [("MISSING_END_STATE", "Workflow has no terminal state", None)]


@pytest.mark.aws("recorded")
def test_a_text_that_is_not_json_is_one_mistake(service: Service) -> None:
    ((code, message, location),) = diagnostics(service, '{\n "StartAt"')
    assert code == "INVALID_JSON_DESCRIPTION"
    assert location == '[Source: (String)"{\n "StartAt""; line: 2, column: 11]'
    assert message == f"Unexpected end-of-input within/between Object entries\n at {location}"


@pytest.mark.aws("recorded")
def test_creation_lists_every_mistake(service: Service) -> None:
    definition = orjson.dumps(machine(A={"Type": "Pass", "Next": "B", "Bogus": 1}, B={"Type": "Task", "End": True}))
    refusal = service.refusal("CreateStateMachine", name="m", definition=definition.decode(), roleArn=ROLE)
    assert refusal[0] == "InvalidDefinition"
    unknown = "SCHEMA_VALIDATION_FAILED: Field 'Bogus' is not supported at /States/A"
    missing = "SCHEMA_VALIDATION_FAILED: These fields are required: [Resource] at /States/B"
    assert refusal[1] == f"Invalid State Machine Definition: '{unknown}, {missing}'"
    assert not service.engine.machines


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("definition", "code", "location"),
    [
        (machine(A={**END, "Parameters": {"x": "$.y"}}), "NO_DOLLAR", "/States/A/Parameters"),
        (machine(A={**END, "Parameters": {"x": [{"y": "States.UUID()"}]}}), "NO_DOLLAR", "/States/A/Parameters/x[0]"),
        (machine(A={"Type": "Fail", "Error": "$.e"}), "NO_PATH", "/States/A"),
        (machine(A={**END, "Result": {"x": "$.y"}}), "PASS_RESULT_IS_STATIC", "/States/A/Result/x"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_paths_that_are_not_evaluated_are_warned_of(
    service: Service, definition: Any, code: str, location: str
) -> None:
    text = orjson.dumps(definition).decode()
    shown = service.call("ValidateStateMachineDefinition", definition=text, severity="WARNING")
    ((warning),) = shown["diagnostics"]
    assert (warning["severity"], warning["code"], warning["location"]) == ("WARNING", code, location)
    assert shown["result"] == "OK", "a warning is no failure"
    shown = service.call("ValidateStateMachineDefinition", definition=text)
    assert shown["diagnostics"] == [], "only errors unless warnings are asked for"


@pytest.mark.aws("documented")
@pytest.mark.parametrize("value", ["$5", "$", "$$", "cost: $.x", "States.UUID"])
def test_a_dollar_alone_is_not_always_a_path(service: Service, value: str) -> None:
    found = diagnostics(service, machine(A={**END, "Parameters": {"x": value}}), severity="WARNING")
    assert bool(found) == (value in ("$", "$$"))


@pytest.mark.aws("documented")
def test_results_are_cut_at_the_number_asked_for(service: Service) -> None:
    definition = machine(**{f"S{number}": {"Type": "Pass", "End": True, "Bogus": 1} for number in range(60)})
    text = orjson.dumps(definition).decode()

    def shown(**more: Any) -> tuple[int, bool]:
        answer = service.call("ValidateStateMachineDefinition", definition=text, **more)
        assert answer["result"] == "FAIL"
        return len(answer["diagnostics"]), answer["truncated"]

    assert shown(maxResults=1) == (1, True)
    assert shown(maxResults=0) == shown() == (100, True), "60 unknown fields and 59 states out of reach"


@pytest.mark.aws("recorded")
def test_what_express_machines_lack_is_found_for_them_alone(service: Service) -> None:
    sync = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": True}
    definition = machine(A={**sync, "Parameters": {"StateMachineArn": "a"}})
    assert diagnostics(service, definition) == []
    assert len(diagnostics(service, definition, type="EXPRESS")) == 1


@pytest.mark.aws("documented")
def test_a_definition_that_is_nested_too_deeply_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    ((code, message, _location),) = diagnostics(service, "[" * 1100 + "]" * 1100)
    assert code == "INVALID_JSON_DESCRIPTION"
    assert "depth limit" in message

    def too_deep(*_given: Any) -> None:
        raise RecursionError

    monkeypatch.setattr("local.stepfunctions.definition.parse._parse", too_deep)
    assert diagnostics(service, PASS) == [("TOO_DEEPLY_NESTED", "The states are too deeply nested", None)]
    definition = orjson.dumps(PASS).decode()
    refused = service.refusal("CreateStateMachine", name="m", definition=definition, roleArn=ROLE)
    assert refused[0] == "InvalidDefinition"
