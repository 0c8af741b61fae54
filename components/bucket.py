"""Buckets that are private, encrypted and versioned, and that say when requests to them fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.alarms import Alarm, make_alarm
from components.bucket_policy import bucket_policy
from components.platform import DataCare, Observability
from components.widgets import Metrics, Widget, arn_region

ABORT_MULTIPART_DAYS = 7
REQUEST_METRICS_ID = "EntireBucket"  # the name that the S3 console looks for
INVENTORY_ID = "objects"

# Request metrics are rates per request: an average of 0.01 is one request in a hundred.
REQUEST_ALARMS = {
    "client-errors": Alarm(
        metric="4xxErrors",
        statistic="Average",
        threshold=0.05,
        evaluation_periods=3,
        description="More than 5 % of the requests to the bucket are refused.",
    ),
    "server-errors": Alarm(
        metric="5xxErrors",
        statistic="Average",
        threshold=0.01,
        evaluation_periods=3,
        description="More than 1 % of the requests to the bucket fail in S3.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class InventorySource:
    """A bucket whose daily S3 Inventory is to be delivered, and the prefix that it is delivered under."""

    bucket: pulumi.Input[str]
    arn: pulumi.Input[str]
    prefix: str


@dataclass(frozen=True, kw_only=True)
class ObservedBucketArgs:
    """What one bucket is for; ``expire_days`` maps key prefixes to the age at which objects are deleted."""

    data: DataCare
    observability: Observability
    kms_key_arn: pulumi.Input[str] | None = None
    expire_days: Mapping[str, int] = field(default_factory=dict)
    events: bool = False
    inventory_of: InventorySource | None = None

    def __post_init__(self) -> None:
        for prefix, days in self.expire_days.items():
            if days < 1:
                raise ValueError(f"objects under {prefix!r} must be kept for 1 day or more, got {days}")


class ObservedBucket(pulumi.ComponentResource):
    """A bucket that only its account can use, that refuses plain HTTP, and that keeps what is overwritten.

    With ``events`` it tells EventBridge of each change; with ``inventory_of`` it receives the inventory of
    another bucket.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    widgets: pulumi.Output[list[Widget]]

    def __init__(self, name: str, args: ObservedBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("distmap:components:ObservedBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._bucket = aws.s3.Bucket(
            f"{name}-bucket",
            force_destroy=args.data.disposable,
            opts=pulumi.ResourceOptions(parent=self, protect=args.data.deletion_protection),
        )
        self.name = self._bucket.bucket
        self.arn = self._bucket.arn
        policy = self._make_private(name, args, child)
        self._make_durable(name, args, child)
        if args.events:
            aws.s3.BucketNotification(f"{name}-events", bucket=self.name, eventbridge=True, opts=child)
        if args.observability.request_metrics:
            self._measure_requests(name, args.observability, child)
        if args.inventory_of is not None:
            self._receive_inventory(name, args.inventory_of, policy)
        measured = args.observability.request_metrics
        self.widgets = pulumi.Output.all(self.name, args.observability.alarm_topic_arn).apply(
            lambda known: bucket_widgets(known[0], arn_region(known[1])) if measured else []
        )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _make_private(self, name: str, args: ObservedBucketArgs, child: pulumi.ResourceOptions) -> aws.s3.BucketPolicy:
        public_access = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        ownership = aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=self.name,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=child,
        )
        inventory = args.inventory_of
        document = pulumi.Output.all(
            bucket_arn=self.arn,
            inventory_of=None if inventory is None else inventory.arn,
            inventory_prefix=None if inventory is None else inventory.prefix,
        ).apply(lambda known: bucket_policy(**known))
        # S3 refuses concurrent changes of one bucket's access settings (OperationAborted).
        one_by_one = pulumi.ResourceOptions(parent=self, depends_on=[public_access, ownership])
        return aws.s3.BucketPolicy(
            f"{name}-policy", bucket=self.name, policy=pulumi.Output.json_dumps(document), opts=one_by_one
        )

    def _make_durable(self, name: str, args: ObservedBucketArgs, child: pulumi.ResourceOptions) -> None:
        encryption = (
            {"sse_algorithm": "AES256"}
            if args.kms_key_arn is None
            else {"sse_algorithm": "aws:kms", "kms_master_key_id": args.kms_key_arn}
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.name,
            rules=[
                {
                    "apply_server_side_encryption_by_default": encryption,
                    "bucket_key_enabled": args.kms_key_arn is not None,
                }
            ],
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=lifecycle_rules(args.data.expire_noncurrent_days, args.expire_days),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _measure_requests(self, name: str, observability: Observability, child: pulumi.ResourceOptions) -> None:
        aws.s3.BucketMetric(f"{name}-requests", bucket=self.name, name=REQUEST_METRICS_ID, opts=child)
        for role, alarm in REQUEST_ALARMS.items():
            make_alarm(
                f"{name}-{role}",
                alarm,
                namespace="AWS/S3",
                dimensions={"BucketName": self.name, "FilterId": REQUEST_METRICS_ID},
                topic_arn=observability.alarm_topic_arn,
                opts=child,
            )

    def _receive_inventory(self, name: str, source: InventorySource, policy: aws.s3.BucketPolicy) -> None:
        aws.s3.Inventory(
            f"{name}-inventory",
            bucket=source.bucket,
            name=INVENTORY_ID,
            included_object_versions="Current",
            schedule={"frequency": "Daily"},
            optional_fields=["Size", "LastModifiedDate", "ETag"],
            destination={
                "bucket": {
                    "bucket_arn": self.arn,
                    "format": "CSV",
                    "prefix": source.prefix,
                    "encryption": {"sse_s3": {}},
                }
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )


def lifecycle_rules(expire_noncurrent_days: int, expire_days: Mapping[str, int]) -> list[dict[str, Any]]:
    """The lifecycle of a bucket: abandoned uploads, old versions and what outlives its prefix are deleted."""
    every_object: dict[str, Any] = {
        "id": "clean-up",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_MULTIPART_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": expire_noncurrent_days},
    }
    return [
        every_object,
        *(
            {
                "id": f"expire-{prefix.strip('/') or 'everything'}",
                "status": "Enabled",
                "filter": {"prefix": prefix},
                "expiration": {"days": days},
            }
            for prefix, days in sorted(expire_days.items())
        ),
    ]


def bucket_widgets(name: str, region: str) -> list[Widget]:
    """How many requests the bucket gets and how many fail."""
    return [
        Metrics(
            title=f"Requests to {name}",
            namespace="AWS/S3",
            names=("AllRequests", "4xxErrors", "5xxErrors"),
            dimensions={"BucketName": name, "FilterId": REQUEST_METRICS_ID},
        ).widget(region)
    ]
