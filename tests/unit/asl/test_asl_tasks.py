"""Tasks: the resource that they call, the permissions that the call takes, and each mistake that is refused."""

from __future__ import annotations

import pytest

from asl import (
    LAMBDA_RETRY,
    ActivityTask,
    EcsRunTask,
    Jsonata,
    LambdaInvoke,
    Path,
    Pattern,
    QueryLanguage,
    SdkCall,
    SqsSendMessage,
    Statement,
    Task,
)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:load"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:found"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/found"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/workers"
TASK = "arn:aws:ecs:us-east-1:123456789012:task-definition/worker:3"
ROLES = ("arn:aws:iam::123456789012:role/task", "arn:aws:iam::123456789012:role/execution")
UPDATE_SERVICE = Statement(
    actions=("ecs:UpdateService",), resources=("arn:aws:ecs:us-east-1:123456789012:service/workers/w",)
)


def test_a_lambda_task_retries_what_is_transient():
    task = LambdaInvoke("Load", function_arn=FUNCTION, payload={"keys": Path("$.Items")}, timeout_seconds=900)
    assert task.to_asl() == {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": FUNCTION, "Payload": {"keys.$": "$.Items"}},
        "TimeoutSeconds": 900,
        "Retry": [LAMBDA_RETRY.to_asl()],
        "End": True,
    }
    assert task.statements() == [Statement(actions=("lambda:InvokeFunction",), resources=(FUNCTION,))]


def test_a_lambda_task_in_jsonata():
    task = LambdaInvoke("Load", function_arn=FUNCTION, payload=Jsonata("$states.input"), retry=())
    assert task.to_asl(QueryLanguage.JSONATA)["Arguments"] == {
        "FunctionName": FUNCTION,
        "Payload": "{% $states.input %}",
    }


def test_a_message_to_a_queue():
    task = SqsSendMessage("Tell", queue_arn=QUEUE, queue_url=URL, body={"key": Path("$.key")})
    assert task.to_asl() == {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": URL, "MessageBody": {"key.$": "$.key"}},
        "End": True,
    }
    assert task.statements() == [Statement(actions=("sqs:SendMessage",), resources=(QUEUE,))]


def test_a_message_to_an_encrypted_queue_takes_the_key():
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    task = SqsSendMessage("Tell", queue_arn=QUEUE, queue_url=URL, body="x", kms_key_arn=key)
    assert task.statements()[1] == Statement(actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=(key,))


def test_a_container_task_that_is_waited_for_may_watch_and_stop_its_tasks():
    task = EcsRunTask(
        "Run",
        cluster_arn=CLUSTER,
        task_definition_arn=TASK,
        passed_role_arns=ROLES,
        arguments={"LaunchType": "FARGATE"},
    )
    assert task.to_asl() == {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": {"Cluster": CLUSTER, "TaskDefinition": TASK, "LaunchType": "FARGATE"},
        "End": True,
    }
    assert task.statements() == [
        Statement(actions=("ecs:RunTask",), resources=(TASK,)),
        Statement(actions=("iam:PassRole",), resources=ROLES),
        Statement(
            actions=("ecs:DescribeTasks", "ecs:StopTask"),
            resources=("arn:aws:ecs:us-east-1:123456789012:task/workers/*",),
        ),
        Statement(
            actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
            resources=("arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForECSTaskRule",),
        ),
    ]


def test_a_container_task_that_is_not_waited_for_may_only_start():
    task = EcsRunTask(
        "Run",
        cluster_arn=CLUSTER,
        task_definition_arn=TASK,
        passed_role_arns=ROLES,
        arguments={},
        pattern=Pattern.REQUEST_RESPONSE,
    )
    assert [statement.actions for statement in task.statements()] == [("ecs:RunTask",), ("iam:PassRole",)]


def test_an_activity_needs_no_permission():
    arn = "arn:aws:states:us-east-1:123456789012:activity:simulate"
    task = ActivityTask("Simulate", activity_arn=arn, timeout_seconds=180, heartbeat_seconds=60)
    assert task.to_asl() == {
        "Type": "Task",
        "Resource": arn,
        "TimeoutSeconds": 180,
        "HeartbeatSeconds": 60,
        "End": True,
    }
    assert task.statements() == []


def test_an_sdk_call_is_allowed_what_it_says():
    task = SdkCall(
        "Grow",
        service="ecs",
        action="updateService",
        arguments={"Service": "w", "DesiredCount": Path("$.workers")},
        allow=(UPDATE_SERVICE,),
    )
    assert task.to_asl() == {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ecs:updateService",
        "Parameters": {"Service": "w", "DesiredCount.$": "$.workers"},
        "End": True,
    }
    assert task.statements() == [UPDATE_SERVICE]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (
            LambdaInvoke("L", function_arn=FUNCTION, payload={}, pattern=Pattern.SYNC),
            "lambda:invoke has no .sync form",
        ),
        (
            SqsSendMessage("S", queue_arn=QUEUE, queue_url=URL, body="x", pattern=Pattern.SYNC),
            "sqs:sendMessage has no .sync form",
        ),
        (
            SdkCall("U", service="ecs", action="updateService", arguments={}, allow=()),
            "allow must grant the action that is called",
        ),
        (
            SdkCall("U", service="ECS", action="UpdateService", arguments={}, allow=(UPDATE_SERVICE,)),
            "got ECS:UpdateService",
        ),
        (
            SdkCall("U", service="ecs", action="runTask", arguments={}, allow=(UPDATE_SERVICE,), pattern=Pattern.SYNC),
            "SDK calls have no .sync form",
        ),
        (ActivityTask("A", activity_arn="a", timeout_seconds=0), "timeout_seconds must be 1 to 99,999,999, got 0"),
        (
            ActivityTask("A", activity_arn="a", timeout_seconds=60, heartbeat_seconds=60),
            "heartbeat_seconds (60) must be less than timeout_seconds (60)",
        ),
        (ActivityTask("A", activity_arn="a", arguments={"x": Jsonata("$x")}), "arguments.x: '$x' is JSONata"),
    ],
)
def test_a_mistake_in_a_task_is_named(task: Task, message: str):
    problems = task.problems()
    assert len(problems) == 1, problems
    assert message in problems[0]
