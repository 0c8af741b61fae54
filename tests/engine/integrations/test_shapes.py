"""JSON of a state machine to a model's shapes, and back."""

from __future__ import annotations

import datetime as dt

import pytest

from local.stepfunctions.integrations.services import load_service
from local.stepfunctions.integrations.shapes import epoch_milliseconds, from_model, iso_time, to_model

ECS = load_service("ecs")
NOON = dt.datetime(2026, 11, 23, 12, 0, 0, tzinfo=dt.UTC)


def sent(service, operation, value):
    problems: list[str] = []
    shape = load_service(service).operation(operation).input_shape
    assert shape is not None
    return to_model(value, shape, problems), problems


@pytest.mark.aws("documented")
def test_pascal_case_fields_find_the_members_of_the_model():
    given = {
        "Cluster": "c",
        "TaskDefinition": "t",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["s"], "AssignPublicIp": "DISABLED"}},
        "Overrides": {"ContainerOverrides": [{"Name": "n", "Environment": [{"Name": "A", "Value": "b"}]}]},
    }
    assert sent("ecs", "RunTask", given) == (
        {
            "cluster": "c",
            "taskDefinition": "t",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "DISABLED"}},
            "overrides": {"containerOverrides": [{"name": "n", "environment": [{"name": "A", "value": "b"}]}]},
        },
        [],
    )


def test_null_members_are_absent_and_keys_of_maps_are_left_alone():
    given = {"TableName": "t", "Item": {"lower": {"S": "x"}}, "ReturnValues": None}
    assert sent("dynamodb", "PutItem", given) == ({"TableName": "t", "Item": {"lower": {"S": "x"}}}, [])


@pytest.mark.parametrize(("value", "body"), [("text", b"text"), ({"a": [1, "ü"]}, '{"a":[1,"ü"]}'.encode()), (5, b"5")])
def test_a_body_may_be_any_json(value, body):
    assert sent("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": value})[0]["Body"] == body


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"Cluster": 5}, "The value for the field 'Cluster' must be a STRING"),
        ({"Count": "2"}, "The value for the field 'Count' must be a INTEGER"),
        ({"Count": True}, "The value for the field 'Count' must be a INTEGER"),
        ({"EnableExecuteCommand": "yes"}, "The value for the field 'EnableExecuteCommand' must be a BOOLEAN"),
        ({"Overrides": []}, "The value for the field 'Overrides' must be a STRUCTURE"),
        ({"cluster": "c"}, 'The field "cluster" is not supported by Step Functions'),
        ({"Overrides": {"Nope": 1}}, 'The field "Nope" is not supported by Step Functions'),
    ],
)
def test_what_does_not_fit_is_named(given, problem):
    assert sent("ecs", "RunTask", given)[1] == [problem]


@pytest.mark.aws("recorded")
def test_answers_are_spelled_in_pascal_case_with_times_as_asked():
    shape = ECS.operation("RunTask").output_shape
    parsed = {
        "tasks": [{"taskArn": "a", "createdAt": NOON, "containers": [{"exitCode": 0}]}],
        "failures": [],
        "ResponseMetadata": {"RequestId": "r"},
    }
    assert from_model(parsed, shape, iso_time) == {
        "Tasks": [{"TaskArn": "a", "CreatedAt": "2026-11-23T12:00:00Z", "Containers": [{"ExitCode": 0}]}],
        "Failures": [],
    }
    assert from_model(parsed, shape, epoch_milliseconds)["Tasks"][0]["CreatedAt"] == 1795435200000


def test_times_have_milliseconds_only_if_there_are_any():
    assert iso_time(NOON.replace(microsecond=568_000)) == "2026-11-23T12:00:00.568Z"
    other = dt.timezone(dt.timedelta(hours=2))
    assert iso_time(dt.datetime(2026, 11, 23, 14, tzinfo=other)) == "2026-11-23T12:00:00Z"


def test_blobs_are_text():
    shape = load_service("s3").operation("GetObject").output_shape
    assert from_model({"Body": "ü".encode()}, shape, iso_time) == {"Body": "ü"}
