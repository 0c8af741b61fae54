"""What holds for every type of the table: names, tags, and the refusal of what localhost does not have."""

from __future__ import annotations

import importlib
import io
import json
import re
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pulumi
import pulumi_aws
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi._types import input_type_py_to_pulumi_names

from local.provider import lifecycle
from local.provider.archive import Archive, recorded
from local.provider.context import Context
from local.provider.failures import (
    InvalidPropertyError,
    ProviderError,
    UnsupportedPropertyError,
    UnsupportedResourceError,
)
from local.provider.lookups import LOOKUPS, look_up
from local.provider.resource import Existing
from local.provider.shapes import from_aws, to_aws, to_property
from local.provider.table import RESOURCES, resource_for
from local.provider.values import plain
from tests.local.cases.ground import Ground

if TYPE_CHECKING:
    from local.provider.resource import Resource

NOWHERE = Context(endpoint="http://127.0.0.1:9", default_tags={"project": "tests", "owner": "stack"})
BUCKET = RESOURCES["aws:s3/bucket:Bucket"]
QUEUE = RESOURCES["aws:sqs/queue:Queue"]


def sdk_properties(token: str) -> set[str]:
    """The input properties of a type as the AWS SDK for Pulumi declares them."""
    module, name = classes()[token]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = importlib.import_module(module)
        # the SDK names the arguments so when a nested type has the usual name already
        arguments = getattr(found, f"{name}InitArgs", None) or getattr(found, f"{name}Args")
    return set(input_type_py_to_pulumi_names(arguments).values())


@cache
def classes() -> dict[str, tuple[str, str]]:
    """Module and class of each type, from the registrations in the SDK's source."""
    text = Path(pulumi_aws.__file__).read_text(encoding="utf-8")
    (registered,) = re.findall(r'resource_modules="""\n(.*?)\n"""', text, re.DOTALL)
    return {token: (entry["fqn"], name) for entry in json.loads(registered) for token, name in entry["classes"].items()}


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda resource: resource.type)
def test_every_property_is_one_of_the_real_provider(resource: Resource) -> None:
    real = sdk_properties(resource.type)
    assert resource.takes <= real
    assert resource.needs <= resource.takes
    assert resource.replace_on <= resource.takes
    assert resource.tagged == ("tags" in real), "a type bears tags exactly if the real one does"
    if resource.naming is not None:
        assert resource.naming.property in resource.takes
        assert (resource.naming.prefix_property or resource.naming.property) in resource.takes


def test_a_type_that_is_not_in_the_table_is_refused_by_name() -> None:
    with pytest.raises(
        UnsupportedResourceError, match=r"^db \(aws:rds/instance:Instance\) is not supported on localhost$"
    ):
        resource_for("aws:rds/instance:Instance", "db")
    with pytest.raises(UnsupportedResourceError, match=r"did you mean aws:s3/bucketPolicy:BucketPolicy\?"):
        resource_for("aws:s3/bucketPolice:BucketPolice", "p")


def test_a_lookup_that_is_not_in_the_table_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedResourceError, match="getAmi"):
        look_up("aws:ec2/getAmi:getAmi", {}, NOWHERE)


def test_lookups_tell_of_the_local_account(context: Context) -> None:
    assert look_up("aws:index/getCallerIdentity:getCallerIdentity", {}, context) == {
        "accountId": "000000000000",
        "id": "000000000000",
        "userId": "000000000000",
        "arn": "arn:aws:iam::000000000000:root",
    }
    assert look_up("aws:index/getRegion:getRegion", {}, context)["region"] == "us-east-1"
    assert look_up("aws:index/getPartition:getPartition", {}, context)["partition"] == "aws"
    found = look_up("aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"}, context)
    assert {"us-east-1a", "us-east-1b"} <= set(found["names"])
    assert len(LOOKUPS) == 4


def test_a_property_that_localhost_does_not_have_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(UnsupportedPropertyError, match=r"property website is not .*supported: bucket, bucketPrefix"):
        BUCKET.prepare("b", {"website": {}}, None, NOWHERE)
    with pytest.raises(UnsupportedPropertyError, match=r"forceDestory .*; did you mean forceDestroy\?"):
        BUCKET.prepare("b", {"forceDestory": True}, None, NOWHERE)


def test_a_nested_property_that_aws_does_not_have_is_refused_with_its_path(context: Context) -> None:
    lifecycle_type = RESOURCES["aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"]
    rule = {"id": "x", "status": "Enabled", "expiration": {"dayz": 3}}
    inputs = lifecycle_type.prepare("l", {"bucket": "any-bucket", "rules": [rule]}, None, context)
    with pytest.raises(ProviderError, match=r"l \(aws:s3/.*could not be made: .*rules\[0\]\.expiration\.dayz is not"):
        lifecycle.create(lifecycle_type, "l", inputs, context)


