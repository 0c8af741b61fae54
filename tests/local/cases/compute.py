"""Functions, state machines and activities."""

from __future__ import annotations

import json
from typing import Any

from tests.local.cases.ground import ACCOUNT, MACHINE, OTHER_MACHINE, Case, Ground, fixed, handler


def function(ground: Ground, name: str) -> Any:
    functions = ground.client("lambda")
    found = functions.get_function_configuration(FunctionName=name)
    answer = functions.invoke(FunctionName=name)["Payload"].read()
    return json.loads(answer), found["MemorySize"], found.get("Environment", {}).get("Variables", {})


def machine(ground: Ground, arn: str) -> Any:
    found = ground.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    logging = found["loggingConfiguration"]
    return found["definition"], logging["level"], logging["includeExecutionData"], found["tracingConfiguration"]


def mapping(ground: Ground, identity: str) -> Any:
    found = ground.client("lambda").get_event_source_mapping(UUID=identity)
    return found["BatchSize"], found["State"]


CASES = [
    Case(
        type="aws:lambda/function:Function",
        inputs=lambda ground: {
            "role": ground.role["arn"],
            "runtime": "python3.12",
            "handler": "main.handler",
            "code": handler("one"),
            "environment": {"variables": {"A": "1"}},
            "memorySize": 256,
        },
        change=lambda ground: {
            "role": ground.role["arn"],
            "runtime": "python3.12",
            "handler": "main.handler",
            "code": handler("two"),
            "tracingConfig": {"mode": "Active"},
        },
        told=function,
        first=("one", 256, {"A": "1"}),
        second=("two", 128, {}),
    ),
    Case(
        type="aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        inputs=lambda ground: {"functionName": ground.function["name"], "maximumRetryAttempts": 0},
        change=lambda ground: {
            "functionName": ground.function["name"],
            "maximumRetryAttempts": 1,
            "destinationConfig": {"onFailure": {"destination": ground.queue["arn"]}},
        },
        told=lambda ground, name: ground.client("lambda").get_function_event_invoke_config(FunctionName=name)[
            "MaximumRetryAttempts"
        ],
        first=0,
        second=1,
    ),
    Case(
        type="aws:lambda/eventSourceMapping:EventSourceMapping",
        inputs=lambda ground: {
            "eventSourceArn": ground.queue["arn"],
            "functionName": ground.function["name"],
            "batchSize": 5,
            "functionResponseTypes": ["ReportBatchItemFailures"],
        },
        change=lambda ground: {
            "eventSourceArn": ground.queue["arn"],
            "functionName": ground.function["name"],
            "batchSize": 7,
            "enabled": False,
            "scalingConfig": {"maximumConcurrency": 3},
        },
        told=mapping,
        first=(5, "Enabled"),
        second=(7, "Disabled"),
    ),
    Case(
        type="aws:lambda/permission:Permission",
        inputs=lambda ground: {
            "function": ground.function["name"],
            "action": "lambda:InvokeFunction",
            "principal": "events.amazonaws.com",
            "sourceAccount": ACCOUNT,
        },
        change=None,
        told=lambda ground, _id: [
            statement["Principal"]
            for statement in json.loads(
                ground.client("lambda").get_policy(FunctionName=ground.function["name"])["Policy"]
            )["Statement"]
        ],
        first=[{"Service": "events.amazonaws.com"}],
    ),
    Case(
        type="aws:sfn/stateMachine:StateMachine",
        inputs=lambda ground: {
            "roleArn": ground.role["arn"],
            "definition": MACHINE,
            "loggingConfiguration": {
                "level": "ALL",
                "includeExecutionData": True,
                "logDestination": f"{ground.log_group['arn']}:*",
            },
            "tracingConfiguration": {"enabled": True},
        },
        change=lambda ground: {
            "roleArn": ground.role["arn"],
            "definition": OTHER_MACHINE,
            "loggingConfiguration": {"level": "OFF"},
            "tracingConfiguration": {"enabled": False},
        },
        told=machine,
        first=(MACHINE, "ALL", True, {"enabled": True}),
        second=(OTHER_MACHINE, "OFF", False, {"enabled": False}),
    ),
    Case(
        type="aws:sfn/activity:Activity",
        inputs=fixed(),
        change=fixed(tags={"a": "b"}),
        told=lambda ground, arn: (
            ground.client("stepfunctions").describe_activity(activityArn=arn)["activityArn"] == arn
        ),
        first=True,
        second=True,
    ),
]
