"""The optimised integrations that the engine has, by the name in their ARN."""

from __future__ import annotations

from collections.abc import Mapping

from local.stepfunctions.integrations.failures import OptimisedNames
from local.stepfunctions.integrations.functions import InvokeTask
from local.stepfunctions.integrations.jobs import EcsTask, ExecutionTask
from local.stepfunctions.integrations.optimised import DynamoDbTask, EventsTask, OptimisedTask, SqsTask
from local.stepfunctions.integrations.shapes import pascal


def _names(prefix: str, base_exception: str, service: str) -> OptimisedNames:
    return OptimisedNames(prefix=prefix, base_exception=base_exception, service=service)


_DYNAMODB = _names("DynamoDB", "AmazonDynamoDBException", "AmazonDynamoDBv2")

_TASKS: tuple[InvokeTask | OptimisedTask, ...] = (
    InvokeTask(),
    *(
        DynamoDbTask(
            service="dynamodb",
            operation=pascal(action),
            resource=action,
            resource_type="dynamodb",
            names=_DYNAMODB,
        )
        for action in ("getItem", "putItem", "updateItem", "deleteItem")
    ),
    SqsTask(
        service="sqs",
        operation="SendMessage",
        resource="sendMessage",
        resource_type="sqs",
        names=_names("SQS", "AmazonSQSException", "AmazonSQS"),
        text_fields=frozenset({"MessageBody"}),
    ),
    OptimisedTask(
        service="sns",
        operation="Publish",
        resource="publish",
        resource_type="sns",
        names=_names("SNS", "AmazonSNSException", "AmazonSNS"),
        text_fields=frozenset({"Message"}),
    ),
    EventsTask(
        service="events",
        operation="PutEvents",
        resource="putEvents",
        resource_type="events",
        names=_names("EventBridge", "AmazonEventBridgeException", "AmazonEventBridge"),
    ),
    EcsTask(
        service="ecs",
        operation="RunTask",
        resource="runTask",
        resource_type="ecs",
        names=_names("ECS", "AmazonECSException", "AmazonECS"),
    ),
    ExecutionTask(
        service="stepfunctions",
        operation="StartExecution",
        resource="startExecution",
        resource_type="states",
        names=_names("StepFunctions", "AWSStepFunctionsException", "AWSStepFunctions"),
        text_fields=frozenset({"Input"}),
    ),
)

OPTIMISED: Mapping[str, InvokeTask | OptimisedTask] = {f"{task.resource_type}:{task.resource}": task for task in _TASKS}
