"""What every operation shares: requests checked by the model, pages, tags, activities, and what there is not."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
import pytest

from local.stepfunctions.api import dispatch
from local.stepfunctions.api.model import service_model
from tests.engine.api.service import PASS, WORK, Refused, Service
from tests.engine.memory import PLACE, ROLE

ARN = PLACE.state_machine("m")
DETECTED = "1 validation error detected: "
LONG = "Member must have length less than or equal to 2"


# --- operations --------------------------------------------------------------------------------------


@pytest.mark.aws("documented")
def test_every_operation_of_the_service_is_there_but_one() -> None:
    missing = set(service_model().operation_names) - set(dispatch.OPERATIONS)
    assert missing == {"TestState"}
    assert set(dispatch.OPERATIONS) <= set(service_model().operation_names)


@pytest.mark.aws("documented")
def test_what_is_not_supported_says_so(service: Service) -> None:
    definition = orjson.dumps(PASS["States"]["P"]).decode()
    with pytest.raises(Refused, match="TestState is not supported by this engine") as refused:
        service.call("TestState", definition=definition)
    assert (refused.value.status, refused.value.name) == (501, "UnsupportedOperationException")
    with pytest.raises(Refused, match="There is no operation") as refused:
        service.call("Nothing")
    assert refused.value.name == "UnknownOperationException"


@pytest.mark.aws("documented")
def test_http_endpoints_are_refused_in_clear_words(service: Service) -> None:
    definition = {
        "StartAt": "H",
        "States": {"H": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": True}},
    }
    shown = service.call("ValidateStateMachineDefinition", definition=orjson.dumps(definition).decode())
    assert [(row["message"], row["location"]) for row in shown["diagnostics"]] == [
        ("HTTP endpoints (http:invoke) are not supported by this engine", "/States/H/Resource")
    ]


@pytest.mark.aws("documented")
@pytest.mark.parametrize("body", [b"{", b"[]", b'{"name": 5}'], ids=["cut", "array", "number"])
def test_a_body_that_is_no_request_is_refused(service: Service, body: bytes) -> None:
    status, text = asyncio.run(dispatch.answer(service.engine, "AWSStepFunctions.CreateActivity", body))
    assert (status, orjson.loads(text)["__type"]) == (400, "SerializationException")


@pytest.mark.aws("documented")
def test_a_fault_of_the_engine_is_an_internal_failure(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_engine: Any, _request: Any) -> dict[str, Any]:
        raise LookupError("broken")

    monkeypatch.setitem(dispatch.OPERATIONS, "ListActivities", broken)
    with pytest.raises(Refused, match="broken") as refused:
        service.call("ListActivities")
    assert (refused.value.status, refused.value.name) == (500, "InternalFailure")


# --- the model ---------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("operation", "request_", "value", "must"),
    [
        ("StopExecution", {}, "null at 'executionArn'", "not be null"),
        (
            "ListStateMachines",
            {"maxResults": 1001},
            "'1001' at 'maxResults'",
            "have value less than or equal to 1000",
        ),
        ("CreateActivity", {"name": ""}, "'' at 'name'", "have length greater than or equal to 1"),
        (
            "ListExecutions",
            {"stateMachineArn": ARN, "statusFilter": "succeeded"},
            "'succeeded' at 'statusFilter'",
            "satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
        ),
    ],
    ids=["null", "range", "length", "enum"],
)
def test_a_request_is_checked_by_the_model(
    service: Service, operation: str, request_: dict[str, Any], value: str, must: str
) -> None:
    message = f"{DETECTED}Value {value} failed to satisfy constraint: Member must {must}"
    assert service.refusal(operation, **request_) == ("ValidationException", message)


@pytest.mark.aws("recorded")
def test_every_violation_is_named(service: Service) -> None:
    _name, message = service.refusal("CreateStateMachine", name="x" * 81, roleArn="")
    shown = message.split(": ", 1)
    assert shown[0] == "3 validation errors detected"
    assert [part.split(" failed", 1)[0].rsplit(" ", 1)[1] for part in shown[1].split("; ")] == [
        "'definition'",
        "'name'",
        "'roleArn'",
    ]


@pytest.mark.aws("documented")
def test_secrets_are_not_quoted(service: Service) -> None:
    service.create()
    _name, message = service.refusal("StartExecution", stateMachineArn=ARN, input="s" * (256 * 1024 + 1))
    assert message == (
        f"{DETECTED}Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144"
    )


@pytest.mark.aws("recorded")
def test_lists_are_quoted_with_their_members(service: Service) -> None:
    routes = [{"stateMachineVersionArn": f"{ARN}:{number}", "weight": 30} for number in range(3)]
    _name, message = service.refusal("CreateStateMachineAlias", name="a", routingConfiguration=routes)
    item = f"RoutingConfigurationListItem(stateMachineVersionArn={ARN}:0, weight=30)"
    assert message.startswith(f"{DETECTED}Value '[{item}, ")
    assert message.endswith("]' at 'routingConfiguration' failed to satisfy constraint: " + LONG)


# --- pages -------------------------------------------------------------------------------------------


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


@pytest.mark.aws("documented")
def test_a_page_goes_on_behind_the_last_row_whatever_comes_and_goes(service: Service) -> None:
    for name in ("b", "c", "d"):
        service.create(name)
    first = service.call("ListStateMachines", maxResults=2)
    service.create("a")
    service.call("DeleteStateMachine", stateMachineArn=PLACE.state_machine("c"))
    rest = service.call("ListStateMachines", nextToken=first["nextToken"])
    assert names(rest["stateMachines"]) == ["d"], "no row twice, none left out"
    assert "nextToken" not in rest


@pytest.mark.aws("documented")
def test_no_number_of_results_means_a_hundred(service: Service) -> None:
    for number in range(101):
        service.call("CreateActivity", name=f"a{number}")
    for request in ({}, {"maxResults": 0}):
        shown = service.call("ListActivities", **request)
        assert len(shown["activities"]) == 100
        rest = service.call("ListActivities", nextToken=shown["nextToken"])
        assert names(rest["activities"]) == ["a100"]


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("token", ["x", "YWJj", "é"])
def test_what_is_no_token_is_refused(service: Service, token: str) -> None:
    refusal = service.refusal("ListStateMachines", nextToken=token)
    assert refusal == ("InvalidToken", "Invalid Token: 'Invalid token'")


@pytest.mark.aws("recorded")
def test_a_token_is_good_for_its_own_listing_alone(service: Service) -> None:
    for name in ("a", "b"):
        service.create(name, publish=True)
        service.call("CreateActivity", name=name)
    token = service.call("ListStateMachines", maxResults=1)["nextToken"]
    assert service.refusal("ListActivities", nextToken=token)[0] == "InvalidToken"
    request = {"stateMachineArn": PLACE.state_machine("a")}
    service.call("UpdateStateMachine", **request, roleArn=f"{ROLE}2", publish=True)
    token = service.call("ListStateMachineVersions", maxResults=1, **request)["nextToken"]
    other = service.refusal("ListStateMachineVersions", stateMachineArn=PLACE.state_machine("b"), nextToken=token)
    assert other[0] == "InvalidToken", "other arguments"
    assert len(service.call("ListStateMachineVersions", nextToken=token, **request)["stateMachineVersions"]) == 1


@pytest.mark.aws("documented")
def test_a_token_is_good_for_a_day(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        service.create(name)
    token = service.call("ListStateMachines", maxResults=1)["nextToken"]
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 24 * 3600 - 60)
    assert names(service.call("ListStateMachines", nextToken=token)["stateMachines"]) == ["b"]
    monkeypatch.setattr(time, "time", lambda: real() + 24 * 3600 + 60)
    assert service.refusal("ListStateMachines", nextToken=token)[0] == "InvalidToken"


# --- tags --------------------------------------------------------------------------------------------


def tag(*names: str, value: str = "v") -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name in names]


@pytest.mark.aws("recorded")
def test_tags_are_added_replaced_and_removed(service: Service) -> None:
    arn = service.create(tags=tag("a", "b"))
    service.call("TagResource", resourceArn=arn, tags=tag("b", "c", value="new"))
    service.call("UntagResource", resourceArn=arn, tagKeys=["a", "unknown"])
    assert service.call("ListTagsForResource", resourceArn=arn)["tags"] == tag("b", "c", value="new")


@pytest.mark.aws("documented")
def test_a_resource_has_at_most_fifty_tags(service: Service) -> None:
    arn = service.create(tags=tag(*(f"t{number}" for number in range(49))))
    assert service.refusal("TagResource", resourceArn=arn, tags=tag("x", "y"))[0] == "TooManyTags"
    assert len(service.call("ListTagsForResource", resourceArn=arn)["tags"]) == 49, "all or none"
    service.call("TagResource", resourceArn=arn, tags=tag("t0", "x"))
    too_many = {"name": "n", "tags": tag(*(f"t{number}" for number in range(51)))}
    assert service.refusal("CreateActivity", **too_many)[0] == "TooManyTags"


@pytest.mark.aws("recorded")
def test_tags_of_aws_itself_are_not_touched(service: Service) -> None:
    arn = service.create()
    expected = ("AccessDeniedException", "Caller is an end user and not allowed to mutate system tags")
    assert service.refusal("TagResource", resourceArn=arn, tags=tag("aws:x")) == expected
    assert service.refusal("UntagResource", resourceArn=arn, tagKeys=["aws:x"]) == expected


@pytest.mark.aws("recorded")
def test_versions_have_no_tags_and_what_is_not_there_cannot_be_tagged(service: Service) -> None:
    arn = service.create(publish=True, tags=tag("a"))
    assert service.call("ListTagsForResource", resourceArn=f"{arn}:1") == {"tags": []}
    for missing in (f"{arn}:1", PLACE.state_machine("n"), PLACE.activity("n")):
        refusal = service.refusal("TagResource", resourceArn=missing, tags=tag("a"))
        assert refusal == ("ResourceNotFound", f"Resource not found: '{missing}'")


# --- activities --------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_an_activity_is_created_once(service: Service) -> None:
    created = service.call("CreateActivity", name="work", tags=tag("a"))
    assert service.call("CreateActivity", name="work", tags=tag("b")) == created
    assert service.call("ListTagsForResource", resourceArn=WORK)["tags"] == tag("a")
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/mine"}
    refusal = service.refusal("CreateActivity", name="work", encryptionConfiguration=key)
    assert refusal == ("ActivityAlreadyExists", f"Activity Already Exists: '{WORK}'")


@pytest.mark.aws("recorded")
def test_what_is_no_activity_is_refused(service: Service) -> None:
    refusal = service.refusal("DescribeActivity", activityArn=WORK)
    assert refusal == ("ActivityDoesNotExist", f"Activity Does Not Exist: '{WORK}'")
    refusal = service.refusal("DescribeActivity", activityArn=ARN)
    assert refusal == ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: stateMachine'")
    assert service.call("DeleteActivity", activityArn=WORK) == {}


@pytest.mark.aws("recorded")
def test_an_answer_to_a_task_must_be_json_and_its_token_real(service: Service) -> None:
    service.create_asking()
    execution = service.start(ARN)
    token = service.take_task()
    refused, message = service.refusal("SendTaskSuccess", taskToken=token, output="{")
    assert refused == "InvalidOutput"
    assert "Unexpected end-of-input" in message
    refusal = service.refusal("SendTaskSuccess", taskToken="x", output="{}")
    assert refusal == ("InvalidToken", "Invalid Token: 'Invalid token'")
    service.finish(token)
    assert service.settle(execution)["status"] == "SUCCEEDED"
    late = service.refusal("SendTaskSuccess", taskToken=token, output="{}")
    assert late == ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
