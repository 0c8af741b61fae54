"""DynamoDB tables that cost what is used, can be restored, and say when requests to them fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi
import pulumi_aws as aws

from components.alarms import Alarm, make_alarm
from components.widgets import Metrics, Widget, arn_region

if TYPE_CHECKING:
    from components.platform import DataCare, Observability

KeyType = Literal["S", "N", "B"]

# A table on demand doubles its capacity while it serves, so a few throttled requests are part of a sudden start.
THROTTLED_REQUESTS = 100
THROTTLES = {
    "read-throttles": Alarm(
        metric="ReadThrottleEvents",
        threshold=THROTTLED_REQUESTS,
        description="The table refuses reads: they come faster than it grows, or all for one key.",
    ),
    "write-throttles": Alarm(
        metric="WriteThrottleEvents",
        threshold=THROTTLED_REQUESTS,
        description="The table refuses writes: they come faster than it grows, or all for one key.",
    ),
}
SYSTEM_ERRORS = Alarm(metric="SystemErrors", description="Requests to the table fail in DynamoDB.")


@dataclass(frozen=True, kw_only=True)
class ObservedTableArgs:
    """A table of items that one attribute names. ``operations`` are the API calls that its users make.

    Its items are encrypted with a key of AWS unless ``kms_key_arn`` gives one; with ``expires_at`` an item is
    deleted after the epoch second that it holds in that attribute.
    """

    key: str
    data: DataCare
    observability: Observability
    operations: tuple[str, ...]
    key_type: KeyType = "S"
    kms_key_arn: pulumi.Input[str] | None = None
    expires_at: str | None = None

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a table needs the name of its key")
        if self.expires_at == self.key:
            raise ValueError(f"{self.key!r} cannot both name an item and say when it expires")


class ObservedTable(pulumi.ComponentResource):
    """A table on demand; AWS refuses to delete one that the stack protects."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    widgets: pulumi.Output[list[Widget]]

    def __init__(self, name: str, args: ObservedTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("distmap:components:ObservedTable", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        table = aws.dynamodb.Table(
            f"{name}-table",
            billing_mode="PAY_PER_REQUEST",
            hash_key=args.key,
            attributes=[{"name": args.key, "type": args.key_type}],
            deletion_protection_enabled=args.data.deletion_protection,
            point_in_time_recovery={"enabled": args.data.point_in_time_recovery},
            server_side_encryption=(
                None if args.kms_key_arn is None else {"enabled": True, "kms_key_arn": args.kms_key_arn}
            ),
            ttl=None if args.expires_at is None else {"enabled": True, "attribute_name": args.expires_at},
            opts=pulumi.ResourceOptions(parent=self, protect=args.data.deletion_protection),
        )
        self.name = table.name
        self.arn = table.arn
        for role, alarm in THROTTLES.items():
            self._alarm(f"{name}-{role}", alarm, args.observability, {"TableName": table.name}, child)
        for operation in args.operations:
            # DynamoDB counts its own errors by operation, and those of callers by account only.
            dimensions = {"TableName": table.name, "Operation": operation}
            self._alarm(f"{name}-{operation.lower()}-errors", SYSTEM_ERRORS, args.observability, dimensions, child)
        self.widgets = pulumi.Output.all(arn=self.arn, name=self.name).apply(
            lambda known: table_widgets(**known, operations=args.operations)
        )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _alarm(
        self,
        name: str,
        alarm: Alarm,
        observability: Observability,
        dimensions: dict[str, pulumi.Input[str]],
        child: pulumi.ResourceOptions,
    ) -> None:
        make_alarm(
            name,
            alarm,
            namespace="AWS/DynamoDB",
            dimensions=dimensions,
            topic_arn=observability.alarm_topic_arn,
            opts=child,
        )


def table_widgets(*, arn: str, name: str, operations: tuple[str, ...]) -> list[Widget]:
    """The capacity that is used, what is refused, and how long each operation takes."""
    table = {"TableName": name}
    graphs = [
        Metrics(
            title="Capacity used",
            namespace="AWS/DynamoDB",
            names=("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"),
            dimensions=table,
        ),
        Metrics(
            title="Refused requests",
            namespace="AWS/DynamoDB",
            names=("ReadThrottleEvents", "WriteThrottleEvents", "ConditionalCheckFailedRequests"),
            dimensions=table,
        ),
        *(
            Metrics(
                title=f"{operation} (ms)",
                namespace="AWS/DynamoDB",
                names=("SuccessfulRequestLatency",),
                dimensions={**table, "Operation": operation},
                statistics=("p50", "p99"),
            )
            for operation in operations
        ),
    ]
    return [graph.widget(arn_region(arn)) for graph in graphs]
