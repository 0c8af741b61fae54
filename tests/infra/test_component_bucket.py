"""ObservedBucket: what is refused, kept, deleted and measured."""

from __future__ import annotations

import pulumi
import pytest

from components import DataCare, InventorySource, Observability, ObservedBucket, ObservedBucketArgs
from tests.infra.recording import Built, build

BUCKET = "data-bucket-1a2b3c4"
ARN = f"arn:aws:s3:::{BUCKET}"


def built(args: ObservedBucketArgs, opts: pulumi.ResourceOptions | None = None) -> Built:
    def program() -> None:
        ObservedBucket("data", args, opts)

    return build(program)


def test_plain_http_is_refused(data: DataCare, observability: Observability):
    policy = built(ObservedBucketArgs(data=data, observability=observability)).one(":BucketPolicy").json("policy")
    assert policy["Statement"] == [
        {
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [ARN, f"{ARN}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_objects_belong_to_the_account_and_are_versioned_and_encrypted(data: DataCare, observability: Observability):
    bucket = built(ObservedBucketArgs(data=data, observability=observability))
    assert bucket.one(":BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert bucket.one(":BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = bucket.one(":BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}


def test_a_given_key_encrypts_and_a_bucket_key_saves_requests_to_kms(data: DataCare, observability: Observability):
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    bucket = built(ObservedBucketArgs(data=data, observability=observability, kms_key_arn=key))
    (rule,) = bucket.one(":BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key},
        "bucketKeyEnabled": True,
    }


def test_what_is_no_longer_needed_is_deleted(data: DataCare, observability: Observability):
    args = ObservedBucketArgs(data=data, observability=observability, expire_days={"results/": 7, "": 90})
    assert built(args).one(":BucketLifecycleConfiguration").inputs["rules"] == [
        {
            "id": "clean-up",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
        },
        {"id": "expire-everything", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 90}},
        {
            "id": "expire-results",
            "status": "Enabled",
            "filter": {"prefix": "results/"},
            "expiration": {"days": 7},
        },
    ]


def test_a_bucket_without_expiry_keeps_its_current_objects(data: DataCare, observability: Observability):
    rules = built(ObservedBucketArgs(data=data, observability=observability)).one(":BucketLifecycleConfiguration")
    assert not [rule for rule in rules.inputs["rules"] if "expiration" in rule]


def test_refused_and_failed_requests_raise_alarms(data: DataCare, observability: Observability):
    bucket = built(ObservedBucketArgs(data=data, observability=observability))
    metric = bucket.one(":BucketMetric").inputs["name"]
    alarms = {alarm.inputs["metricName"]: alarm.inputs for alarm in bucket.of_type(":MetricAlarm")}
    assert set(alarms) == {"4xxErrors", "5xxErrors"}
    for alarm in alarms.values():
        assert alarm["dimensions"] == {"BucketName": BUCKET, "FilterId": metric}, "else it watches nothing"


def test_request_metrics_can_be_done_without(data: DataCare, quiet: Observability):
    bucket = built(ObservedBucketArgs(data=data, observability=quiet))
    assert bucket.of_type(":BucketMetric") == []
    assert bucket.of_type(":MetricAlarm") == []


def test_events_are_sent_only_when_asked_for(data: DataCare, observability: Observability):
    silent = built(ObservedBucketArgs(data=data, observability=observability))
    assert silent.of_type(":BucketNotification") == []
    telling = built(ObservedBucketArgs(data=data, observability=observability, events=True))
    assert telling.one(":BucketNotification").inputs == {"bucket": BUCKET, "eventbridge": True}


def test_an_inventory_may_be_delivered_by_s3_for_its_source_only(data: DataCare, observability: Observability):
    source = InventorySource(bucket="source", arn="arn:aws:s3:::source", prefix="inventory/")
    bucket = built(ObservedBucketArgs(data=data, observability=observability, inventory_of=source))
    assert bucket.one(":BucketPolicy").json("policy")["Statement"][1] == {
        "Sid": "ReceiveInventory",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{ARN}/inventory/*",
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::source"}},
    }
    inventory = bucket.one(":Inventory")
    assert inventory.inputs["bucket"] == "source"
    assert inventory.inputs["destination"]["bucket"] == {
        "bucketArn": ARN,
        "format": "CSV",
        "prefix": "inventory/",
        "encryption": {"sseS3": {}},
    }
    assert any(urn.endswith("::data-policy") for urn in inventory.dependencies), "S3 tries the policy at once"


def test_the_policy_waits_for_the_other_access_settings(data: DataCare, observability: Observability):
    policy = built(ObservedBucketArgs(data=data, observability=observability)).one(":BucketPolicy")
    waited = {urn.rsplit("::", 1)[1] for urn in policy.dependencies}
    assert waited >= {"data-public-access", "data-ownership"}, "S3 refuses concurrent changes"


def test_the_callers_options_stay_with_the_component(data: DataCare, observability: Observability):
    bucket = built(
        ObservedBucketArgs(
            data=DataCare(
                disposable=True, deletion_protection=False, expire_noncurrent_days=1, point_in_time_recovery=False
            ),
            observability=observability,
        ),
        pulumi.ResourceOptions(protect=True),
    )
    component = bucket.one(":ObservedBucket")
    assert component.protect
    children = [resource for resource in bucket.resources if not resource.is_component]
    assert all(child.parent.endswith("ObservedBucket::data") for child in children)


def test_data_is_either_disposable_or_protected():
    with pytest.raises(ValueError, match="either disposable or protected"):
        DataCare(disposable=True, deletion_protection=True, expire_noncurrent_days=1, point_in_time_recovery=True)


def test_an_expiry_of_no_days_is_refused(data: DataCare, observability: Observability):
    with pytest.raises(ValueError, match="objects under 'r/' must be kept for 1 day or more, got 0"):
        ObservedBucketArgs(data=data, observability=observability, expire_days={"r/": 0})
