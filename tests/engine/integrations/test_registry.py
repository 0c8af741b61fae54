"""What a Task's Resource means."""

from __future__ import annotations

import pytest

from local.stepfunctions.integrations import UnknownResource, resolve
from local.stepfunctions.integrations.services import find_service, java_pascal_case


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("resource", "family", "resource_type", "action"),
    [
        ("arn:aws:states:::lambda:invoke", "task", "lambda", "invoke"),
        ("arn:aws:states:::sqs:sendMessage", "task", "sqs", "sendMessage"),
        ("arn:aws:states:::sns:publish", "task", "sns", "publish"),
        ("arn:aws:states:::dynamodb:putItem", "task", "dynamodb", "putItem"),
        ("arn:aws:states:::events:putEvents", "task", "events", "putEvents"),
        ("arn:aws:states:::ecs:runTask", "task", "ecs", "runTask"),
        ("arn:aws:states:::states:startExecution", "task", "states", "startExecution"),
        ("arn:aws:states:::aws-sdk:s3:listObjectsV2", "task", "aws-sdk:s3", "listObjectsV2"),
        ("arn:aws:states:::aws-sdk:sfn:getActivityTask", "task", "aws-sdk:sfn", "getActivityTask"),
        ("arn:aws-cn:states:::aws-sdk:cloudwatchlogs:putLogEvents", "task", "aws-sdk:cloudwatchlogs", "putLogEvents"),
    ],
)
def test_a_resource_is_named_in_events_by_service_and_action(resource, family, resource_type, action):
    found = resolve(resource)
    assert (found.family, found.resource_type, found.resource) == (family, resource_type, action)
    assert found.pattern == "request_response"


def test_a_functions_arn_is_a_resource_of_its_own_family():
    found = resolve("arn:aws:lambda:us-east-1:000000000000:function:echo:live")
    assert found.family == "lambda_function"


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::nothing:at",
        "arn:aws:states:::lambda:Invoke",
        "arn:aws:states:::dynamodb:putItem.sync",
        "arn:aws:states:::lambda:invoke.sync",
        "arn:aws:states:::aws-sdk:s3:GetObject",
        "arn:aws:states:::aws-sdk:s3:getObjects",
        "arn:aws:states:::aws-sdk:s3:getObject.sync",
        "arn:aws:states:::aws-sdk:s4:getObject",
        "arn:aws:states:::aws-sdk:lambda:invokeWithResponseStream",
        "arn:aws:lambda:us-east-1:000000000000:function:a b",
        "sqs:sendMessage",
        "",
    ],
)
def test_anything_else_gets_the_diagnostic_of_aws(resource):
    with pytest.raises(UnknownResource) as refusal:
        resolve(resource)
    assert str(refusal.value) == (
        f"The resource provided {resource} is not recognized. "
        "The value is not a valid resource ARN, or the resource is not available in this region."
    )


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("resource", "pattern", "action"),
    [
        ("sqs:sendMessage.waitForTaskToken", "callback", "sendMessage.waitForTaskToken"),
        ("sns:publish.waitForTaskToken", "callback", "publish.waitForTaskToken"),
        ("lambda:invoke.waitForTaskToken", "callback", "invoke.waitForTaskToken"),
        ("states:startExecution.sync", "sync", "startExecution.sync"),
        ("states:startExecution.sync:2", "sync:2", "startExecution.sync:2"),
        ("ecs:runTask.sync", "sync", "runTask.sync"),
        ("aws-sdk:sfn:startExecution.waitForTaskToken", "callback", "startExecution.waitForTaskToken"),
    ],
)
def test_the_suffix_says_what_the_task_waits_for_and_stays_in_its_name(resource, pattern, action):
    found = resolve(f"arn:aws:states:::{resource}")
    assert (found.pattern, found.resource) == (pattern, action)


def test_an_activity_is_a_family_of_its_own():
    assert resolve("arn:aws:states:us-east-1:000000000000:activity:work").family == "activity"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("service_id", "spelled"),
    [
        ("S3", "S3"),
        ("DynamoDB", "DynamoDb"),
        ("SFN", "Sfn"),
        ("ECS", "Ecs"),
        ("CloudWatch Logs", "CloudWatchLogs"),
        ("SESv2", "SesV2"),
        ("Secrets Manager", "SecretsManager"),
        ("EventBridge", "EventBridge"),
        ("EC2", "Ec2"),
        ("Cognito Identity Provider", "CognitoIdentityProvider"),
    ],
)
def test_services_are_spelled_as_in_the_sdk_for_java(service_id, spelled):
    assert java_pascal_case(service_id) == spelled
    found = find_service(spelled.lower())
    assert found is not None
    assert found.service_id == service_id
