"""What starts executions of the real engine, with its role: rules, objects, schedules and pipes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local import processes
from local.server import Server
from tests.local.helpers import client, make_role, policy

START = "states:StartExecution"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
WAIT_SECONDS = 15.0
SOURCE = "aws:SourceArn"
OWN = {"aws:SourceAccount": "000000000000"}
RULES = "arn:aws:events:us-east-1:000000000000:rule/"


class Machine:
    """A state machine that passes its input on."""

    def __init__(self, server: Server) -> None:
        self._states = client(server, "stepfunctions")
        role, name = make_role(server, "states"), f"machine-{uuid4()}"
        made = self._states.create_state_machine(name=name, definition=json.dumps(PASS), roleArn=role)
        self.arn: str = made["stateMachineArn"]

    def start(self) -> str:
        arn: str = self._states.start_execution(stateMachineArn=self.arn)["executionArn"]
        return arn

    def inputs(self) -> list[Any]:
        found = self._states.list_executions(stateMachineArn=self.arn)["executions"]
        return [json.loads(self._states.describe_execution(executionArn=e["executionArn"])["input"]) for e in found]

    def first_input(self) -> Any:
        assert processes.wait_until(lambda: bool(self.inputs()), seconds=WAIT_SECONDS), "it was not started"
        (given,) = self.inputs()
        return given


@pytest.fixture
def machine(whole_aws: Server) -> Machine:
    return Machine(whole_aws)


@pytest.fixture
def rule(whole_aws: Server) -> Callable[..., str]:
    """Make a rule with a target; its name."""

    def make(pattern: dict[str, Any], arn: str, **target: Any) -> str:
        name, events = f"rule-{uuid4()}", client(whole_aws, "events")
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        role = target.pop("RoleArn", None) or make_role(whole_aws, "events", (START, arn))
        answer = events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn, "RoleArn": role, **target}])
        assert answer["FailedEntryCount"] == 0
        return name

    return make


def put_event(server: Server, source: str, detail: dict[str, Any]) -> dict[str, Any]:
    entry = {"Source": source, "DetailType": "d", "Detail": json.dumps(detail)}
    answer: dict[str, Any] = client(server, "events").put_events(Entries=[entry])
    return answer


def failed_invocations(server: Server, name: str) -> float:
    now = datetime.now(UTC)
    found = client(server, "cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[{"Name": "RuleName", "Value": name}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_a_matching_event_starts_the_machine_with_what_the_transformer_makes_of_it(
    whole_aws: Server, machine: Machine, rule: Any
) -> None:
    source = f"tests.{uuid4()}"
    transformer = {
        "InputPathsMap": {"order": "$.detail.order", "lines": "$.detail.lines"},
        "InputTemplate": '{"id": <order>, "lines": <lines>, "from": "<aws.events.rule-name>"}',
    }
    name = rule({"source": [source]}, machine.arn, InputTransformer=transformer)
    put_event(whole_aws, source, {"order": "7", "lines": [1, 2]})
    assert machine.first_input() == {"id": "7", "lines": [1, 2], "from": name}
    assert failed_invocations(whole_aws, name) == 0


def test_an_object_in_a_bucket_that_tells_eventbridge_starts_the_machine(
    whole_aws: Server, machine: Machine, rule: Any
) -> None:
    bucket, s3 = f"bucket-{uuid4()}", client(whole_aws, "s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    detail = {"bucket": {"name": [bucket]}, "object": {"key": [{"wildcard": "in/*.csv"}]}}
    transformer = {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": '{"key":<key>,"max":5}'}
    rule(
        {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail},
        machine.arn,
        InputTransformer=transformer,
    )
    s3.put_object(Bucket=bucket, Key="out/a.csv", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/a b.csv", Body=b"x")
    assert machine.first_input() == {"key": "in/a b.csv", "max": 5}


def test_a_due_schedule_starts_the_machine(whole_aws: Server, machine: Machine) -> None:
    client(whole_aws, "scheduler").create_schedule(
        Name=f"schedule-{uuid4()}",
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": machine.arn, "RoleArn": make_role(whole_aws, "scheduler", (START, machine.arn)), "Input": "[1]"},
    )
    assert machine.first_input() == [1]


def test_a_pipe_starts_the_machine_with_the_records_of_its_stream(whole_aws: Server, machine: Machine) -> None:
    name, dynamodb = f"table-{uuid4()}", client(whole_aws, "dynamodb")
    stream = dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]
    client(whole_aws, "pipes").create_pipe(
        Name=name,
        Source=stream,
        Target=machine.arn,
        RoleArn=make_role(whole_aws, "pipes", (START, machine.arn)),
        SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "LATEST"}},
    )
    dynamodb.put_item(TableName=name, Item={"id": {"S": "one"}})
    (record,) = machine.first_input()
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "one"}}


def trust(service: str, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return policy([{**statement, **({"Condition": condition} if condition else {})}])


@pytest.mark.parametrize(
    ("trusted", "action", "starts"),
    [
        pytest.param(trust("events.amazonaws.com"), "states:DescribeExecution", False, id="may do something else"),
        pytest.param(trust("scheduler.amazonaws.com"), START, False, id="trusts another service"),
        pytest.param(trust("events.amazonaws.com", ArnLike={SOURCE: f"{RULES}other"}), START, False, id="other rules"),
        pytest.param(trust("events.amazonaws.com", ArnLike={SOURCE: f"{RULES}rule-*"}), START, True, id="these rules"),
        pytest.param(trust("events.amazonaws.com", StringEquals=OWN), START, True, id="its own account"),
    ],
)
def test_a_rule_starts_only_what_its_role_may_and_counts_what_fails(
    whole_aws: Server, machine: Machine, rule: Any, trusted: str, action: str, starts: bool
) -> None:
    iam, role, source = client(whole_aws, "iam"), f"role-{uuid4()}", f"tests.{uuid4()}"
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    allowed = policy([{"Effect": "Allow", "Action": action, "Resource": machine.arn}])
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=allowed)
    name = rule({"source": [source]}, machine.arn, RoleArn=arn)
    put_event(whole_aws, source, {"n": 1})
    if starts:
        assert machine.first_input()["detail"] == {"n": 1}
    else:
        assert processes.wait_until(lambda: failed_invocations(whole_aws, name) == 1, seconds=WAIT_SECONDS)
        assert machine.inputs() == []


def test_a_start_that_the_engine_refuses_counts_as_failed(whole_aws: Server, rule: Any) -> None:
    source, arn = f"tests.{uuid4()}", f"arn:aws:states:us-east-1:000000000000:stateMachine:{uuid4()}"
    name = rule({"source": [source]}, arn)
    put_event(whole_aws, source, {})
    assert processes.wait_until(lambda: failed_invocations(whole_aws, name) == 1, seconds=WAIT_SECONDS)


def test_the_end_of_one_execution_starts_another(whole_aws: Server, machine: Machine, rule: Any) -> None:
    first = Machine(whole_aws)
    detail = {"stateMachineArn": [first.arn], "status": ["SUCCEEDED"]}
    rule({"source": ["aws.states"], "detail": detail}, machine.arn, InputPath="$.detail.executionArn")
    arn = first.start()
    assert machine.first_input() == arn


@pytest.mark.parametrize("header", [{}, {"x-distmap-service": "guessed"}])
def test_nobody_but_the_engine_speaks_for_step_functions(whole_aws: Server, header: dict[str, str]) -> None:
    def add(request: Any, **_more: Any) -> None:
        for name, value in header.items():
            request.headers[name] = value

    events = client(whole_aws, "events")
    events.meta.events.register("before-sign.*", add)
    entry = {"Source": "aws.states", "DetailType": "Step Functions Execution Status Change", "Detail": "{}"}
    (answer,) = events.put_events(Entries=[entry])["Entries"]
    assert answer["ErrorCode"] == "NotAuthorizedForSourceException"


def test_functions_do_not_see_what_lets_the_engine_speak_for_step_functions(whole_aws: Server) -> None:
    environment = Path(f"/proc/{whole_aws.pid}/environ").read_bytes()
    assert b"DISTMAP_SERVICE_TOKEN" not in environment, "functions inherit the server's environment"
    assert b"DISTMAP_SERVICE_TOKEN" in Path(f"/proc/{whole_aws.engine_pid}/environ").read_bytes()