def test_a_missing_property_and_another_region_are_refused() -> None:
    with pytest.raises(InvalidPropertyError, match="property policy is missing"):
        RESOURCES["aws:s3/bucketPolicy:BucketPolicy"].prepare("p", {"bucket": "b"}, None, NOWHERE)
    with pytest.raises(InvalidPropertyError, match="'eu-west-1', localhost has us-east-1 alone"):
        BUCKET.prepare("b", {"region": "eu-west-1"}, None, NOWHERE)


def test_names_are_made_as_pulumi_makes_them() -> None:
    first = BUCKET.prepare("My-Data", {}, None, NOWHERE)["bucket"]
    assert re.fullmatch(r"my-data-[0-9a-f]{7}", first), "lower case for buckets, seven hexadecimal digits"
    assert BUCKET.prepare("My-Data", {}, None, NOWHERE)["bucket"] != first, "each one is another"
    assert re.fullmatch(r"My-Queue-[0-9a-f]{7}", QUEUE.prepare("My-Queue", {}, None, NOWHERE)["name"])
    assert re.fullmatch(r"pre-[0-9a-f]{26}", QUEUE.prepare("q", {"namePrefix": "pre-"}, None, NOWHERE)["name"])
    assert QUEUE.prepare("q", {"name": "given"}, None, NOWHERE)["name"] == "given"
    assert QUEUE.prepare("q", {"fifoQueue": True}, None, NOWHERE)["name"].endswith(".fifo")


def test_a_generated_name_stays_while_the_resource_does() -> None:
    previous = QUEUE.prepare("q", {}, None, NOWHERE)
    assert QUEUE.prepare("q", {"delaySeconds": 5}, previous, NOWHERE)["name"] == previous["name"]
    other = QUEUE.prepare("q", {"namePrefix": "new-"}, previous, NOWHERE)
    assert other["name"].startswith("new-")
    assert QUEUE.difference(previous, other).replaced >= {"name"}, "a new prefix is a new queue"


def test_a_name_longer_than_aws_allows_is_refused_with_the_limit() -> None:
    with pytest.raises(InvalidPropertyError, match="a bucket of 64 characters, AWS allows 63: shorten"):
        BUCKET.prepare("b" * 56, {}, None, NOWHERE)
    assert len(BUCKET.prepare("b" * 55, {}, None, NOWHERE)["bucket"]) == 63


def test_default_tags_are_on_every_resource_and_its_own_win() -> None:
    inputs = BUCKET.prepare("b", {"tags": {"owner": "me", "x": "y"}}, None, NOWHERE)
    assert inputs["tagsAll"] == {"project": "tests", "owner": "me", "x": "y"}
    assert inputs["tags"] == {"owner": "me", "x": "y"}


def test_a_bucket_that_is_not_empty_is_kept_unless_it_may_be_destroyed(context: Context) -> None:
    s3 = context.client("s3")
    inputs = BUCKET.prepare("full", {}, None, context)
    bucket = lifecycle.create(BUCKET, "full", inputs, context).id
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for n in range(3):
        s3.put_object(Bucket=bucket, Key="again", Body=str(n).encode())
    s3.delete_object(Bucket=bucket, Key="again")
    s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    with pytest.raises(ProviderError, match=r"full \(aws:s3/bucket:Bucket\) could not be deleted: .*BucketNotEmpty"):
        lifecycle.delete(BUCKET, "full", Existing(id=bucket, inputs=inputs), context)
    lifecycle.delete(BUCKET, "full", Existing(id=bucket, inputs={**inputs, "forceDestroy": True}), context)
    assert lifecycle.read(BUCKET, "full", Existing(id=bucket, inputs=inputs), context) is None


def test_more_versions_than_one_request_deletes_are_all_deleted(context: Context, monkeypatch: Any) -> None:
    monkeypatch.setattr("local.provider.s3_bucket.DELETE_BATCH", 7)
    s3 = context.client("s3")
    inputs = BUCKET.prepare("many", {"forceDestroy": True}, None, context)
    bucket = lifecycle.create(BUCKET, "many", inputs, context).id
    for n in range(30):
        s3.put_object(Bucket=bucket, Key=f"k{n}")
    lifecycle.delete(BUCKET, "many", Existing(id=bucket, inputs=inputs), context)
    assert lifecycle.read(BUCKET, "many", Existing(id=bucket, inputs=inputs), context) is None


def test_a_failure_of_aws_is_told_in_the_name_of_the_resource(context: Context) -> None:
    role = RESOURCES["aws:iam/rolePolicy:RolePolicy"]
    inputs = role.prepare("p", {"role": "nobody", "policy": "{}"}, None, context)
    with pytest.raises(ProviderError, match=r"^p \(aws:iam/rolePolicy:RolePolicy\) could not be made: PutRolePolicy: "):
        lifecycle.create(role, "p", inputs, context)


