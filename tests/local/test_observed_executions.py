"""Executions as the other services of the local server show them: logs, metrics, and the alarms upon those."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from local import processes
from local.mends.alarms import state_of
from local.server import Server
from tests.local.helpers import client, make_function, make_role, policy

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Broken", "Cause": "why"}}}
WAIT_SECONDS = 15.0
DELIVER = ("logs:CreateLogDelivery", "*")


def make_machine(server: Server, definition: dict[str, Any], *allowed: tuple[str, str], **more: Any) -> str:
    made = client(server, "stepfunctions").create_state_machine(
        name=f"machine-{uuid4()}",
        definition=json.dumps(definition),
        roleArn=make_role(server, "states", *allowed),
        **more,
    )
    arn: str = made["stateMachineArn"]
    return arn


def entries(server: Server, group: str) -> list[dict[str, Any]]:
    logs = client(server, "logs")
    return [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=group)["events"]]


def test_a_failed_execution_is_logged_in_the_machines_group(whole_aws: Server) -> None:
    group, states = f"/aws/vendedlogs/states/{uuid4()}", client(whole_aws, "stepfunctions")
    client(whole_aws, "logs").create_log_group(logGroupName=group)
    destination = {"logGroupArn": f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"}
    logging = {"level": "ERROR", "destinations": [{"cloudWatchLogsLogGroup": destination}]}
    arn = make_machine(whole_aws, FAIL, DELIVER, loggingConfiguration=logging)
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    assert processes.wait_until(lambda: len(entries(whole_aws, group)) == 2, seconds=WAIT_SECONDS)
    entered, failed = entries(whole_aws, group)
    assert (entered["type"], entered["details"]) == ("FailStateEntered", {"name": "F"})
    assert (failed["type"], failed["details"]) == ("ExecutionFailed", {"cause": "why", "error": "Broken"})
    assert {entry["execution_arn"] for entry in (entered, failed)} == {execution}


def test_the_alarm_of_a_machine_whose_execution_fails_goes_off_and_tells_its_topic(whole_aws: Server) -> None:
    cloudwatch, sns, sqs = (client(whole_aws, service) for service in ("cloudwatch", "sns", "sqs"))
    topic = sns.create_topic(Name=f"topic-{uuid4()}")["TopicArn"]
    queue = sqs.create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    to_queue = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy([{**to_queue, "Resource": queue_arn}])})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    failing, other = make_machine(whole_aws, FAIL), make_machine(whole_aws, PASS)
    names = {arn: f"alarm-{uuid4()}" for arn in (failing, other)}
    for arn, name in names.items():
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/States",
            MetricName="ExecutionsFailed",
            Dimensions=[{"Name": "StateMachineArn", "Value": arn}],
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
    for arn in (failing, other):
        client(whole_aws, "stepfunctions").start_execution(stateMachineArn=arn)

    def state(arn: str) -> Any:
        return cloudwatch.describe_alarms(AlarmNames=[names[arn]])["MetricAlarms"][0]["StateValue"]

    assert processes.wait_until(lambda: state(failing) == "ALARM", seconds=WAIT_SECONDS)
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["AlarmName"], told["NewStateValue"]) == (names[failing], "ALARM")
    assert state(other) == "OK", "another machine's failure is not its own"


def test_an_alarm_recovers_when_its_data_is_over(whole_aws: Server) -> None:
    cloudwatch, name = client(whole_aws, "cloudwatch"), f"alarm-{uuid4()}"
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=[{"MetricName": name, "Value": 1.0}])
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName=name,
        Statistic="Sum",
        Period=1,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )

    def history() -> list[str]:
        items = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
        return sorted(item["HistorySummary"] for item in items)

    expected = ["Alarm updated from ALARM to OK", "Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert processes.wait_until(lambda: [h for h in history() if h in expected] == expected, seconds=WAIT_SECONDS)


@pytest.mark.parametrize(
    ("values", "missing", "datapoints", "expected"),
    [
        ([1.0], "missing", None, "ALARM"),
        ([0.0], "missing", None, "OK"),
        ([None], "missing", None, "INSUFFICIENT_DATA"),
        ([None], "notBreaching", None, "OK"),
        ([None], "breaching", None, "ALARM"),
        ([None], "ignore", None, "was"),
        ([1.0, 0.0], "missing", None, "OK"),
        ([1.0, 0.0], "missing", 1, "ALARM"),
        ([1.0, None], "breaching", None, "ALARM"),
        ([1.0, None], "notBreaching", None, "OK"),
        ([1.0, 1.0, 0.0], "missing", 2, "ALARM"),
    ],
)
def test_an_alarm_counts_breaching_periods_and_treats_missing_ones_as_it_says(
    values: Sequence[float | None], missing: str, datapoints: int | None, expected: str
) -> None:
    alarm = {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.0,
        "TreatMissingData": missing,
        "EvaluationPeriods": len(values),
        "StateValue": "was",
        **({} if datapoints is None else {"DatapointsToAlarm": datapoints}),
    }
    assert state_of(alarm, values) == expected


def test_invocations_of_a_second_are_counted_as_one_point_and_lose_nothing(whole_aws: Server) -> None:
    name, functions = make_function(whole_aws, "def handler(event, context): return 1"), client(whole_aws, "lambda")
    for _ in range(30):
        functions.invoke(FunctionName=name)
    now = datetime.now(UTC)

    def statistics(metric: str) -> Any:
        (point,) = client(whole_aws, "cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return point

    assert (statistics("Invocations")["Sum"], statistics("Invocations")["SampleCount"]) == (30, 30)
    assert (statistics("Errors")["Sum"], statistics("Errors")["SampleCount"]) == (0, 30)
    assert statistics("Duration")["SampleCount"] == 30
