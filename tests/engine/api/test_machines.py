"""State machines: created once, changed by revisions, deleted when their executions have ended."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.engine.api.service import ASKS, PASS, Service
from tests.engine.memory import PLACE, ROLE, machine

ARN = PLACE.state_machine("m")
OTHER = machine(P={"Type": "Pass", "Result": 1, "End": True})
LOG_GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:/states/m:*"
KEY = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/mine"}


def text(definition: Any) -> str:
    return orjson.dumps(definition).decode()


def logging_to(*groups: str) -> dict[str, Any]:
    return {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}} for group in groups],
    }


@pytest.mark.aws("recorded")
def test_creating_the_same_machine_again_answers_with_the_first_one(service: Service) -> None:
    first = service.call("CreateStateMachine", name="m", definition=text(PASS), roleArn=ROLE)
    again = service.call("CreateStateMachine", name="m", definition=text(PASS), roleArn=f"{ROLE}2")
    assert again == first, "role and tags are not compared"
    assert service.call("DescribeStateMachine", stateMachineArn=ARN)["roleArn"] == ROLE, "the first role stays"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    "change",
    [
        {"definition": text(OTHER)},
        {"type": "EXPRESS"},
        {"tracingConfiguration": {"enabled": True}},
        {"encryptionConfiguration": KEY},
        {"loggingConfiguration": logging_to(LOG_GROUP)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_name_is_taken_for_a_different_machine(service: Service, change: dict[str, Any]) -> None:
    service.session.logs.groups.append("/states/m")
    service.create()
    request = {"name": "m", "definition": text(PASS), "roleArn": ROLE, **change}
    expected = ("StateMachineAlreadyExists", f"State Machine Already Exists: '{ARN}'")
    assert service.refusal("CreateStateMachine", **request) == expected


@pytest.mark.aws("recorded")
def test_publication_is_part_of_what_creation_is_compared_by(service: Service) -> None:
    request = {"name": "m", "definition": text(PASS), "roleArn": ROLE}
    published = {**request, "publish": True, "versionDescription": "first"}
    created = service.call("CreateStateMachine", **published)
    assert created["stateMachineVersionArn"] == f"{ARN}:1"
    assert service.call("CreateStateMachine", **published) == created
    start = "State Machine Already Exists: This state machine was already created with a published version"
    assert service.refusal("CreateStateMachine", **request) == ("StateMachineAlreadyExists", f"{start}.")
    different = {**published, "versionDescription": "second"}
    expected = ("StateMachineAlreadyExists", f"{start} using a different description.")
    assert service.refusal("CreateStateMachine", **different) == expected


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("operation", ["CreateStateMachine", "UpdateStateMachine"])
def test_a_version_description_needs_a_version(service: Service, operation: str) -> None:
    service.create()
    request = {"name": "n"} if operation == "CreateStateMachine" else {"stateMachineArn": ARN}
    refusal = service.refusal(operation, **request, definition=text(PASS), roleArn=ROLE, versionDescription="d")
    assert refusal == ("ValidationException", "Version description can only be set when publish is true")


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("name", ["a b", "a*", "a:b", "a,b", "a\tb", 'a"', "a#"])
def test_names_with_what_has_a_meaning_elsewhere_are_refused(service: Service, name: str) -> None:
    refusal = service.refusal("CreateStateMachine", name=name, definition=text(PASS), roleArn=ROLE)
    assert refusal == ("InvalidName", f"Invalid Name: '{name}'")


@pytest.mark.aws("documented")
def test_names_may_have_letters_of_any_script(service: Service) -> None:
    assert service.create("größe_é-1.日本") == PLACE.state_machine("größe_é-1.日本")


@pytest.mark.aws("recorded")
def test_a_text_that_is_no_role_is_refused(service: Service) -> None:
    refusal = service.refusal("CreateStateMachine", name="m", definition=text(PASS), roleArn="role")
    assert refusal == ("InvalidArn", "Invalid Role Arn: 'role'")


@pytest.mark.aws("recorded")
def test_logging_needs_one_log_group_that_exists(service: Service) -> None:
    def refused(configuration: dict[str, Any]) -> str:
        request = {"name": "m", "definition": text(PASS), "roleArn": ROLE, "loggingConfiguration": configuration}
        name, message = service.refusal("CreateStateMachine", **request)
        assert name == "InvalidLoggingConfiguration"
        return message.removeprefix("Invalid Logging Configuration: ")

    assert refused(logging_to()) == "Must specify exactly one Log Destination."
    assert refused(logging_to(LOG_GROUP)) == "Log Destination not found."
    service.session.logs.groups.append("/states/m2")
    assert refused(logging_to(LOG_GROUP)) == "Log Destination not found.", "the name must be whole"
    service.session.logs.groups.append("/states/m")
    service.create(loggingConfiguration=logging_to(LOG_GROUP))
    shown = service.call("DescribeStateMachine", stateMachineArn=ARN)["loggingConfiguration"]
    assert shown == logging_to(LOG_GROUP)


@pytest.mark.aws("documented")
def test_encryption_is_kept_as_data(service: Service) -> None:
    service.create(encryptionConfiguration=KEY)
    shown = service.call("DescribeStateMachine", stateMachineArn=ARN)["encryptionConfiguration"]
    assert shown == {**KEY, "kmsDataKeyReusePeriodSeconds": 300}, "300 seconds is AWS's default"


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    "configuration",
    [{"type": "CUSTOMER_MANAGED_KMS_KEY"}, {"type": "AWS_OWNED_KEY", "kmsKeyId": "alias/mine"}],
    ids=["no key", "a key of one's own"],
)
def test_a_key_is_named_exactly_where_the_customer_owns_it(service: Service, configuration: dict[str, Any]) -> None:
    request = {"name": "m", "definition": text(PASS), "roleArn": ROLE, "encryptionConfiguration": configuration}
    assert service.refusal("CreateStateMachine", **request)[0] == "InvalidEncryptionConfiguration"


@pytest.mark.aws("recorded")
def test_a_new_machine_is_described_with_aws_defaults(service: Service) -> None:
    service.create()
    shown = service.call("DescribeStateMachine", stateMachineArn=ARN)
    created = shown.pop("creationDate")
    assert isinstance(created, float)
    assert shown == {
        "stateMachineArn": ARN,
        "name": "m",
        "status": "ACTIVE",
        "type": "STANDARD",
        "definition": text(PASS),
        "roleArn": ROLE,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }, "the first revision has no revisionId"


@pytest.mark.aws("recorded")
def test_variables_are_listed_by_the_states_that_read_them(service: Service) -> None:
    definition = machine(
        A={"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "B"},
        B={"Type": "Pass", "Parameters": {"both.$": "States.Array($x, $y)"}, "End": True},
    )
    shown = service.call("DescribeStateMachine", stateMachineArn=service.create(definition=definition))
    assert {name: sorted(read) for name, read in shown["variableReferences"].items()} == {"B": ["x", "y"]}


@pytest.mark.aws("recorded")
def test_metadata_alone_hides_the_definition(service: Service) -> None:
    shown = service.call("DescribeStateMachine", stateMachineArn=service.create(), includedData="METADATA_ONLY")
    assert shown["definition"] == "{}"


@pytest.mark.aws("recorded")
def test_an_update_makes_a_revision_and_a_repeated_one_makes_none(service: Service) -> None:
    service.create()
    first = service.call("UpdateStateMachine", stateMachineArn=ARN, definition=text(OTHER))
    assert service.call("DescribeStateMachine", stateMachineArn=ARN)["revisionId"] == first["revisionId"]
    again = service.call("UpdateStateMachine", stateMachineArn=ARN, definition=text(OTHER))
    assert again == first, "nothing is different, so the revision and its date stay"
    role = service.call("UpdateStateMachine", stateMachineArn=ARN, roleArn=f"{ROLE}2")
    assert role["revisionId"] != first["revisionId"]
    shown = service.call("DescribeStateMachine", stateMachineArn=ARN)
    assert (shown["definition"], shown["roleArn"]) == (text(OTHER), f"{ROLE}2"), "what is not given stays"


@pytest.mark.aws("recorded")
def test_an_update_that_changes_nothing_of_a_new_machine_has_no_revision(service: Service) -> None:
    service.create()
    created = service.call("DescribeStateMachine", stateMachineArn=ARN)["creationDate"]
    assert service.call("UpdateStateMachine", stateMachineArn=ARN, definition=text(PASS)) == {"updateDate": created}


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("more", [{}, {"publish": True}, {"versionDescription": "d"}])
def test_an_update_of_nothing_is_refused(service: Service, more: dict[str, Any]) -> None:
    service.create()
    assert service.refusal("UpdateStateMachine", stateMachineArn=ARN, **more) == (
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
    )


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("operation", ["DescribeStateMachine", "UpdateStateMachine", "StartExecution"])
def test_what_is_no_arn_and_what_names_nothing_are_told_apart(service: Service, operation: str) -> None:
    more = {"roleArn": ROLE} if operation == "UpdateStateMachine" else {}
    invalid = service.refusal(operation, stateMachineArn="m", **more)
    assert invalid == ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: m'")
    wrong = service.refusal(operation, stateMachineArn=PLACE.activity("m"), **more)
    assert wrong == ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: activity'")
    missing = service.refusal(operation, stateMachineArn=ARN, **more)
    assert missing == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}'")


@pytest.mark.aws("recorded")
def test_an_idle_machine_is_deleted_at_once_with_its_executions(service: Service) -> None:
    service.create()
    execution = service.start(ARN)
    service.settle(execution)
    assert service.call("DeleteStateMachine", stateMachineArn=ARN) == {}
    assert service.refusal("DescribeStateMachine", stateMachineArn=ARN)[0] == "StateMachineDoesNotExist"
    assert service.refusal("DescribeExecution", executionArn=execution) == (
        "ExecutionDoesNotExist",
        f"Execution Does Not Exist: '{execution}'",
    )
    assert service.call("DeleteStateMachine", stateMachineArn=ARN) == {}, "deleting what is not there succeeds"


@pytest.mark.aws("recorded")
def test_a_machine_whose_executions_run_is_deleting_until_their_next_event(service: Service) -> None:
    service.create_asking()
    execution = service.start(ARN)
    token = service.take_task()
    service.call("DeleteStateMachine", stateMachineArn=ARN)
    assert service.call("DescribeStateMachine", stateMachineArn=ARN)["status"] == "DELETING"
    assert service.call("DescribeExecution", executionArn=execution)["status"] == "RUNNING"
    for operation, more in (("StartExecution", {}), ("UpdateStateMachine", {"roleArn": ROLE})):
        expected = ("StateMachineDeleting", f"State Machine is being deleted: '{ARN}'")
        assert service.refusal(operation, stateMachineArn=ARN, **more) == expected
    again = service.refusal("CreateStateMachine", name="m", definition=text(ASKS), roleArn=ROLE)
    assert again[0] == "StateMachineDeleting"
    record = service.engine.executions[execution]
    service.finish(token)
    assert (record.status, record.error) == ("FAILED", "States.Runtime")
    assert record.cause == "State machine m has been deleted"
    assert [event.type for event in record.history.events][-2:] == ["ActivityStarted", "ExecutionFailed"]
    assert service.refusal("DescribeStateMachine", stateMachineArn=ARN)[0] == "StateMachineDoesNotExist"
    service.create_asking()  # the name is free again


@pytest.mark.aws("documented")
def test_an_execution_of_a_deleted_machine_can_still_be_stopped(service: Service) -> None:
    service.create_asking()
    execution = service.start(ARN)
    service.take_task()
    service.call("DeleteStateMachine", stateMachineArn=ARN)
    record = service.engine.executions[execution]
    service.call("StopExecution", executionArn=execution, error="E", cause="C")
    assert (record.status, record.error, record.cause) == ("ABORTED", "E", "C")


@pytest.mark.aws("recorded")
def test_an_execution_keeps_the_revision_that_it_began_with(service: Service) -> None:
    service.create_asking()
    before = service.start(ARN, name="before")
    service.call("UpdateStateMachine", stateMachineArn=ARN, definition=text(OTHER))
    after = service.start(ARN, name="after")
    shown = [service.call("DescribeStateMachineForExecution", executionArn=arn) for arn in (before, after)]
    assert [row["definition"] for row in shown] == [text(ASKS), text(OTHER)]
    assert [("revisionId" in row, row["stateMachineArn"]) for row in shown] == [(False, ARN), (True, ARN)]
    assert service.settle(after)["output"] == "1"
    service.call("StopExecution", executionArn=before)


@pytest.mark.aws("recorded")
def test_machines_are_listed_by_name(service: Service) -> None:
    for name in ("c", "a", "b"):
        service.create(name)
    pages = service.all_pages("ListStateMachines", "stateMachines", 2)
    assert [[row["name"] for row in page] for page in pages] == [["a", "b"], ["c"]]
    assert set(pages[0][0]) == {"stateMachineArn", "name", "type", "creationDate"}
