"""Faults that are asked for happen as they would on AWS: in the service's own words, to the requests meant, as often
as said, and to no other.
"""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.request
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlencode
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError
from botocore.serialize import create_serializer

from local import faults
from local.faults import Fault, FaultError
from local.faults.fault import PATH
from local.faults.requests import Request, Service
from local.faults.rules import Rule
from tests.local.helpers import client, make_function, make_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.model import OperationModel

    from local.server import Server

ECHO = "def handler(event, context):\n    return event\n"


@pytest.fixture(scope="module")
def bucket(whole_aws: Server) -> str:
    """A bucket with one object, ``a/one``, of 300,000 bytes."""
    name, s3 = f"bucket-{uuid4()}", client(whole_aws, "s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/one", Body=b"1" * 300_000)
    return name


@pytest.fixture(scope="module")
def table(whole_aws: Server) -> str:
    name = f"table-{uuid4()}"
    client(whole_aws, "dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture(scope="module")
def queue(whole_aws: Server) -> str:
    url: str = client(whole_aws, "sqs").create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]
    return url


@pytest.fixture(scope="module")
def function(whole_aws: Server) -> str:
    return make_function(whole_aws, ECHO)


@pytest.fixture
def call(
    whole_aws: Server, bucket: str, table: str, queue: str, function: str
) -> Iterator[Callable[[str, str], dict[str, Any]]]:
    """Call an operation on the module's resources; no rule is left behind."""
    inputs: dict[tuple[str, str], dict[str, Any]] = {
        ("s3", "GetObject"): {"Bucket": bucket, "Key": "a/one"},
        ("s3", "HeadObject"): {"Bucket": bucket, "Key": "a/one"},
        ("s3", "PutObject"): {"Bucket": bucket, "Key": "a/new", "Body": b"2" * 3_000_000},
        ("s3", "ListObjectsV2"): {"Bucket": bucket, "Prefix": "a/"},
        ("dynamodb", "PutItem"): {"TableName": table, "Item": {"id": {"S": "1"}}},
        ("dynamodb", "GetItem"): {"TableName": table, "Key": {"id": {"S": "1"}}},
        ("sqs", "SendMessage"): {"QueueUrl": queue, "MessageBody": "hello"},
        ("lambda", "Invoke"): {"FunctionName": function, "Payload": b'{"a": 1}'},
        ("stepfunctions", "ListStateMachines"): {},
        ("sns", "ListTopics"): {},
        ("ec2", "DescribeRegions"): {},
        ("sts", "GetCallerIdentity"): {},
    }

    def call(service: str, operation: str) -> dict[str, Any]:
        answer: dict[str, Any] = client(whole_aws, service)._make_api_call(operation, inputs[service, operation])
        return answer

    yield call
    faults.clear(whole_aws.endpoint)


# --- each protocol -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "code", "status", "exception"),
    [
        ("s3", "GetObject", "SlowDown", 503, "ClientError"),
        ("s3", "PutObject", "SlowDown", 503, "ClientError"),
        ("s3", "ListObjectsV2", "NoSuchBucket", 404, "NoSuchBucket"),
        (
            "dynamodb",
            "PutItem",
            "ProvisionedThroughputExceededException",
            400,
            "ProvisionedThroughputExceededException",
        ),
        ("dynamodb", "GetItem", "ThrottlingException", 400, "ThrottlingException"),
        ("dynamodb", "GetItem", "InternalServerError", 500, "InternalServerError"),
        ("sqs", "SendMessage", "RequestThrottled", 403, "RequestThrottled"),
        ("lambda", "Invoke", "TooManyRequestsException", 429, "TooManyRequestsException"),
        ("lambda", "Invoke", "ServiceException", 500, "ServiceException"),
        ("stepfunctions", "ListStateMachines", "ThrottlingException", 400, "ClientError"),
        ("sns", "ListTopics", "InternalError", 500, "InternalErrorException"),
        ("ec2", "DescribeRegions", "RequestLimitExceeded", 503, "ClientError"),
        ("sts", "GetCallerIdentity", "Throttling", 400, "ClientError"),
    ],
)
def test_an_error_reads_as_the_service_words_it(whole_aws, call, service, operation, code, status, exception):
    given: dict[str, Any] = {"status": 503} if code == "RequestLimitExceeded" else {}  # no model has it
    fault = Fault(service=service, operation=operation, code=code, message="of <ours>", **given)
    with faults.injected(whole_aws.endpoint, fault), pytest.raises(ClientError) as raised:
        call(service, operation)
    answer = raised.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (code, "of <ours>")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert answer["ResponseMetadata"]["RequestId"], "a request that failed has an id too"
    assert type(raised.value).__name__ == exception, "SDKs find the exception that the service's model has"
    call(service, operation)


