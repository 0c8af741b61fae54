"""ServerlessFunction: exactly the given permissions, logs that expire, and alarms; queues only where they help."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pytest

from asl import PolicyError, Statement
from components import Observability, ServerlessFunction, ServerlessFunctionArgs
from tests.infra.recording import ACCOUNT, REGION, Built, build

TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/claims"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:load-logs-1a2b3c4:*"


def load_table(*, table_arn: str) -> list[Statement]:
    return [Statement(actions=("dynamodb:BatchWriteItem",), resources=(table_arn,))]


@pytest.fixture
def args(observability: Observability) -> ServerlessFunctionArgs:
    return ServerlessFunctionArgs(
        code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def handle(event, context): ...")}),
        handler="handler.handle",
        description="Loads claims",
        memory_mb=1024,
        timeout_seconds=900,
        observability=observability,
        permissions=load_table,
        references={"table_arn": TABLE},
    )


def built(args: ServerlessFunctionArgs) -> Built:
    def program() -> None:
        ServerlessFunction("load", args)

    return build(program)


def statements(function: Built) -> list[dict]:
    policy: list[dict] = function.one(":RolePolicy").json("policy")["Statement"]
    return policy


def test_the_role_may_write_its_logs_and_do_what_it_is_given(args: ServerlessFunctionArgs):
    assert statements(built(args)) == [
        {
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Resource": ["*"],
        },
        {"Effect": "Allow", "Action": ["dynamodb:BatchWriteItem"], "Resource": [TABLE]},
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": [LOGS]},
    ]


def test_the_function_logs_to_its_own_group_and_waits_for_its_permissions(args: ServerlessFunctionArgs):
    built_function = built(args)
    function = built_function.one(":Function")
    assert function.inputs["loggingConfig"] == {"logFormat": "JSON", "logGroup": "load-logs-1a2b3c4"}
    assert built_function.one(":LogGroup").inputs["retentionInDays"] == 30
    assert any(urn.endswith("::load-policy") for urn in function.dependencies)


def test_the_function_runs_as_it_is_told(args: ServerlessFunctionArgs):
    function = built(replace(args, environment={"TABLE": "claims"}, reserved_concurrency=0)).one(":Function").inputs
    assert function["architectures"] == ["arm64"]
    assert function["memorySize"] == 1024
    assert function["timeout"] == 900
    assert function["environment"] == {"variables": {"TABLE": "claims"}}
    assert function["reservedConcurrentExecutions"] == 0, "zero stops the function and is not the same as absent"
    assert function["tracingConfig"] == {"mode": "Active"}


def test_without_a_reservation_or_variables_nothing_is_set(args: ServerlessFunctionArgs):
    function = built(args).one(":Function").inputs
    assert not {"reservedConcurrentExecutions", "environment", "deadLetterConfig"} & function.keys()


def test_tracing_can_be_off(args: ServerlessFunctionArgs, quiet: Observability):
    function = built(replace(args, observability=quiet))
    assert function.one(":Function").inputs["tracingConfig"] == {"mode": "PassThrough"}
    assert not [one for one in statements(function) if one["Resource"] == ["*"]]


def test_errors_and_throttles_raise_alarms(args: ServerlessFunctionArgs):
    alarms = {alarm.inputs["metricName"]: alarm.inputs for alarm in built(args).of_type(":MetricAlarm")}
    assert set(alarms) == {"Errors", "Throttles"}
    assert alarms["Errors"]["dimensions"] == {"FunctionName": "load-function-1a2b3c4"}


def test_an_asynchronous_function_keeps_what_it_could_not_handle(args: ServerlessFunctionArgs):
    function = built(replace(args, asynchronous=True))
    queue = function.one(":Queue")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:load-dead-letters-1a2b3c4"
    assert queue.inputs["sqsManagedSseEnabled"] is True
    assert function.one(":Function").inputs["deadLetterConfig"] == {"targetArn": arn}
    assert {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [arn]} in statements(function)
    alarm = function.one(":MetricAlarm", "load-dead-letters").inputs
    assert alarm["dimensions"] == {"QueueName": "load-dead-letters-1a2b3c4"}


def test_items_that_a_handler_gave_up_are_counted_and_raise_an_alarm(args: ServerlessFunctionArgs):
    function = built(replace(args, counts_failed_items=True))
    counted = function.one(":LogMetricFilter").inputs
    assert counted["logGroupName"] == "load-logs-1a2b3c4"
    assert counted["pattern"] == '{ $.message = "batch" && $.failed > 0 }'
    assert counted["metricTransformation"] == {
        "namespace": "distmap/test",
        "name": "load-failed-items",
        "value": "$.failed",
        "defaultValue": "0",
    }
    alarm = function.one(":MetricAlarm", "load-failed-items").inputs
    assert (alarm["namespace"], alarm["metricName"]) == ("distmap/test", "load-failed-items")


def test_parts_of_items_that_a_handler_gave_up_have_a_metric_and_an_alarm_of_their_own(args: ServerlessFunctionArgs):
    function = built(replace(args, counts_failed_items=True, counts_failed_parts=("failed_claims",)))
    counted = {one.name: one.inputs["metricTransformation"]["value"] for one in function.of_type(":LogMetricFilter")}
    assert counted == {"load-failed-items": "$.failed", "load-failed-claims": "$.failed_claims"}
    assert function.one(":LogMetricFilter", "load-failed-claims").inputs["pattern"] == (
        '{ $.message = "batch" && $.failed_claims > 0 }'
    )
    assert function.one(":MetricAlarm", "load-failed-claims").inputs["metricName"] == "load-failed-claims"


def test_permissions_that_are_too_wide_are_refused_before_anything_is_made(args: ServerlessFunctionArgs):
    def greedy(**_arns: str) -> list[Statement]:
        return [Statement(actions=("dynamodb:*",), resources=(TABLE,))]

    with pytest.raises(PolicyError, match=r"'dynamodb:\*' has a wildcard"):
        ServerlessFunction("load", replace(args, permissions=greedy))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"timeout_seconds": 0}, "timeout_seconds must be 1 to 900, got 0"),
        ({"timeout_seconds": 901}, "timeout_seconds must be 1 to 900, got 901"),
        ({"memory_mb": 127}, "memory_mb must be 128 to 10,240, got 127"),
        ({"memory_mb": 10_241}, "memory_mb must be 128 to 10,240, got 10,241"),
        ({"reserved_concurrency": -1}, "reserved_concurrency must be 0 or more, got -1"),
    ],
)
def test_a_limit_of_lambda_is_refused_early(args: ServerlessFunctionArgs, change: dict, message: str):
    with pytest.raises(ValueError, match=message):
        replace(args, **change)
