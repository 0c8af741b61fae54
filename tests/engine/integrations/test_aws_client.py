"""The client: what it sends, when it tries again, and that nothing hangs it."""

from __future__ import annotations

import asyncio
import time
import uuid

import pytest
from aiohttp import web
from botocore.exceptions import ParamValidationError

from local.stepfunctions.integrations import aws
from local.stepfunctions.integrations.aws import AwsError, AwsSession, Credentials
from local.stepfunctions.integrations.services import UnknownOperationError

INVOKE = ("Invoke", {"FunctionName": "f", "Payload": b"{}"})


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch):
    monkeypatch.setattr(aws, "MAX_BACKOFF_SECONDS", 0.01)


def test_bytes_and_odd_keys_reach_s3_and_come_back_unchanged(with_session):
    bucket, key = f"bytes-{uuid.uuid4()}", "a b/ü+c%&?=#.bin"
    content = bytes(range(256)) * 40

    async def work(session):
        s3 = session.client("s3")
        await s3.call("CreateBucket", {"Bucket": bucket})
        await s3.call("PutObject", {"Bucket": bucket, "Key": key, "Body": content, "Metadata": {"k": "v w"}})
        whole = await s3.call("GetObject", {"Bucket": bucket, "Key": key})
        stream = await s3.stream("GetObject", {"Bucket": bucket, "Key": key})
        return whole, stream.parsed, b"".join([piece async for piece in stream])

    whole, head, streamed = with_session(work)
    assert whole["Body"] == streamed == content
    assert whole["ContentLength"] == head["ContentLength"] == len(content)
    assert whole["Metadata"] == {"k": "v w"}
    assert whole["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_refusal_tells_code_message_status_and_request(with_session):
    async def work(session):
        await session.client("s3").call("GetObject", {"Bucket": f"none-{uuid.uuid4()}", "Key": "k"})

    with pytest.raises(AwsError) as refusal:
        with_session(work)
    error = refusal.value
    assert (error.service_id, error.operation, error.code, error.status) == ("S3", "GetObject", "NoSuchBucket", 404)
    assert error.message == "The specified bucket does not exist"
    assert error.request_id
    assert error.body["Error"]["Code"] == "NoSuchBucket"


def test_an_operation_with_a_required_checksum_gets_one(with_session):
    async def work(session):
        s3 = session.client("s3")
        bucket = f"delete-{uuid.uuid4()}"
        await s3.call("CreateBucket", {"Bucket": bucket})
        answer = await s3.call("DeleteObjects", {"Bucket": bucket, "Delete": {"Objects": [{"Key": "k"}]}})
        place = await s3.call("GetBucketLocation", {"Bucket": bucket})
        return answer, place

    answer, place = with_session(work)
    assert answer["Deleted"] == [{"Key": "k"}]
    assert place["LocationConstraint"] is None


def test_parameters_are_judged_before_anything_is_sent(with_session):
    async def work(session):
        await session.client("s3").call("GetObject", {"Bucket": "b"})

    with pytest.raises(ParamValidationError, match='Missing required parameter in input: "Key"'):
        with_session(work)


def test_an_unknown_operation_is_refused_by_name(with_session):
    async def work(session):
        await session.client("s3").call("GetObjects", {})

    with pytest.raises(UnknownOperationError, match="S3 has no operation GetObjects"):
        with_session(work)


class Answers:
    """Gives one response after the other, the last one for ever, and keeps what it was asked."""

    def __init__(self, *responses):
        self.responses = responses
        self.asked = []

    async def handle(self, request):
        self.asked.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        status, body = self.responses[min(len(self.asked), len(self.responses)) - 1]
        return web.Response(status=status, body=body)


OK = (200, b"{}")
THROTTLED = (429, b'{"__type": "TooManyRequestsException", "Type": "User", "message": "slow"}')


@pytest.mark.parametrize("failure", [(500, b"{}"), (503, b"busy"), THROTTLED])
def test_faults_and_throttling_are_tried_again(against, failure):
    service = Answers(failure, failure, OK)
    answer = against(service.handle, lambda session: session.client("lambda").call(*INVOKE))
    assert answer["StatusCode"] == 200
    assert len(service.asked) == 3


def test_the_third_failure_is_the_last(against):
    service = Answers((503, b"busy"))
    with pytest.raises(AwsError) as failure:
        against(service.handle, lambda session: session.client("lambda").call(*INVOKE))
    assert failure.value.status == 503
    assert len(service.asked) == 3, "the SDKs' standard mode makes three attempts"


def test_a_refusal_is_not_tried_again(against):
    service = Answers((400, b'{"__type": "ResourceNotFoundException", "message": "no"}'))
    with pytest.raises(AwsError, match="ResourceNotFoundException: no"):
        against(service.handle, lambda session: session.client("dynamodb").call("ListTables", {}))
    assert len(service.asked) == 1


def test_a_failure_inside_a_200_of_s3_is_a_failure(against):
    body = b'<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>We failed</Message></Error>'
    service = Answers((200, body))
    parameters = {"Bucket": "b", "Key": "k", "UploadId": "u", "MultipartUpload": {"Parts": []}}
    with pytest.raises(AwsError) as failure:
        against(service.handle, lambda session: session.client("s3").call("CompleteMultipartUpload", parameters))
    assert (failure.value.code, failure.value.status) == ("InternalError", 500)
    assert len(service.asked) == 3


def test_nothing_listening_is_a_fault_with_the_reason():
    async def work():
        credentials = Credentials(access_key="a", secret_key="s", token=None, expires_at=float("inf"))
        session = AwsSession(endpoint="http://127.0.0.1:9", region="us-east-1", credentials=credentials)
        try:
            await session.client("lambda").call(*INVOKE)
        finally:
            await session.close()

    with pytest.raises(AwsError, match="Unable to execute HTTP request: Cannot connect") as fault:
        asyncio.run(work())
    assert (fault.value.code, fault.value.status) == ("SdkClientException", 0)


def test_an_answer_that_is_no_xml_is_a_fault(against):
    service = Answers((200, b"this is not XML"))
    with pytest.raises(AwsError) as fault:
        against(service.handle, lambda session: session.client("s3").call("ListBuckets", {}))
    assert fault.value.code == "SdkClientException"


def test_a_service_that_does_not_answer_is_given_up_in_time(against):
    async def hangs(request):
        await asyncio.sleep(30)

    started = time.monotonic()
    with pytest.raises(AwsError, match=r"no answer within 0\.2 seconds"):
        against(hangs, lambda session: session.client("lambda").call(*INVOKE, timeout=0.2))
    assert time.monotonic() - started < 5


def test_a_body_that_breaks_off_is_a_fault(against):
    async def breaks(request):
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x" * 10)
        request.transport.close()
        return response

    async def work(session):
        stream = await session.client("s3").stream("GetObject", {"Bucket": "b", "Key": "k"})
        return [piece async for piece in stream]

    with pytest.raises(AwsError, match="Unable to execute HTTP request"):
        against(breaks, work)


def test_a_large_body_is_sent_whole_and_unhashed(against):
    service = Answers((200, b""))
    content = bytes(range(256)) * (20 << 12)
    against(
        service.handle,
        lambda session: session.client("s3").call("PutObject", {"Bucket": "b", "Key": "k", "Body": content}),
    )
    ((method, path, headers, body),) = service.asked
    assert (method, path) == ("PUT", "/b/k")
    assert body == content
    assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert not [name for name in headers if "checksum" in name.lower()]


def test_a_thousand_calls_are_in_flight_at_once(against):
    count, waiting, everyone = 1_000, [], asyncio.Event()

    async def waits_for_all(request):
        waiting.append(request)
        if len(waiting) == count:
            everyone.set()
        await asyncio.wait_for(everyone.wait(), 20)
        return web.Response(body=b"{}")

    async def work(session):
        client = session.client("lambda")
        return await asyncio.gather(*(client.call(*INVOKE) for _ in range(count)))

    assert len(against(waits_for_all, work)) == count


def test_a_role_is_assumed_once_for_many_callers(with_session, make_role, boto):
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    role = make_role(statements=[statement])

    async def work(session):
        found = await asyncio.gather(*(session.role_credentials(role) for _ in range(20)))
        client = session.client("s3", found[0])
        assert session.client("s3", found[0]) is client, "clients are kept"
        await client.call("ListBuckets", {})
        try:
            await client.call("CreateBucket", {"Bucket": "b"})
        except AwsError as error:
            return found, error.code
        return found, None

    found, refused = with_session(work)
    assert len({credentials.access_key for credentials in found}) == 1
    assert found[0].expires_at > time.time()
    assert refused == "AccessDenied", "the role may do what its policy says and nothing else"


def test_credentials_are_renewed_before_they_expire(with_session, make_role, monkeypatch):
    role = make_role()

    async def work(session):
        first = await session.role_credentials(role)
        monkeypatch.setattr(aws, "RENEW_BEFORE_EXPIRY_SECONDS", first.expires_at - time.time() + 1)
        return first, await session.role_credentials(role)

    first, second = with_session(work)
    assert first.access_key != second.access_key


def test_a_role_that_cannot_be_assumed_is_an_error(with_session):
    with pytest.raises(AwsError) as refusal:
        with_session(lambda session: session.role_credentials("arn:aws:iam::000000000000:role/nobody"))
    assert (refusal.value.service_id, refusal.value.operation) == ("STS", "AssumeRole")
