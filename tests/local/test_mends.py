"""What is corrected of ministack, seen from its clients."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import botocore.session
import pytest
from botocore.exceptions import ClientError

from local import crc
from local.mends.states_arns import resource_arn
from tests.local.helpers import client

if TYPE_CHECKING:
    from local.server import Server

INVENTORY = {
    "Id": "daily",
    "IsEnabled": True,
    "IncludedObjectVersions": "Current",
    "Schedule": {"Frequency": "Daily"},
    "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::elsewhere", "Format": "CSV"}},
    "OptionalFields": ["Size", "ETag"],
}


@pytest.fixture
def bucket(aws: Server) -> str:
    name = f"bucket-{uuid4()}"
    client(aws, "s3").create_bucket(Bucket=name)
    return name


def code(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as failure:
        call(**arguments)
    found: str = failure.value.response["Error"]["Code"]
    return found


def test_metrics_configurations_are_kept_listed_and_deleted_alone(aws: Server, bucket: str) -> None:
    s3 = client(aws, "s3")
    for name in ("all", "some"):
        metrics = {"Id": name, "Filter": {"Prefix": name}}
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration=metrics)
    kept = s3.get_bucket_metrics_configuration(Bucket=bucket, Id="all")["MetricsConfiguration"]
    assert kept == {"Id": "all", "Filter": {"Prefix": "all"}}
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert [c["Id"] for c in listed["MetricsConfigurationList"]] == ["all", "some"]
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="all")
    assert code(s3.get_bucket_metrics_configuration, Bucket=bucket, Id="all") == "NoSuchConfiguration"
    assert code(s3.delete_bucket_metrics_configuration, Bucket=bucket, Id="all") == "NoSuchConfiguration"
    s3.head_bucket(Bucket=bucket)
    assert s3.get_bucket_metrics_configuration(Bucket=bucket, Id="some"), "only the named one is deleted"


def test_inventory_configurations_are_kept_as_they_were_put(aws: Server, bucket: str) -> None:
    s3 = client(aws, "s3")
    s3.put_bucket_inventory_configuration(Bucket=bucket, Id="daily", InventoryConfiguration=INVENTORY)
    assert s3.get_bucket_inventory_configuration(Bucket=bucket, Id="daily")["InventoryConfiguration"] == INVENTORY
    listed = s3.list_bucket_inventory_configurations(Bucket=bucket)
    assert listed["InventoryConfigurationList"] == [INVENTORY]
    assert listed["IsTruncated"] is False


def test_a_setting_needs_its_bucket_and_goes_with_it(aws: Server, bucket: str) -> None:
    s3 = client(aws, "s3")
    assert code(s3.get_bucket_metrics_configuration, Bucket=f"no-{bucket}", Id="a") == "NoSuchBucket"
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id="a", MetricsConfiguration={"Id": "a"})
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert code(s3.get_bucket_metrics_configuration, Bucket=bucket, Id="a") == "NoSuchConfiguration"


def test_a_setting_that_is_not_known_is_refused_and_does_not_delete_the_bucket(aws: Server, bucket: str) -> None:
    s3 = client(aws, "s3")
    assert code(s3.delete_bucket_analytics_configuration, Bucket=bucket, Id="a") == "NotImplemented"
    s3.head_bucket(Bucket=bucket)


def test_settings_that_ministack_knows_still_reach_it(aws: Server, bucket: str) -> None:
    s3 = client(aws, "s3")
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.delete_bucket_tagging(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)


def parts_etag(parts: list[bytes]) -> str:
    """What S3 makes of an upload in parts: the MD5 of the parts' MD5s, and how many there were."""
    return f'"{hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()}-{len(parts)}"'


def upload(s3: Any, bucket: str, key: str, parts: list[bytes], numbers: list[int]) -> str:
    """Upload the parts in the given order of their numbers; the object's ETag."""
    identity = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    made = {}
    for number in numbers:
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=identity, PartNumber=number, Body=parts[number - 1])
        assert part["ETag"] == f'"{hashlib.md5(parts[number - 1]).hexdigest()}"'
        made[number] = {"PartNumber": number, "ETag": part["ETag"]}
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=identity, MultipartUpload={"Parts": [made[n] for n in sorted(made)]}
    )
    etag: str = done["ETag"]
    return etag


def test_an_upload_in_parts_has_the_etag_of_s3_and_its_bytes(aws: Server, bucket: str) -> None:
    s3 = client(aws, "s3")
    parts = [bytes([n]) * (5 * 1024 * 1024 + n) for n in range(3)] + [b"small last part"]
    assert upload(s3, bucket, "k", parts, [3, 1, 4, 2]) == parts_etag(parts)
    whole = s3.get_object(Bucket=bucket, Key="k")
    assert whole["ETag"] == parts_etag(parts)
    assert whole["Body"].read() == b"".join(parts)
    again = [parts[0], b"other"]  # the same key and parts of other content: nothing of the first upload is remembered
    assert upload(s3, bucket, "k", again, [1, 2]) == parts_etag(again)


def test_a_part_uploaded_twice_counts_as_its_last_content(aws: Server, bucket: str) -> None:
    s3 = client(aws, "s3")
    identity = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    for content in (b"a" * 300_000, b"b" * 300_000):
        etag = s3.upload_part(Bucket=bucket, Key="k", UploadId=identity, PartNumber=1, Body=content)["ETag"]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=identity, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["ETag"] == parts_etag([b"b" * 300_000])
    assert found["Body"].read() == b"b" * 300_000