def test_a_head_request_gets_the_status_alone(whole_aws, call):
    with (
        faults.injected(whole_aws.endpoint, Fault(service="s3", operation="HeadObject", code="SlowDown")),
        pytest.raises(ClientError) as raised,
    ):
        call("s3", "HeadObject")
    assert raised.value.response["Error"]["Code"] == "503", "an answer to HEAD has no body to name an error in"


def test_a_queue_asked_in_the_older_protocol_answers_in_it(whole_aws, queue):
    """SQS has two protocols, and clients of the query one cannot read JSON."""
    scope = "20260101/us-east-1/sqs/aws4_request"
    request = urllib.request.Request(
        whole_aws.endpoint,
        data=urlencode({"Action": "SendMessage", "QueueUrl": queue, "MessageBody": "x"}).encode(),
        headers={"Authorization": f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=0"},
    )
    fault = Fault(service="sqs", resource={"QueueUrl": queue}, code="RequestThrottled")
    with faults.injected(whole_aws.endpoint, fault), pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=10)
    with raised.value as answer:
        assert answer.code == 403
        assert b"<Error><Type>Sender</Type><Code>RequestThrottled</Code>" in answer.read()


def test_messages_are_aws_own_when_none_is_given(whole_aws, call):
    with (
        faults.injected(whole_aws.endpoint, Fault(service="s3", operation="GetObject", code="SlowDown")),
        pytest.raises(ClientError, match=r"Please reduce your request rate\."),
    ):
        call("s3", "GetObject")


# --- each kind -----------------------------------------------------------------------------------------------------


def test_what_is_refused_is_not_done(whole_aws, call, bucket):
    fault = Fault(service="s3", operation="PutObject", resource={"Key": "a/refused"}, code="SlowDown")
    s3 = client(whole_aws, "s3")
    with faults.injected(whole_aws.endpoint, fault):
        with pytest.raises(ClientError):
            s3.put_object(Bucket=bucket, Key="a/refused", Body=b"x")
        with pytest.raises(ClientError, match="404"):
            s3.head_object(Bucket=bucket, Key="a/refused")


def test_a_reset_does_nothing_and_a_lost_answer_is_of_something_done(whole_aws, bucket):
    s3 = client(whole_aws, "s3")
    kinds: tuple[tuple[Any, bool], ...] = (("reset", False), ("lost", True))
    for kind, exists in kinds:
        key = f"{kind}/object"
        fault = Fault(service="s3", operation="PutObject", kind=kind, resource={"Key": key})
        with faults.injected(whole_aws.endpoint, fault), pytest.raises(ConnectionClosedError):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 3_000_000)
        assert (s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 1) is exists


def test_an_answer_is_cut_in_the_middle(whole_aws, call):
    with faults.injected(whole_aws.endpoint, Fault(service="s3", operation="GetObject", kind="cut")):
        body = call("s3", "GetObject")["Body"]
        with pytest.raises(ResponseStreamingError, match="150000 bytes read, 150000 more expected"):
            body.read()
    assert len(call("s3", "GetObject")["Body"].read()) == 300_000


def test_a_delay_holds_a_request_and_then_lets_it_go_on(whole_aws, call):
    fault = Fault(service="sqs", operation="SendMessage", kind="delay", delay=0.3)
    with faults.injected(whole_aws.endpoint, fault):
        began = time.monotonic()
        assert call("sqs", "SendMessage")["MessageId"]
        assert time.monotonic() - began >= 0.3


def test_a_client_gives_up_on_what_is_held_for_longer_than_it_waits(whole_aws):
    fault = Fault(service="dynamodb", operation="ListTables", kind="delay", delay=0.6)
    with faults.injected(whole_aws.endpoint, fault), pytest.raises(ReadTimeoutError):
        client(whole_aws, "dynamodb", read_timeout=0.2).list_tables()


