"""Tasks against services over HTTP: results, error names and causes."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from aiohttp import web

from local.stepfunctions.errors import RuntimeFailure, StatesError
from local.stepfunctions.integrations import resolve

INVOKE = "arn:aws:states:::lambda:invoke"
SEND = "arn:aws:states:::sqs:sendMessage"
UUID = "[0-9a-f-]{36}"


@pytest.fixture(scope="module")
def queue(boto):
    return boto("sqs").create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"]


@pytest.fixture(scope="module")
def table(boto):
    name = f"table-{uuid.uuid4()}"
    boto("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def check_metadata(result, content_type, *more):
    http = result["SdkHttpMetadata"]
    request_id = result["SdkResponseMetadata"]["RequestId"]
    assert http["HttpStatusCode"] == 200
    headers = http["HttpHeaders"]
    assert http["AllHttpHeaders"] == {name: [value] for name, value in headers.items()}
    assert set(headers) == {"connection", "Content-Length", "Content-Type", "Date", "x-amzn-RequestId", *more}
    assert headers["Content-Type"] == content_type
    assert headers["x-amzn-RequestId"] == request_id


@pytest.mark.aws("documented")
def test_lambda_invoke_gives_the_response_with_its_payload_parsed(run_task, function):
    payload = {"a": [1, 2.5, "ü", None], "b": {"c": True}}
    result = run_task(INVOKE, {"FunctionName": function, "Payload": payload})
    check_metadata(result, "application/json", "X-Amz-Executed-Version")
    assert set(result) == {"ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"}
    assert (result["ExecutedVersion"], result["StatusCode"], result["Payload"]) == ("$LATEST", 200, payload)


@pytest.mark.aws("documented")
@pytest.mark.parametrize("payload", ["text", 5, None, [1], {}])
def test_a_payload_may_be_any_json_and_none_is_an_empty_object(run_task, function, payload):
    assert run_task(INVOKE, {"FunctionName": function, "Payload": payload})["Payload"] == payload
    assert run_task(INVOKE, {"FunctionName": function})["Payload"] == {}


@pytest.mark.aws("documented")
def test_a_function_is_found_by_arn_and_qualifier(run_task, function):
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    for name in (arn, f"{arn}:1", f"{function}:1"):
        assert run_task(INVOKE, {"FunctionName": name, "Payload": {"n": 1}})["Payload"] == {"n": 1}
    assert run_task(INVOKE, {"FunctionName": f"{arn}:1"})["ExecutedVersion"] == "1"
    assert run_task(arn, {"n": 1}) == {"n": 1}, "the ARN as the resource gives the payload alone"
    assert run_task(f"{arn}:1", [1, "two"]) == [1, "two"]


@pytest.mark.aws("documented")
def test_an_event_invocation_is_only_accepted(run_task, function):
    result = run_task(INVOKE, {"FunctionName": function, "InvocationType": "Event", "Payload": {"raise": "x"}})
    assert result["StatusCode"] == 202
    assert result["SdkHttpMetadata"]["HttpStatusCode"] == 202


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("direct", [False, True])
def test_an_exception_fails_the_task_under_its_own_type(run_against, direct):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    told = b'{"errorMessage":"why","errorType":"OddError","requestId":"r","stackTrace":["line"]}'

    async def handler(request):
        return web.Response(body=told, headers={"X-Amz-Function-Error": "Unhandled"})

    with pytest.raises(StatesError) as failure:
        run_against(handler, arn if direct else INVOKE, {} if direct else {"FunctionName": arn})
    assert failure.value.name == "OddError"
    assert failure.value.cause == told.decode(), "the cause is the payload as Lambda wrote it"


@pytest.mark.aws("documented")
def test_the_sdk_form_of_invoke_gives_the_envelope_instead_of_failing(run_task, function):
    resource = "arn:aws:states:::aws-sdk:lambda:invoke"
    result = run_task(resource, {"FunctionName": function, "Payload": {"raise": "x"}})
    assert result["FunctionError"] == "Unhandled"
    assert "errorMessage" in json.loads(result["Payload"])
    assert "SdkHttpMetadata" not in result


@pytest.mark.aws("documented")
def test_a_missing_function_is_named_as_the_first_sdk_does(failure_of):
    name, cause = failure_of(INVOKE, {"FunctionName": "nobody"})
    assert name == "Lambda.ResourceNotFoundException"
    assert re.fullmatch(
        r"Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody \(Service: AWSLambda; "
        rf"Status Code: 404; Error Code: ResourceNotFoundException; Request ID: {UUID}; Proxy: null\)",
        cause,
    )


@pytest.mark.aws("recorded")
def test_a_failure_without_a_type_is_lambda_unknown(run_against):
    async def handler(request):
        return web.Response(body=b'{"errorMessage":"Task timed out"}', headers={"X-Amz-Function-Error": "Unhandled"})

    with pytest.raises(StatesError) as failure:
        run_against(handler, INVOKE, {"FunctionName": "f"})
    assert failure.value.name == "Lambda.Unknown"
    assert failure.value.cause == (
        "The cause could not be determined because Lambda did not return an error type. "
        'Returned payload: {"errorMessage":"Task timed out"}'
    )


def test_parameters_that_cannot_start_the_task_are_a_runtime_failure(failure_of):
    assert failure_of(INVOKE, {"FunctionName": "f", "Colour": 1}) == (
        RuntimeFailure.NAME,
        (
            """The Parameters '{"FunctionName":"f","Colour":1}' could not be used to start the Task: """
            '[The field "Colour" is not supported by Step Functions]'
        ),
    )
    assert "The field 'FunctionName' is required but was missing" in failure_of(INVOKE, {"Payload": 1})[1]
    assert failure_of(SEND, "text")[0] == RuntimeFailure.NAME


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("body", ["text", {"Message": "m", "n": [1]}])
def test_sqs_send_message_gives_ids_and_metadata_and_sends_objects_as_text(run_task, boto, queue, body):
    result = run_task(SEND, {"QueueUrl": queue, "MessageBody": body})
    check_metadata(result, "application/x-amz-json-1.0")
    assert set(result) == {"MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"}
    (message,) = boto("sqs").receive_message(QueueUrl=queue)["Messages"]
    boto("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert message["MessageId"] == result["MessageId"]
    assert message["Body"] == (body if isinstance(body, str) else '{"Message":"m","n":[1]}')


@pytest.mark.aws("recorded")
def test_a_queue_on_an_unknown_host_is_a_client_exception(failure_of):
    assert failure_of(SEND, {"QueueUrl": "http://no-such-queue-73e08fde", "MessageBody": "x"}) == (
        "SQS.SdkClientException",
        "Unable to execute HTTP request: no-such-queue-73e08fde: Name or service not known",
    )


@pytest.mark.aws("recorded")
def test_a_missing_body_is_an_sqs_exception(failure_of, queue):
    assert failure_of(SEND, {"QueueUrl": queue})[0] == "SQS.AmazonSQSException"


@pytest.mark.aws("recorded")
def test_sns_publish_gives_the_id_and_metadata(run_task, boto):
    topic = boto("sns").create_topic(Name="tasks")["TopicArn"]
    result = run_task("arn:aws:states:::sns:publish", {"TopicArn": topic, "Message": {"arg1": "Hello"}})
    check_metadata(result, "text/xml")
    assert set(result) == {"MessageId", "SdkHttpMetadata", "SdkResponseMetadata"}


@pytest.mark.aws("documented")
def test_dynamodb_actions_take_and_give_typed_values(run_task, table):
    item = {"id": {"S": "id1"}, "n": {"N": "5"}, "m": {"M": {"list": {"L": [{"BOOL": True}]}}}}
    assert "Item" not in run_task("arn:aws:states:::dynamodb:putItem", {"TableName": table, "Item": item})
    key = {"TableName": table, "Key": {"id": {"S": "id1"}}}
    found = run_task("arn:aws:states:::dynamodb:getItem", key)
    assert found["Item"] == item
    check_metadata(found, "application/x-amz-json-1.0", "x-amz-crc32")
    update = {
        **key,
        "UpdateExpression": "SET n = n + :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
        "ReturnValues": "UPDATED_NEW",
    }
    assert run_task("arn:aws:states:::dynamodb:updateItem", update)["Attributes"] == {"n": {"N": "6"}}
    run_task("arn:aws:states:::dynamodb:deleteItem", key)
    assert "Item" not in run_task("arn:aws:states:::dynamodb:getItem", key)
    assert run_task("arn:aws:states:::aws-sdk:dynamodb:putItem", {"TableName": table, "Item": item}) == {}


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("parameters", "name", "message", "code"),
    [
        (
            {"TableName": "no_such_table", "Item": {"id": {"S": "id1"}}},
            "DynamoDB.ResourceNotFoundException",
            "Requested resource not found",
            "ResourceNotFoundException",
        ),
        (
            {"TableName": "no_such_table", "Item": None},
            "DynamoDB.AmazonDynamoDBException",
            "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null",
            "ValidationException",
        ),
        (
            {"TableName": "/invalid", "Item": {"id": {"S": "id1"}}},
            "DynamoDB.AmazonDynamoDBException",
            (
                "1 validation error detected: Value '/invalid' at 'tableName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
            ),
            "ValidationException",
        ),
    ],
)
def test_dynamodb_failures_read_as_recorded(failure_of, parameters, name, message, code):
    found, cause = failure_of("arn:aws:states:::dynamodb:putItem", parameters)
    assert found == name
    facts = rf"\(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: {code}; Request ID: {UUID}; Proxy: null\)"
    assert re.fullmatch(f"{re.escape(message)} {facts}", cause)


@pytest.mark.aws("recorded")
def test_the_sdk_form_names_dynamodb_as_the_second_sdk_does(failure_of):
    resource = "arn:aws:states:::aws-sdk:dynamodb:getItem"
    name, cause = failure_of(resource, {"TableName": "no_such_table", "Key": {"id": {"S": "1"}}})
    assert name == "DynamoDb.ResourceNotFoundException"
    assert re.fullmatch(rf"Requested .*\(Service: DynamoDB, Status Code: 400, Request ID: {UUID}\)", cause)


@pytest.mark.aws("documented")
def test_events_take_any_detail_and_name_their_execution(run_task, boto, execution_arn):
    rule, events, sqs = f"rule-{uuid.uuid4()}", boto("events"), boto("sqs")
    queue = sqs.create_queue(QueueName=rule)["QueueUrl"]
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    arn = f"arn:aws:sqs:us-east-1:000000000000:{rule}"
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
    entry = {"Source": rule, "DetailType": "t", "Detail": {"a": {"b": 1}}, "Resources": ["mine"]}
    result = run_task("arn:aws:states:::events:putEvents", {"Entries": [entry]})
    assert result["FailedEntryCount"] == 0
    assert result["Entries"][0]["EventId"]
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    event = json.loads(message["Body"])
    assert event["detail"] == {"a": {"b": 1}}
    assert event["resources"] == ["mine", execution_arn, "arn:aws:states:us-east-1:000000000000:stateMachine:machine"]


@pytest.mark.aws("documented")
def test_a_refused_entry_fails_the_task(run_against):
    async def handler(request):
        body = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "no"}]}
        return web.json_response(body, content_type="application/x-amz-json-1.1")

    with pytest.raises(StatesError) as failure:
        run_against(handler, "arn:aws:states:::events:putEvents", {"Entries": [{"Detail": {}}]})
    assert failure.value.name == "EventBridge.FailedEntry"
    assert json.loads(failure.value.cause or "")["Entries"][0]["ErrorCode"] == "InternalFailure"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("resource", "parameters", "name", "message"),
    [
        ("getObject", {"Key": "no_such_key.json"}, "S3.NoSuchKeyException", "The specified key does not exist."),
        ("headObject", {"Key": "no_such_key.json"}, "S3.NoSuchKeyException", "Not Found"),
        ("listObjects", {"Bucket": "none"}, "S3.NoSuchBucketException", "The specified bucket does not exist"),
    ],
)
def test_s3_failures_read_as_recorded(failure_of, boto, resource, parameters, name, message):
    bucket = f"tasks-{uuid.uuid4()}"
    boto("s3").create_bucket(Bucket=bucket)
    found, cause = failure_of(f"arn:aws:states:::aws-sdk:s3:{resource}", {"Bucket": bucket, **parameters})
    assert found == name
    facts = r"\(Service: S3, Status Code: 404, Request ID: \S+, Extended Request ID: \S+\)"
    assert re.fullmatch(f"{re.escape(message)} {facts}", cause)


@pytest.mark.aws("recorded")
def test_s3_get_object_gives_its_body_as_text_and_its_time_in_iso_8601(run_task, boto):
    bucket = f"tasks-{uuid.uuid4()}"
    boto("s3").create_bucket(Bucket=bucket)
    put = run_task("arn:aws:states:::aws-sdk:s3:putObject", {"Bucket": bucket, "Key": "k", "Body": {"a": "ü"}})
    assert set(put) >= {"ETag"}
    result = run_task("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "k"})
    assert result["Body"] == '{"a":"ü"}'
    assert result["ContentLength"] == 10
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["LastModified"])
    assert "ResponseMetadata" not in result


def test_an_error_that_the_model_does_not_have_is_the_services_own(failure_of, make_role):
    name, cause = failure_of("arn:aws:states:::aws-sdk:s3:listBuckets", {}, make_role())
    assert name == "S3.S3Exception"
    assert "is not authorized to perform: s3:ListAllMyBuckets" in cause


def test_a_role_that_cannot_be_assumed_is_a_permissions_failure(failure_of):
    nobody = "arn:aws:iam::000000000000:role/nobody"
    assert failure_of("arn:aws:states:::aws-sdk:s3:listBuckets", {}, nobody)[0] == "States.Permissions"


@pytest.mark.parametrize(
    ("resource", "template", "problems"),
    [
        (INVOKE, {"FunctionName.$": "$.f", "Payload": {"Any": {"Thing.$": "$"}}}, []),
        (INVOKE, {"Payload": 1}, ["The field 'FunctionName' is required but was missing"]),
        (INVOKE, {"FunctionName": "f", "Colour": 1}, ["The field 'Colour' is not supported by Step Functions"]),
        (INVOKE, "{% $states.input %}", []),
        (SEND, {"QueueUrl": "q", "MessageBody": {"any": {"thing": 1}}}, []),
        ("arn:aws:states:::events:putEvents", {"Entries": [{"Detail": {"any": 1}, "Source.$": "$.s"}]}, []),
        (
            "arn:aws:states:::aws-sdk:ecs:updateService",
            {"Service": "s", "NetworkConfiguration": {"Nope": 1}, "desiredCount": 2},
            [f"The field '{name}' is not supported by Step Functions" for name in ("desiredCount", "Nope")],
        ),
        ("arn:aws:lambda:us-east-1:000000000000:function:f", {"any": "thing"}, []),
    ],
)
def test_literal_fields_are_checked_when_the_machine_is_created(resource, template, problems):
    assert resolve(resource).problems(template) == problems