@pytest.mark.parametrize("size", [0, 1, 256 * 1024 - 1, 256 * 1024, 3_000_001])
def test_an_object_has_its_md5_for_etag_at_every_size(aws: Server, bucket: str, size: int) -> None:
    s3, body = client(aws, "s3"), bytes(range(256)) * (size // 256) + bytes(size % 256)
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.put_object(Bucket=bucket, Key="k", Body=body)["ETag"] == etag
    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["ETag"] == etag
    assert found["ContentLength"] == size
    assert found["Body"].read() == body, "an answer in slices is the whole"
    if size > 10:
        part = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes=5-{size - 2}")
        assert part["Body"].read() == body[5:-1]


def test_a_wrong_content_md5_is_refused(aws: Server, bucket: str) -> None:
    s3, wrong = client(aws, "s3"), base64.b64encode(hashlib.md5(b"other").digest()).decode()
    for body in (b"small", bytes(1_000_000)):
        assert code(s3.put_object, Bucket=bucket, Key="k", Body=body, ContentMD5=wrong) == "BadDigest"


def test_an_upload_that_does_not_exist_cannot_be_completed(aws: Server, bucket: str) -> None:
    s3, parts = client(aws, "s3"), {"Parts": [{"PartNumber": 1, "ETag": "x"}]}
    call = {"Bucket": bucket, "Key": "k", "UploadId": "none", "MultipartUpload": parts}
    assert code(s3.complete_multipart_upload, **call) == "NoSuchUpload"


# Check values of the "Catalogue of parametrised CRC algorithms" for the text 123456789
CHECKS = [(crc.crc32c, 0xE3069283, 0x82F63B78, 32), (crc.crc64nvme, 0xAE8B14860A799888, 0x9A6C9329AC4BC9B5, 64)]


def crc_by_bits(body: bytes, polynomial: int, bits: int) -> int:
    """The checksum from its definition: a division of polynomials, bit by bit."""
    state = (1 << bits) - 1
    for byte in body:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ polynomial if state & 1 else state >> 1
    return state ^ ((1 << bits) - 1)


@pytest.mark.parametrize(("make", "check", "polynomial", "bits"), CHECKS)
def test_checksums_are_those_of_the_standard_at_every_size(make: Any, check: int, polynomial: int, bits: int) -> None:
    assert make()(b"123456789") == check
    body = random.Random(7).randbytes(crc.SMALL_BYTES * 2 + 77)
    for size in (0, 1, crc.SMALL_BYTES - 1, crc.SMALL_BYTES, crc.SMALL_BYTES + 1, len(body)):
        assert make()(body[:size]) == crc_by_bits(body[:size], polynomial, bits), f"{size} bytes"


def test_a_large_body_with_a_checksum_is_checked_and_told_again(aws: Server, bucket: str) -> None:
    s3, body = client(aws, "s3"), random.Random(8).randbytes(1_000_000)
    value = base64.b64encode(crc.crc64nvme()(body).to_bytes(8, "big")).decode()
    s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumCRC64NVME=value)
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == value
    assert code(s3.put_object, Bucket=bucket, Key="k", Body=body[1:], ChecksumCRC64NVME=value) == "BadDigest"


MAP_RUN = "arn:aws:states:us-east-1:000000000000:mapRun:machine/Label:5a3e"


@pytest.mark.parametrize(
    ("action", "data", "expected"),
    [
        ("DescribeMapRun", {"mapRunArn": MAP_RUN}, MAP_RUN),
        ("TagResource", {"resourceArn": MAP_RUN, "tags": []}, MAP_RUN),
        ("CreateActivity", {"name": "work"}, "arn:aws:states:us-east-1:000000000000:activity:work"),
        ("CreateStateMachine", {"name": "work"}, None),
        ("StartExecution", {"stateMachineArn": "arn:aws:states:::stateMachine:m", "name": "n"}, None),
        ("ListActivities", [], None),
    ],
)
def test_the_arn_of_a_step_functions_request(action: str, data: object, expected: str | None) -> None:
    assert resource_arn(json.dumps(data).encode(), "us-east-1", "000000000000", action) == expected


def test_a_body_that_is_not_json_names_no_arn() -> None:
    assert resource_arn(b"{", "us-east-1", "000000000000", "DescribeMapRun") is None


def test_a_role_that_may_describe_its_map_runs_is_let_through(aws: Server) -> None:
    allowed = {"Effect": "Allow", "Action": "states:DescribeMapRun", "Resource": f"{MAP_RUN.rpartition(':')[0]}:*"}
    session = role_session(aws, allowed)
    states = client_with_session(aws, "stepfunctions", session)
    assert states.describe_map_run(mapRunArn=MAP_RUN)["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError, match="not authorized to perform: states:UpdateMapRun"):
        states.update_map_run(mapRunArn=MAP_RUN, maxConcurrency=1)


def test_a_policy_that_refuses_plain_http_lets_local_requests_pass_and_others_still_count(
    aws: Server, bucket: str
) -> None:
    session = role_session(aws, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    refuse = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything, "Condition": plain}
    keep = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": everything}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [refuse, keep]})
    client(aws, "s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    s3 = client_with_session(aws, "s3", session)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert code(s3.delete_object, Bucket=bucket, Key="k") == "AccessDenied"


def role_session(aws: Server, statement: dict[str, str]) -> dict[str, str]:
    """Credentials of a new role that has one statement."""
    iam, sts = client(aws, "iam"), client(aws, "sts")
    name = f"role-{uuid4()}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    credentials: dict[str, str] = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return credentials


def client_with_session(aws: Server, service: str, session: dict[str, str]) -> Any:
    return botocore.session.Session().create_client(
        service,
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