def test_a_function_fails_without_being_run(whole_aws, call, function):
    fault = Fault(service="lambda", operation="Invoke", kind="function_error", code="MemoryError", message="no more")
    aws_lambda = client(whole_aws, "lambda")
    with faults.injected(whole_aws.endpoint, fault) as rules:
        answer = call("lambda", "Invoke")
        assert answer["FunctionError"] == "Unhandled"
        told = json.load(answer["Payload"])
        assert (told["errorType"], told["errorMessage"]) == ("MemoryError", "no more")
        queued = aws_lambda.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
        assert queued["StatusCode"] == 202, "who does not wait for the function is not told how it ended"
        assert rules.counts()[0].fired == 1
    assert json.load(call("lambda", "Invoke")["Payload"]) == {"a": 1}


def test_a_batch_is_answered_with_nothing_of_it_done(whole_aws, table, queue):
    dynamodb, sqs = client(whole_aws, "dynamodb"), client(whole_aws, "sqs")
    write = {table: [{"PutRequest": {"Item": {"id": {"S": "in a batch"}}}}]}
    keys = {table: {"Keys": [{"id": {"S": "in a batch"}}]}}
    entries = [{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "2"}]
    rules = (
        Fault(service="dynamodb", operation="BatchWriteItem", kind="unprocessed", first=1),
        Fault(service="dynamodb", operation="BatchGetItem", kind="unprocessed", first=1),
        Fault(service="sqs", operation="SendMessageBatch", kind="unprocessed", first=1),
    )
    with faults.injected(whole_aws.endpoint, *rules):
        assert dynamodb.batch_write_item(RequestItems=write)["UnprocessedItems"] == write
        assert "Item" not in dynamodb.get_item(TableName=table, Key=keys[table]["Keys"][0])
        assert dynamodb.batch_write_item(RequestItems=write)["UnprocessedItems"] == {}
        assert dynamodb.batch_get_item(RequestItems=keys)["UnprocessedKeys"] == keys
        assert dynamodb.batch_get_item(RequestItems=keys)["Responses"][table] == [{"id": {"S": "in a batch"}}]
        answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        assert [(entry["Id"], entry["SenderFault"]) for entry in answer["Failed"]] == [("a", False), ("b", False)]
        assert len(sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]) == 2


SLEEPER = "import os, time\ndef handler(event, context):\n    time.sleep(event)\n    return os.getpid()\n"


