"""What is corrected of ministack, seen from its clients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import botocore.session
import pytest
from botocore.exceptions import ClientError

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
