"""Requests through ministack to the engine and back, and the starts that ministack's own services make."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from local import processes, server
from tests.local.helpers import STUB, client, client_with, make_role

if TYPE_CHECKING:
    from local.server import Server
    from local.state import StateDir

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:"


def post(aws: Server, action: str, body: bytes) -> Any:
    """A signed Step Functions request as raw bytes."""
    request = AWSRequest(
        "POST",
        aws.endpoint,
        data=body,
        headers={"X-Amz-Target": f"AWSStepFunctions.{action}", "Content-Type": "application/x-amz-json-1.0"},
    )
    SigV4Auth(Credentials("test", "test"), "states", "us-east-1").add_auth(request)
    return URLLib3Session(timeout=20).send(request.prepare())


def kept_starts(aws: Server, arn: str) -> list[dict[str, Any]]:
    starts = json.loads(post(aws, "Kept", b"{}").content)
    return [start for start in starts if start["stateMachineArn"] == arn]


def wait_for_start(aws: Server, arn: str) -> dict[str, Any]:
    assert processes.wait_until(lambda: bool(kept_starts(aws, arn)), seconds=15), f"{arn} was not started"
    (start,) = kept_starts(aws, arn)
    return start


def test_body_status_and_headers_pass_untouched(aws: Server) -> None:
    body = b'{ "name" : "spaces   and \\u00e9 stay" }'
    answer = post(aws, "DescribeActivity", body)
    assert answer.status_code == 200
    assert answer.headers["x-engine"] == "stub", "the engine's headers come back"
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"
    echoed = json.loads(answer.content)
    assert echoed["data"] == json.loads(body)
    assert echoed["target"] == "AWSStepFunctions.DescribeActivity"


def test_an_error_of_the_engine_reaches_the_client_as_its_exception(aws: Server) -> None:
    states = client(aws, "stepfunctions")
    with pytest.raises(states.exceptions.StateMachineDoesNotExist, match="State Machine Does Not Exist"):
        states.start_execution(stateMachineArn=f"{MACHINE}refuse")


def test_a_large_body_passes(aws: Server) -> None:
    text = "x" * 8_000_000
    answer = post(aws, "SendTaskSuccess", json.dumps({"output": text}).encode())
    assert json.loads(answer.content)["data"]["output"] == text


def test_waiting_requests_do_not_hold_up_others(aws: Server) -> None:
    with ThreadPoolExecutor(40) as pool:
        began = time.monotonic()
        polls = [pool.submit(post, aws, "GetActivityTask", b"{}") for _ in range(40)]
        assert client(aws, "s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert all(poll.result().status_code == 200 for poll in polls)
        assert time.monotonic() - began < 10, "40 waits of a second each run at the same time"


def test_iam_is_checked_before_the_engine_is_asked(aws: Server) -> None:
    iam = client(aws, "iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    states = client_with(key["AccessKeyId"], key["SecretAccessKey"], aws, "stepfunctions")
    arn = f"{MACHINE}{uuid4()}"
    with pytest.raises(ClientError, match="not authorized to perform: states:StartExecution"):
        states.start_execution(stateMachineArn=arn)
    assert kept_starts(aws, arn) == [], "a refused request never reaches the engine"


def test_an_event_starts_the_machine_of_a_matching_rule(aws: Server) -> None:
    arn, rule = f"{MACHINE}{uuid4()}", f"rule-{uuid4()}"
    events = client(aws, "events")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["tests.bridge"], "detail": {"to": [rule]}}))
    role = make_role(aws, "events", ("states:StartExecution", arn))
    events.put_targets(Rule=rule, Targets=[{"Id": "machine", "Arn": arn, "RoleArn": role}])
    entry = {"Source": "tests.bridge", "DetailType": "d", "Detail": json.dumps({"to": rule, "n": 7})}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert json.loads(wait_for_start(aws, arn)["input"])["detail"] == {"to": rule, "n": 7}


def test_a_new_object_starts_the_machine_of_a_matching_rule(aws: Server) -> None:
    arn, bucket = f"{MACHINE}{uuid4()}", f"bucket-{uuid4()}"
    s3, events = client(aws, "s3"), client(aws, "events")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}},
    }
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    role = make_role(aws, "events", ("states:StartExecution", arn))
    events.put_targets(Rule=bucket, Targets=[{"Id": "machine", "Arn": arn, "RoleArn": role}])
    s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"x")
    event = json.loads(wait_for_start(aws, arn)["input"])
    assert event["detail"]["object"]["key"] == "in/a.csv"


def test_a_due_schedule_starts_its_machine(aws: Server) -> None:
    arn, name = f"{MACHINE}{uuid4()}", f"schedule-{uuid4()}"
    role = make_role(aws, "scheduler", ("states:StartExecution", arn))
    client(aws, "scheduler").create_schedule(
        Name=name,
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role, "Input": '{"scheduled": true}'},
    )
    assert json.loads(wait_for_start(aws, arn)["input"]) == {"scheduled": True}


def test_a_start_that_the_engine_refuses_is_logged(state: StateDir) -> None:
    with server.serving(state=state, engine=STUB) as running:
        events = client(running, "events")
        events.put_rule(Name="r", EventPattern='{"source": ["tests"]}')
        role = make_role(running, "events", ("states:StartExecution", f"{MACHINE}refuse"))
        events.put_targets(Rule="r", Targets=[{"Id": "m", "Arn": f"{MACHINE}refuse", "RoleArn": role}])
        events.put_events(Entries=[{"Source": "tests", "DetailType": "d", "Detail": "{}"}])
        assert processes.wait_until(lambda: "refuse was not started: " in state.log.read_text(), seconds=5), (
            "nobody else hears of the refusal"
        )


def test_reset_deletes_every_state_machine(state: StateDir) -> None:
    with server.serving(state=state, engine=STUB) as running:
        for name in ("one", "two", "three"):
            post(running, "CreateStateMachine", json.dumps({"name": name}).encode())
        urllib.request.urlopen(urllib.request.Request(f"{running.endpoint}/_ministack/reset", method="POST"))
        assert json.loads(post(running, "ListStateMachines", b"{}").content)["stateMachines"] == []
        assert "reset() failed" not in state.log.read_text()


def test_a_machine_whose_executions_run_is_gone_after_a_reset(state: StateDir) -> None:
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 300, "End": True}}}
    machine = {"name": "waits", "definition": json.dumps(wait), "roleArn": "arn:aws:iam::000000000000:role/r"}
    with server.serving(state=state) as running:
        states = client(running, "stepfunctions")
        for _ in range(2):
            arn = states.create_state_machine(**machine)["stateMachineArn"]
            states.start_execution(stateMachineArn=arn)
            urllib.request.urlopen(urllib.request.Request(f"{running.endpoint}/_ministack/reset", method="POST"))
            with pytest.raises(states.exceptions.StateMachineDoesNotExist):
                states.describe_state_machine(stateMachineArn=arn)
