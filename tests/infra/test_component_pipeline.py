"""DistributedMapPipeline: the role follows from the definition, and nothing is deployed with a mistake in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from asl import (
    CsvReader,
    DefinitionError,
    DistributedMap,
    ExecutionType,
    LambdaInvoke,
    Pass,
    Path,
    PolicyError,
    ResultWriter,
    SdkCall,
    StateMachine,
    Statement,
)
from components import DistributedMapPipeline, DistributedMapPipelineArgs, ObjectCreated, Observability, Schedule
from tests.infra.recording import ACCOUNT, REGION, Built, build

DATA, RESULTS = "arn:aws:s3:::data", "arn:aws:s3:::results"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:load"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:noaa-machine-1a2b3c4"
CHILDREN = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:noaa-machine-1a2b3c4"


def definition(*, data_bucket_arn: str, results_bucket_arn: str, load_function_arn: str) -> StateMachine:
    return StateMachine(
        states=(
            DistributedMap(
                "Stations",
                label="Stations",
                execution_type=ExecutionType.STANDARD,
                reader=CsvReader(bucket_arn=data_bucket_arn, key="stations.csv"),
                states=(LambdaInvoke("Load", function_arn=load_function_arn, payload=Path("$")),),
                writer=ResultWriter(bucket_arn=results_bucket_arn, prefix="runs"),
            ),
        )
    )


@pytest.fixture
def args(observability: Observability) -> DistributedMapPipelineArgs:
    return DistributedMapPipelineArgs(
        definition=definition,
        references={
            "data_bucket_arn": DATA,
            "results_bucket_arn": RESULTS,
            "load_function_arn": FUNCTION,
        },
        observability=observability,
    )


def built(args: DistributedMapPipelineArgs) -> Built:
    def program() -> None:
        DistributedMapPipeline("noaa", args)

    return build(program)


def granted(pipeline: Built, policy: str) -> set[tuple[str, str]]:
    """Every action with each resource that it is granted on."""
    statements = pipeline.one(":RolePolicy", policy).json("policy")["Statement"]
    return {(action, where) for one in statements for action in one["Action"] for where in one["Resource"]}


def test_the_role_may_do_what_the_definition_does_and_nothing_else(args: DistributedMapPipelineArgs):
    bounded = {(action, where) for action, where in granted(built(args), "noaa-policy") if where != "*"}
    assert bounded == {
        ("s3:GetObject", f"{DATA}/stations.csv"),
        ("s3:GetObject", f"{RESULTS}/runs/*"),
        ("s3:PutObject", f"{RESULTS}/runs/*"),
        ("s3:ListMultipartUploadParts", f"{RESULTS}/runs/*"),
        ("s3:AbortMultipartUpload", f"{RESULTS}/runs/*"),
        ("lambda:InvokeFunction", FUNCTION),
    }


def test_only_log_delivery_and_tracing_are_granted_everywhere(args: DistributedMapPipelineArgs, quiet: Observability):
    everywhere = {action.partition(":")[0] for action, where in granted(built(args), "noaa-policy") if where == "*"}
    assert everywhere == {"logs", "xray"}
    untraced = granted(built(replace(args, observability=quiet)), "noaa-policy")
    assert not [action for action, _ in untraced if action.startswith("xray:")], "tracing is off"


def test_the_machine_may_start_watch_and_redrive_its_own_children(args: DistributedMapPipelineArgs):
    assert granted(built(args), "noaa-self-policy") == {
        ("states:StartExecution", MACHINE),
        ("states:DescribeExecution", f"{CHILDREN}:*"),
        ("states:DescribeExecution", f"{CHILDREN}/Stations:*"),
        ("states:StopExecution", f"{CHILDREN}:*"),
        ("states:StopExecution", f"{CHILDREN}/Stations:*"),
        ("states:RedriveExecution", f"{CHILDREN}/Stations:*"),
    }


def test_the_machine_waits_for_its_permissions_and_the_self_policy_for_the_machine(args: DistributedMapPipelineArgs):
    pipeline = built(args)
    machine, policy = pipeline.one(":StateMachine"), pipeline.one(":RolePolicy", "noaa-self-policy")
    assert any(urn.endswith("::noaa-policy") for urn in machine.dependencies)
    assert not any(urn.endswith("::noaa-self-policy") for urn in machine.dependencies), "that would be a circle"
    assert any(urn.endswith("::noaa-machine") for urn in policy.dependencies)


def test_what_starts_the_machine_waits_for_the_self_policy(args: DistributedMapPipelineArgs):
    schedule = built(replace(args, schedule=Schedule(expression="rate(1 day)", input={}))).one(":Schedule")
    assert any(urn.endswith("::noaa-self-policy") for urn in schedule.dependencies)


def test_a_machine_without_map_runs_has_no_self_policy(args: DistributedMapPipelineArgs):
    plain = replace(args, definition=lambda: StateMachine(states=(Pass("Only"),)), references={})
    assert [policy.name for policy in built(plain).of_type(":RolePolicy")] == ["noaa-policy"]


def test_logs_and_traces_follow_the_stack(args: DistributedMapPipelineArgs):
    machine = built(args).one(":StateMachine").inputs
    assert machine["type"] == "STANDARD"
    assert machine["tracingConfiguration"] == {"enabled": True}
    assert machine["loggingConfiguration"]["level"] == "ERROR"
    assert machine["loggingConfiguration"]["includeExecutionData"] is False
    assert machine["loggingConfiguration"]["logDestination"].endswith(":*"), "the form that the API takes"
    logs = built(args).one(":LogGroup").inputs
    assert logs["namePrefix"].startswith("/aws/vendedlogs/states/")
    assert logs["retentionInDays"] == 30


def test_every_bad_end_raises_an_alarm(args: DistributedMapPipelineArgs):
    alarms = {alarm.inputs["metricName"]: alarm.inputs for alarm in built(args).of_type(":MetricAlarm")}
    assert set(alarms) == {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ExecutionThrottled",
        "noaa-map-runs-failed",
    }
    assert alarms["ExecutionsFailed"]["dimensions"] == {"StateMachineArn": MACHINE}


def test_failed_map_runs_are_counted_from_the_log(args: DistributedMapPipelineArgs):
    pipeline = built(args)
    counted = pipeline.one(":LogMetricFilter").inputs
    alarm = pipeline.one(":MetricAlarm", "noaa-map-runs-failed").inputs
    assert counted["pattern"] == '{ $.type = "MapRunFailed" }'
    transformation = counted["metricTransformation"]
    assert (alarm["namespace"], alarm["metricName"]) == (transformation["namespace"], transformation["name"])


def test_a_definition_with_mistakes_deploys_nothing(args: DistributedMapPipelineArgs):
    def broken(**_arns: str) -> StateMachine:
        return StateMachine(states=(Pass("Lost", next="Nowhere"),))

    created: list[str] = []

    def program() -> None:
        with pytest.raises(DefinitionError, match="'Nowhere', which is not in the same flow"):
            DistributedMapPipeline("noaa", replace(args, definition=broken))
        created.append("checked")

    assert [resource.name for resource in build(program).resources] == []
    assert created == ["checked"]


def test_a_task_that_is_allowed_too_much_deploys_nothing(args: DistributedMapPipelineArgs):
    def greedy(**_arns: str) -> StateMachine:
        allow = (Statement(actions=("ecs:*",), resources=("*",)),)
        call = SdkCall("Call", service="ecs", action="updateService", arguments={}, allow=allow)
        return StateMachine(states=(call,))

    with pytest.raises(PolicyError, match="wildcard"):
        DistributedMapPipeline("noaa", replace(args, definition=greedy))


def test_a_reference_that_does_not_tell_its_kind_is_refused(args: DistributedMapPipelineArgs):
    with pytest.raises(ValueError, match="reference 'bucket' must end in one of bucket_arn,"):
        DistributedMapPipeline("noaa", replace(args, references={"bucket": DATA}))


@pytest.mark.parametrize(
    ("service", "make"),
    [
        ("scheduler.amazonaws.com", lambda args: replace(args, schedule=Schedule(expression="rate(1 day)", input={}))),
        (
            "events.amazonaws.com",
            lambda args: replace(
                args, on_object_created=ObjectCreated(bucket="b", prefix="in/", suffix=".csv", input={})
            ),
        ),
    ],
)
def test_a_trigger_may_start_its_machine_and_nothing_else(
    args: DistributedMapPipelineArgs,
    service: str,
    make: Callable[[DistributedMapPipelineArgs], DistributedMapPipelineArgs],
):
    pipeline = built(make(args))
    (role,) = [role for role in pipeline.of_type(":Role") if service in role.inputs["assumeRolePolicy"]]
    (policy,) = [
        policy for policy in pipeline.of_type(":RolePolicy") if policy.inputs["role"] == f"{role.name}-1a2b3c4"
    ]
    assert policy.json("policy")["Statement"] == [
        {"Effect": "Allow", "Action": ["states:StartExecution"], "Resource": [MACHINE]}
    ]


def test_events_that_cannot_start_the_machine_raise_an_alarm(args: DistributedMapPipelineArgs):
    trigger = ObjectCreated(bucket="b", prefix="", suffix="", input={})
    alarm = built(replace(args, on_object_created=trigger)).one(":MetricAlarm", "noaa-objects-undelivered").inputs
    assert alarm["metricName"] == "FailedInvocations"
    assert alarm["dimensions"] == {"RuleName": "noaa-objects-rule-1a2b3c4"}


@pytest.mark.parametrize(
    ("constants", "transformer"),
    [
        (None, None),
        (
            {"output": "results"},
            {"inputPaths": {"key": "$.detail.object.key"}, "inputTemplate": '{"key":<key>,"output":"results"}'},
        ),
    ],
)
def test_an_object_event_starts_the_machine_with_its_key_or_as_it_is(
    args: DistributedMapPipelineArgs, constants: dict[str, str] | None, transformer: dict[str, object] | None
):
    trigger = ObjectCreated(bucket="b", prefix="in/", suffix="", input=constants)
    target = built(replace(args, on_object_created=trigger)).one(":EventTarget").inputs
    assert target.get("inputTransformer") == transformer