def test_a_function_is_killed_while_it_works_and_the_next_call_finds_a_new_process(whole_aws):
    aws_lambda, name = client(whole_aws, "lambda"), make_function(whole_aws, SLEEPER)

    def invoke(seconds: float) -> tuple[str | None, Any]:
        answer = aws_lambda.invoke(FunctionName=name, Payload=json.dumps(seconds))
        return answer.get("FunctionError"), json.load(answer["Payload"])

    of: dict[str, Any] = {"service": "lambda", "operation": "Invoke", "resource": {"FunctionName": name}}
    _, first = invoke(0)
    with faults.injected(whole_aws.endpoint, Fault(**of, kind="kill", delay=0.3)):
        assert invoke(0) == (None, first), "who is done before lives on"
        began = time.monotonic()
        failed, told = invoke(5)
        assert time.monotonic() - began < 3
    assert (failed, told["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "signal: killed" in told["errorMessage"]
    _, second = invoke(0)
    assert second != first


# --- which requests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "hit"),
    [
        ({"TableName": "{table}"}, True),
        ({"TableName": "table-*"}, True),
        ({"TableName": "other"}, False),
        ({"Item": "id"}, True),
        ({"Item": "name"}, False),
        ({"ConditionExpression": "*"}, False),
    ],
)
def test_a_rule_names_resources_by_the_operations_own_input(whole_aws, call, table, resource, hit):
    named = {member: text.format(table=table) for member, text in resource.items()}
    fault = Fault(service="dynamodb", operation="PutItem", resource=named, code="ThrottlingException")
    with faults.injected(whole_aws.endpoint, fault) as rules:
        if hit:
            with pytest.raises(ClientError):
                call("dynamodb", "PutItem")
        else:
            call("dynamodb", "PutItem")
        call("dynamodb", "GetItem")
        assert rules.counts()[0].matched == hit


def test_batch_writes_are_found_by_their_table(whole_aws, table):
    fault = Fault(
        service="dynamodb", operation="BatchWriteItem", resource={"RequestItems": table}, code="ThrottlingException"
    )
    write = {table: [{"PutRequest": {"Item": {"id": {"S": "2"}}}}]}
    with faults.injected(whole_aws.endpoint, fault), pytest.raises(ClientError):
        client(whole_aws, "dynamodb").batch_write_item(RequestItems=write)


def test_objects_are_found_by_prefix_and_buckets_by_name(whole_aws, bucket):
    s3 = client(whole_aws, "s3")
    s3.put_object(Bucket=bucket, Key="b/two words", Body=b"2")
    fault = Fault(service="s3", resource={"Bucket": bucket, "Key": "b/two w*"}, code="SlowDown")
    with faults.injected(whole_aws.endpoint, fault):
        s3.get_object(Bucket=bucket, Key="a/one")
        with pytest.raises(ClientError):
            s3.get_object(Bucket=bucket, Key="b/two words")
        with pytest.raises(ClientError):
            s3.delete_object(Bucket=bucket, Key="b/two words")


def test_presigned_requests_are_recognised(whole_aws, bucket):
    s3 = client(whole_aws, "s3", signature_version="s3v4")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a/one"})
    with (
        faults.injected(whole_aws.endpoint, Fault(service="s3", operation="GetObject", code="SlowDown")),
        pytest.raises(urllib.error.HTTPError, match="503"),
    ):
        urllib.request.urlopen(url, timeout=10)


def test_other_services_go_on(whole_aws, call):
    with faults.injected(whole_aws.endpoint, Fault(service="s3", code="SlowDown")):
        call("dynamodb", "PutItem")
        call("sts", "GetCallerIdentity")


def test_rules_are_asked_in_their_order_and_a_delay_lets_others_strike(whole_aws, call):
    of: dict[str, Any] = {"service": "sqs", "operation": "SendMessage"}
    wait, throttle, fail = (
        Fault(**of, kind="delay", delay=0.2),
        Fault(**of, code="RequestThrottled", first=1),
        Fault(**of, code="InternalFailure"),
    )
    with faults.injected(whole_aws.endpoint, wait, throttle, fail) as rules:
        codes = []
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(ClientError) as raised:
                call("sqs", "SendMessage")
            assert time.monotonic() - began >= 0.2
            codes.append(raised.value.response["Error"]["Code"])
        assert codes == ["RequestThrottled", "InternalFailure"]
        assert [(each.matched, each.fired) for each in rules.counts()] == [(2, 2), (2, 1), (1, 1)]


def example(shape: Any, depth: int = 0) -> Any:
    """The least input that a shape allows."""
    if shape is None or depth > 4:
        return {}
    match shape.type_name:
        case "structure":
            members = shape.members.items()
            return {name: example(member, depth + 1) for name, member in members if name in shape.required_members}
        case "list":
            return [example(shape.member, depth + 1)]
        case "map":
            return {"k": example(shape.value, depth + 1)}
        case "string":
            return shape.enum[0] if shape.enum else "abc123"
        case "blob":
            return b"x"
        case "boolean":
            return True
        case _:
            return 7


def wire(service: Service, operation: OperationModel) -> tuple[Request, bytes]:
    """The operation's request as botocore writes it."""
    serializer = create_serializer(service.protocol, include_validation=False)
    made = serializer.serialize_to_request(example(operation.input_shape), operation)
    body = made["body"]
    raw = urlencode(body).encode() if isinstance(body, dict) else body.encode() if isinstance(body, str) else body
    path, _, query = made["url_path"].partition("?")
    queried = parse_qs(query, keep_blank_values=True)
    given = made["query_string"] or {}
    queried |= {name: value if isinstance(value, list) else [str(value)] for name, value in given.items()}
    request = Request(
        service=service.model.signing_name,
        method=made["method"],
        path=unquote(path),
        query=queried,
        headers={name.lower(): str(value) for name, value in made["headers"].items()},
    )
    return request, raw if isinstance(raw, bytes) else b""


@pytest.mark.parametrize("name", ["s3", "lambda", "dynamodb", "sqs", "stepfunctions", "sns", "sts", "scheduler", "ec2"])
def test_every_operation_of_a_service_is_recognised(name):
    service = Service(name)
    # Differs from ListBuckets by its host alone, which is the same for all services here.
    same_on_localhost = {"ListDirectoryBuckets"}
    for operation in service.operations:
        if operation.deprecated or operation.name in same_on_localhost:
            continue
        found = service.recognise(*wire(service, operation))
        assert found is not None, f"{name} {operation.name} is not recognised"
        assert found[0].name == operation.name


# --- when ----------------------------------------------------------------------------------------------------------


def struck(count: int, **when: Any) -> list[int]:
    """Which of so many matching requests a rule strikes, from 1."""
    rule = Rule(Fault(service="sqs", code="InternalFailure", **when))
    return [number for number in range(1, count + 1) if rule.fires()]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"first": 3}, [1, 2, 3]),
        ({"every": 4}, [4, 8]),
        ({"after": 7}, [8, 9]),
        ({"after": 2, "first": 4, "every": 2}, [4, 6]),
        ({"probability": 1}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_a_rule_strikes_the_requests_that_are_its_turn(when, expected):
    assert struck(9, **when) == expected


def test_chance_repeats_itself_for_a_seed_and_keeps_to_the_probability():
    one = struck(10_000, probability=0.05, seed=1)
    assert one == struck(10_000, probability=0.05, seed=1)
    assert one != struck(10_000, probability=0.05, seed=2)
    assert 391 <= len(one) <= 609, "500 expected, five standard deviations of a binomial either way"
    gaps = [after - before for before, after in pairwise(one)]
    assert max(gaps) > 40, "drawn for each request, not every twentieth"


def test_a_time_begins_with_the_first_request_that_matches(monkeypatch):
    now = random.Random(1).random() * 1_000
    monkeypatch.setattr("local.faults.rules.time.monotonic", lambda: now)
    rule = Rule(Fault(service="sqs", code="InternalFailure", seconds=2, after=1))
    now += 100
    assert not rule.fires()
    now += 100
    assert rule.fires()
    now += 1.9
    assert rule.fires()
    now += 0.2
    assert not rule.fires()
    assert (rule.matched, rule.fired) == (4, 2)


# --- setting rules -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "a rule is a JSON object, not []"),
        ({"servce": "s3"}, "'servce' is no field of a rule: the fields are service, operation, resource, kind"),
        ({}, "service must be what boto3 calls a service"),
        ({"service": "states"}, "service 'states' is not one that boto3 knows: did you mean stepfunctions?"),
        ({"service": "dynamo"}, "did you mean dynamodb or dynamodbstreams?"),
        (
            {"service": "s3", "kind": "fail"},
            "kind must be one of error, unprocessed, function_error, kill, delay, reset, lost, cut",
        ),
        ({"service": "s3", "kind": "function_error"}, "kind function_error is for service lambda, operation Invoke"),
        ({"service": "lambda", "kind": "kill"}, "kind kill is for service lambda, operation Invoke"),
        ({"service": "sqs", "kind": "unprocessed"}, "is for service and operation dynamodb BatchWriteItem, dynamodb B"),
        ({"service": "s3", "kind": "delay"}, "kind delay needs delay"),
        ({"service": "s3", "operation": "ReadObject"}, "operation 'ReadObject' is none of s3: did you mean "),
        ({"service": "s3", "resource": "b"}, "resource must be an object of patterns by input member"),
        ({"service": "dynamodb", "resource": {"Tablename": "t"}}, "did you mean TableName"),
        ({"service": "s3", "operation": "PutObject", "resource": {"Body": "x"}}, "has in path, query or headers"),
        ({"service": "s3"}, "kind error needs code"),
        ({"service": "s3", "code": "Slow down"}, "code must be 1 to 128 letters"),
        ({"service": "s3", "kind": "reset", "code": "SlowDown"}, "code and message are for kinds error and"),
        ({"service": "s3", "code": "SlowDown", "message": 1}, "message must be a text, not 1"),
        ({"service": "s3", "code": "OfMine"}, "status is needed: the model of s3 has no error OfMine"),
        (
            {"service": "s3", "code": "SlowDown", "status": 200},
            "status must be an HTTP status from 400 to 599, not 200",
        ),
        ({"service": "s3", "kind": "reset", "status": 500}, "status is for kind error, not for reset"),
        ({"service": "s3", "code": "SlowDown", "first": 0}, "first must be a whole number from 1 to 1,000,000,000"),
        ({"service": "s3", "code": "SlowDown", "every": 1.5}, "every must be a whole number from 1"),
        ({"service": "s3", "code": "SlowDown", "probability": 5}, "probability must be a number over 0 and at most 1"),
        ({"service": "s3", "code": "SlowDown", "seconds": True}, "seconds must be a number over 0 and at most 3600"),
        ({"service": "s3", "code": "SlowDown", "delay": -1}, "delay must be a number over 0 and at most 3600, not -1"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_the_field_and_what_it_may_be(whole_aws, given, says):
    status, answer = administer(whole_aws, "POST", PATH, json.dumps(given).encode())
    assert status == 400
    assert says in answer["message"]
    assert faults.counts(whole_aws.endpoint) == (), "nothing of it is in force"


def test_what_is_no_json_is_refused(whole_aws):
    status, answer = administer(whole_aws, "POST", PATH, b"{")
    assert (status, answer["message"][:24]) == (400, "a rule is a JSON object:")


def administer(server: Server, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(f"{server.endpoint}{path}", data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_rules_are_listed_with_their_counts_and_removed_one_by_one_or_all(whole_aws, call):
    throttle = Fault(service="sqs", operation="SendMessage", code="RequestThrottled", every=2)
    one = faults.inject(whole_aws.endpoint, throttle)
    faults.inject(whole_aws.endpoint, Fault(service="s3", code="SlowDown"))
    call("sqs", "SendMessage")
    with pytest.raises(ClientError):
        call("sqs", "SendMessage")
    first, second = faults.counts(whole_aws.endpoint)
    assert (first.id, first.fault, first.matched, first.fired) == (one, throttle, 2, 1)
    assert (second.matched, second.fired) == (0, 0)
    assert faults.clear(whole_aws.endpoint, one) == (first,)
    call("sqs", "SendMessage")
    assert faults.clear(whole_aws.endpoint) == (second,)
    assert faults.counts(whole_aws.endpoint) == ()
    with pytest.raises(FaultError, match=f"there is no rule {one}"):
        faults.clear(whole_aws.endpoint, one)


def test_a_block_leaves_no_rule_behind_whatever_ends_it(whole_aws):
    fault = Fault(service="s3", code="SlowDown")
    with pytest.raises(RuntimeError), faults.injected(whole_aws.endpoint, fault):
        raise RuntimeError
    assert faults.counts(whole_aws.endpoint) == ()
    with pytest.raises(FaultError, match="needs code"), faults.injected(whole_aws.endpoint, fault, Fault(service="s3")):
        pytest.fail("one of the rules is none")
    assert faults.counts(whole_aws.endpoint) == (), "the good ones are not left either"
    with faults.injected(whole_aws.endpoint, fault) as rules:
        pass
    assert rules.counts()[0].fault == fault, "counts can be read after the block"


def test_a_function_cannot_set_rules_with_its_role(whole_aws):
    made = client(whole_aws, "sts").assume_role(RoleArn=make_role(whole_aws, "states"), RoleSessionName="caller")[
        "Credentials"
    ]
    scope = f"{made['AccessKeyId']}/20260101/us-east-1/s3/aws4_request"
    status, answer = administer(whole_aws, "DELETE", PATH, Authorization=f"AWS4-HMAC-SHA256 Credential={scope}, x")
    assert (status, answer["message"]) == (403, "rules are set with root credentials, or unsigned")


def test_other_methods_are_refused(whole_aws):
    status, answer = administer(whole_aws, "PUT", PATH, b"{}")
    assert status == 405
    assert "POST /_distmap/faults" in answer["message"]


def test_no_server_is_one_line():
    with pytest.raises(FaultError, match=r"does not answer at http://127\.0\.0\.1:9"):
        faults.counts("http://127.0.0.1:9")
