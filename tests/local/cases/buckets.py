"""Buckets, their settings and objects."""

from __future__ import annotations

import json
from typing import Any

from tests.local.cases.ground import ACCOUNT, Case, Ground, fixed, policy, setting

OWN = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def tags(ground: Ground, bucket: str) -> Any:
    return ground.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]


def rules(s3: Any, bucket: str) -> Any:
    return s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]


CASES = [
    Case(
        type="aws:s3/bucket:Bucket",
        inputs=fixed(tags={"a": "1"}),
        change=fixed(tags={"b": "2"}, forceDestroy=True),
        told=tags,
        first=[{"Key": "project", "Value": "tests"}, {"Key": "a", "Value": "1"}],
        second=[{"Key": "project", "Value": "tests"}, {"Key": "b", "Value": "2"}],
    ),
    setting(
        "aws:s3/bucketPolicy:BucketPolicy",
        lambda s3, bucket: json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Action"],
        {"policy": policy("s3:GetObject", "arn:aws:s3:::x/*", Principal=OWN)},
        {"policy": json.dumps(policy("s3:PutObject", "arn:aws:s3:::x/*", Principal=OWN))},
        "s3:GetObject",
        "s3:PutObject",
    ),
    setting(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        lambda s3, bucket: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        {"blockPublicAcls": True},
        {"blockPublicPolicy": True},
        {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": False,
            "IgnorePublicAcls": False,
            "RestrictPublicBuckets": False,
        },
        {
            "BlockPublicAcls": False,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": False,
            "RestrictPublicBuckets": False,
        },
    ),
    setting(
        "aws:s3/bucketVersioning:BucketVersioning",
        lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket)["Status"],
        {"versioningConfiguration": {"status": "Enabled"}},
        {"versioningConfiguration": {"status": "Suspended"}},
        "Enabled",
        "Suspended",
    ),
    setting(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        lambda s3, bucket: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"],
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}]},
        {
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"},
                    "bucketKeyEnabled": True,
                }
            ]
        },
        [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}],
        [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"},
                "BucketKeyEnabled": True,
            }
        ],
    ),
    setting(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        rules,
        {
            "rules": [
                {
                    "id": "clean",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                    "noncurrentVersionExpiration": {"noncurrentDays": 1},
                }
            ]
        },
        {
            "rules": [
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"and": {"prefix": "a/", "tags": {"k": "v"}, "objectSizeGreaterThan": 0}},
                    "expiration": {"days": 3},
                }
            ]
        },
        [
            {
                "ID": "clean",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            }
        ],
        [
            {
                "ID": "old",
                "Status": "Enabled",
                "Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 0}},
                "Expiration": {"Days": 3},
            }
        ],
    ),
    setting(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        lambda s3, bucket: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"],
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        [{"ObjectOwnership": "BucketOwnerEnforced"}],
        [{"ObjectOwnership": "BucketOwnerPreferred"}],
    ),
    Case(
        type="aws:s3/bucketNotification:BucketNotification",
        inputs=lambda ground: {"bucket": ground.bucket, "eventbridge": True},
        change=lambda ground: {
            "bucket": ground.bucket,
            "queues": [
                {
                    "id": "q",
                    "queueArn": ground.open_queue["arn"],
                    "events": ["s3:ObjectCreated:*"],
                    "filterPrefix": "in/",
                }
            ],
        },
        told=lambda ground, bucket: [
            "EventBridgeConfiguration"
            in (found := ground.client("s3").get_bucket_notification_configuration(Bucket=bucket)),
            [queue["Filter"]["Key"]["FilterRules"] for queue in found.get("QueueConfigurations", [])],
        ],
        first=[True, []],
        second=[False, [[{"Name": "prefix", "Value": "in/"}]]],
    ),
    Case(
        type="aws:s3/bucketMetric:BucketMetric",
        inputs=lambda ground: {"bucket": ground.bucket, "name": "all"},
        change=lambda ground: {"bucket": ground.bucket, "name": "all", "filter": {"prefix": "in/"}},
        told=lambda ground, _id: ground.client("s3").get_bucket_metrics_configuration(Bucket=ground.bucket, Id="all")[
            "MetricsConfiguration"
        ],
        first={"Id": "all"},
        second={"Id": "all", "Filter": {"Prefix": "in/"}},
    ),
    Case(
        type="aws:s3/inventory:Inventory",
        inputs=lambda ground: {
            "bucket": ground.bucket,
            "name": "objects",
            "includedObjectVersions": "Current",
            "schedule": {"frequency": "Daily"},
            "optionalFields": ["Size"],
            "destination": {
                "bucket": {"bucketArn": "arn:aws:s3:::x", "format": "CSV", "encryption": {"sseS3": {}}},
            },
        },
        change=lambda ground: {
            "bucket": ground.bucket,
            "name": "objects",
            "enabled": False,
            "includedObjectVersions": "All",
            "schedule": {"frequency": "Weekly"},
            "destination": {"bucket": {"bucketArn": "arn:aws:s3:::x", "format": "Parquet", "prefix": "p"}},
        },
        told=lambda ground, _id: ground.client("s3").get_bucket_inventory_configuration(
            Bucket=ground.bucket, Id="objects"
        )["InventoryConfiguration"],
        first={
            "Id": "objects",
            "IsEnabled": True,
            "IncludedObjectVersions": "Current",
            "Schedule": {"Frequency": "Daily"},
            "OptionalFields": ["Size"],
            "Destination": {
                "S3BucketDestination": {"Bucket": "arn:aws:s3:::x", "Format": "CSV", "Encryption": {"SSES3": {}}}
            },
        },
        second={
            "Id": "objects",
            "IsEnabled": False,
            "IncludedObjectVersions": "All",
            "Schedule": {"Frequency": "Weekly"},
            "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::x", "Format": "Parquet", "Prefix": "p"}},
        },
    ),
    *(
        Case(
            type=type_,
            inputs=lambda ground: {
                "bucket": ground.bucket,
                "key": "k.txt",
                "content": "one",
                "contentType": "text/csv",
            },
            change=lambda ground: {"bucket": ground.bucket, "key": "k.txt", "contentBase64": "dHdv"},
            told=lambda ground, _id: ground.client("s3").get_object(Bucket=ground.bucket, Key="k.txt")["Body"].read(),
            first=b"one",
            second=b"two",
        )
        for type_ in ("aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2")
    ),
]
