"""Calls are made when an answer needs them, and an answer is what its name says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance import replay as module
from tests.conformance.answers import answer
from tests.conformance.cases import Call, Case
from tests.conformance.replay import Replay, ReplayError
from tests.conformance.run import judge
from tests.conformance.world import World

ROLES = ("arn:aws:iam::000000000000:role/r0", "arn:aws:iam::000000000000:role/r1", "arn:aws:iam::000000000000:role/r2")
ARN = "arn:aws:states:us-east-1:000000000000"


class States:
    """A Step Functions that records its calls and gives what a test prepared."""

    def __init__(self, **answers):
        self.calls = []
        self.answers = answers

    def __getattr__(self, method):
        def call(**parameters):
            self.calls.append((method, parameters))
            prepared = self.answers.get(method, {})
            given = prepared(**parameters) if callable(prepared) else prepared
            if isinstance(given, Exception):
                raise given
            return {**given, "ResponseMetadata": {"HTTPStatusCode": 200}}

        return call

    def made(self, method):
        return [parameters for name, parameters in self.calls if name == method]


def refusal(operation="CreateActivity"):
    text = "Invalid Name: 'a b'"
    response: Any = {"Error": {"Code": "InvalidName", "Message": text}, "message": text, "ResponseMetadata": {}}
    return ClientError(response, operation)


def states(**parameters):
    return Call(service="stepfunctions", operation=parameters.pop("operation"), parameters=parameters)


def replayed(client, *calls, answers=None, services=None):
    case = Case(id="g/t", group="g", recorded="2024-01-01", calls=calls, answers=answers or {})
    clients = {"stepfunctions": client, **(services or {})}
    return Replay(case, World(endpoint="http://127.0.0.1:1", clients=clients, roles=ROLES))


def test_the_nth_answer_of_a_kind_is_the_nth_call():
    client = States(create_activity=lambda name: {"activityArn": f"{ARN}:activity:{name}"})
    replay = replayed(
        client, states(operation="CreateActivity", name="a"), states(operation="CreateActivity", name="b")
    )
    assert answer(replay, "create_activity_response", {}) == {"activityArn": f"{ARN}:activity:a"}
    assert answer(replay, "create_activity_response_duplicate", {}) == {"activityArn": f"{ARN}:activity:b"}


def test_a_call_waits_for_the_answer_that_needs_it():
    client = States(
        create_state_machine={"stateMachineArn": f"{ARN}:stateMachine:m"},
        list_executions={"executions": []},
    )
    replay = replayed(
        client, states(operation="CreateStateMachine"), states(operation="StartExecution", stateMachineArn="m")
    )
    answer(replay, "creation_resp", {})
    answer(replay, "list_before_execution", {})
    assert client.made("start_execution") == [], "the list is read before the execution starts"


def test_deletions_come_after_the_history():
    def history(**_):
        assert client.made("delete_activity") == [], "the execution still used the activity"
        return {"events": []}

    client = States(
        start_execution={"executionArn": f"{ARN}:execution:m:e"},
        describe_execution={"status": "SUCCEEDED"},
        get_execution_history=history,
    )
    replay = replayed(client, states(operation="StartExecution"), states(operation="DeleteActivity", activityArn="a"))
    answer(replay, "get_execution_history", {})
    replay.clean_up()
    assert len(client.made("delete_activity")) == 1


def test_a_history_has_all_its_pages():
    def page(**parameters):
        return {"events": [2]} if "nextToken" in parameters else {"events": [1], "nextToken": "t"}

    client = States(
        start_execution={"executionArn": "e"}, describe_execution={"status": "FAILED"}, get_execution_history=page
    )
    replay = replayed(client, states(operation="StartExecution"))
    assert answer(replay, "get_execution_history", {}) == {"events": [1, 2]}


def test_an_error_is_shown_as_it_was_recorded():
    client = States(create_activity=refusal())

    def shown(expected):
        return answer(replayed(client, states(operation="CreateActivity", name="a b")), "invalid_name", expected)

    assert shown({"Error": {}}) == {
        "Error": {"Code": "InvalidName", "Message": "Invalid Name: 'a b'"},
        "message": "Invalid Name: 'a b'",
    }
    assert shown({"exception_typename": ""})["exception_typename"] == "ClientError"
    assert shown("").endswith("when calling the CreateActivity operation: Invalid Name: 'a b'")


def test_endpoint_role_and_body_are_this_runs():
    s3, client = States(), States()
    replay = replayed(
        client,
        Call(service="s3", operation="PutObject", parameters={"Bucket": "b", "Key": "k", "Body": {"b64": "AQI="}}),
        states(operation="CreateStateMachine", roleArn="${ROLE_ARN}", definition="${ENDPOINT}/q"),
        states(operation="UpdateStateMachine", roleArn="${ROLE_ARN}"),
        services={"s3": s3},
    )
    replay.make_calls()
    assert s3.made("put_object") == [{"Bucket": "b", "Key": "k", "Body": b"\x01\x02"}]
    assert client.made("create_state_machine") == [{"roleArn": ROLES[0], "definition": "http://127.0.0.1:1/q"}]
    assert client.made("update_state_machine") == [{"roleArn": ROLES[1]}], "an update is seen only with another role"


def test_a_task_token_comes_from_the_cases_queue():
    body = json.dumps({"Type": "Notification", "Message": json.dumps({"TaskToken": "token"})})
    sqs = States(create_queue={"QueueUrl": "http://h/0/q"}, receive_message={"Messages": [{"Body": body}]})
    sns = States(create_topic={"TopicArn": "arn:aws:sns:us-east-1:000000000000:t"})
    client = States(start_execution={"executionArn": "e"})
    replay = replayed(
        client,
        Call(service="sns", operation="CreateTopic", parameters={"Name": "t"}),
        Call(service="sqs", operation="CreateQueue", parameters={"QueueName": "q"}),
        states(operation="StartExecution"),
        states(operation="SendTaskSuccess", taskToken="recorded", output="{}"),
        services={"sqs": sqs, "sns": sns},
    )
    replay.make_calls()
    assert client.made("send_task_success") == [{"taskToken": "token", "output": "{}"}]
    assert sns.made("subscribe")[0]["Endpoint"] == "arn:aws:sqs:us-east-1:000000000000:q"


def test_the_last_event_is_read_from_the_machines_log_group():
    entered, ended = {"id": "2", "type": "PassStateEntered"}, {"id": "4", "type": "ExecutionSucceeded"}
    logs = States(
        describe_log_streams={"logStreams": [{"logStreamName": "s"}]},
        get_log_events={"events": [{"message": json.dumps(entered)}, {"message": json.dumps(ended)}]},
    )
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/g:*"}}
    replay = replayed(
        States(),
        states(operation="CreateStateMachine", loggingConfiguration={"destinations": [destination]}),
        states(operation="StartExecution"),
        services={"logs": logs},
    )
    assert answer(replay, "end_event", {}) == ended
    assert logs.made("create_log_group") == [{"logGroupName": "/g"}], "the group is there before the machine"


def test_pages_of_executions_follow_the_token():
    def page(**parameters):
        assert parameters["maxResults"] == 10
        return {"executions": [2]} if parameters.get("nextToken") == "t" else {"executions": [1], "nextToken": "t"}

    client = States(create_state_machine={"stateMachineArn": "m"}, list_executions=page)
    replay = replayed(client, states(operation="CreateStateMachine"))
    assert answer(replay, "list-executions-page-1", {}) == {"executions": [1], "nextToken": "t"}
    assert answer(replay, "list-execution-page-2", {}) == {"executions": [2]}


def test_an_execution_that_never_ends_is_an_error(monkeypatch):
    monkeypatch.setattr(module, "CASE_SECONDS", 0.05)
    client = States(start_execution={"executionArn": "e"}, describe_execution={"status": "RUNNING"})
    with pytest.raises(ReplayError, match="for e to end"):
        answer(replayed(client, states(operation="StartExecution")), "get_execution_history", {})


def test_the_first_failure_is_told():
    client = States(create_state_machine=refusal("CreateStateMachine"), start_execution=refusal("StartExecution"))
    replay = replayed(client, states(operation="CreateStateMachine"), states(operation="StartExecution"))
    with pytest.raises(ReplayError, match="CreateStateMachine"):
        answer(replay, "get_execution_history", {})


def test_an_unknown_answer_fails_its_case():
    case = Case(id="g/t", group="g", recorded="2024-01-01", calls=(), answers={"new_kind": {}})
    result = judge(case, World(endpoint="", clients={}, roles=ROLES))
    assert result.verdict == "failed"
    assert "new_kind" in result.differences[0].got