def test_a_machine_with_a_running_execution_is_stopped_and_deleted(context: Context) -> None:
    ground = Ground(context)
    machine = RESOURCES["aws:sfn/stateMachine:StateMachine"]
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
    inputs = machine.prepare("w", {"definition": waits, "roleArn": ground.role["arn"]}, None, context)
    arn = lifecycle.create(machine, "w", inputs, context).id
    context.client("stepfunctions").start_execution(stateMachineArn=arn)
    lifecycle.delete(machine, "w", Existing(id=arn, inputs=inputs), context)
    assert lifecycle.read(machine, "w", Existing(id=arn, inputs=inputs), context) is None


RULE: Any = botocore.session.Session().get_service_model("s3").shape_for("LifecycleRule")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"expiration": {"days": "three"}}, "a whole number, got 'three'"),
        ({"expiration": {"days": 1.5}}, "a whole number, got 1.5"),
        ({"expiration": {"days": True}}, "a whole number, got True"),
        ({"expiration": {"expiredObjectDeleteMarker": "yes"}}, "true or false, got 'yes'"),
        ({"expiration": []}, "an object, got"),
        ({"transitions": "none"}, "a list, got 'none'"),
        ({"id": 5}, "a string, got 5"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_path(value: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidPropertyError, match=rf"^property rule\.{next(iter(value))}.* must be {problem}"):
        to_aws(value, RULE, "rule")


@given(st.sampled_from(sorted(RULE.members)))
def test_each_member_has_one_property_name_that_leads_back_to_it(member: str) -> None:
    assert {name.lower(): name for name in RULE.members}[to_property(member).lower()] == member


def test_what_aws_answers_has_pulumis_names() -> None:
    answer = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k", "Tags": [{"Key": "a", "Value": "b"}], "Ids": ["x"]}
    expected = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k", "tags": {"a": "b"}, "ids": ["x"]}
    assert from_aws(answer) == expected


def test_an_archive_has_the_same_bytes_whenever_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "pkg" / "__pycache__").mkdir(parents=True)
    (tmp_path / "pkg" / "b.py").write_text("b")
    (tmp_path / "pkg" / "__pycache__" / "b.pyc").write_text("compiled")
    (tmp_path / "a.py").write_text("a")
    (tmp_path / "run.sh").write_text("#!/bin/sh")
    (tmp_path / "run.sh").chmod(0o755)
    first = Archive.of_file(tmp_path)
    for path in tmp_path.rglob("*"):
        path.touch()
    assert Archive.of_file(tmp_path).content == first.content
    assert first.entries() == {"a.py": b"a", "pkg/b.py": b"b", "run.sh": b"#!/bin/sh"}
    with zipfile.ZipFile(io.BytesIO(first.content)) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes == {"a.py": 0o644, "pkg/b.py": 0o644, "run.sh": 0o755}


def test_a_ready_zip_file_is_taken_as_it_is_and_other_files_are_refused(tmp_path: Path) -> None:
    ready = tmp_path / "ready.zip"
    with zipfile.ZipFile(ready, "w") as archive:
        archive.writestr("x.py", "x")
    assert Archive.of_file(ready).content == ready.read_bytes()
    (tmp_path / "not.zip").write_text("text")
    with pytest.raises(InvalidPropertyError, match=r"not\.zip is no zip file"):
        Archive.of_file(tmp_path / "not.zip")
    with pytest.raises(InvalidPropertyError, match="none does not exist"):
        Archive.of_file(tmp_path / "none")


def test_pulumis_assets_become_files(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("one")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "two.py").write_text("two")
    made = pulumi.AssetArchive(
        {
            "main.py": pulumi.StringAsset("main"),
            "one.txt": pulumi.FileAsset("one.txt"),
            "lib": pulumi.FileArchive("lib"),
        }
    )
    code = plain({"code": made, "n": 3.0, "half": 0.5}, tmp_path)
    assert code["code"].entries() == {"main.py": b"main", "one.txt": b"one", "lib/two.py": b"two"}
    assert isinstance(code["n"], int)
    assert code["half"] == 0.5
    assert recorded(code)["code"] == {"sha256": code["code"].sha256}, "a record holds no file"
    with pytest.raises(InvalidPropertyError, match="RemoteArchive is not supported"):
        plain(pulumi.RemoteArchive("https://example.com/a.zip"), tmp_path)
    with pytest.raises(InvalidPropertyError, match=r"gone\.txt: No such file"):
        plain(pulumi.FileAsset("gone.txt"), tmp_path)
