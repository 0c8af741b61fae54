"""Tables."""

from __future__ import annotations

from typing import Any

from tests.local.cases.ground import Case, Ground, fixed


def table(ground: Ground, name: str) -> Any:
    dynamodb = ground.client("dynamodb")
    found = dynamodb.describe_table(TableName=name)["Table"]
    recovery = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return (
        [key["AttributeName"] for key in found["KeySchema"]],
        [index["IndexName"] for index in found.get("GlobalSecondaryIndexes", [])],
        recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        found.get("StreamSpecification", {}).get("StreamEnabled", False),
        dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"],
    )


CASES = [
    Case(
        type="aws:dynamodb/table:Table",
        inputs=fixed(
            hashKey="id",
            rangeKey="at",
            billingMode="PAY_PER_REQUEST",
            attributes=[{"name": "id", "type": "S"}, {"name": "at", "type": "N"}, {"name": "who", "type": "S"}],
            globalSecondaryIndexes=[{"name": "by-who", "hashKey": "who", "projectionType": "ALL"}],
            pointInTimeRecovery={"enabled": True},
            ttl={"attributeName": "expires", "enabled": True},
        ),
        change=fixed(
            hashKey="id",
            rangeKey="at",
            billingMode="PAY_PER_REQUEST",
            attributes=[{"name": "id", "type": "S"}, {"name": "at", "type": "N"}, {"name": "who", "type": "S"}],
            globalSecondaryIndexes=[{"name": "by-who", "hashKey": "who", "projectionType": "ALL"}],
            streamEnabled=True,
            streamViewType="NEW_IMAGE",
        ),
        told=table,
        first=(["id", "at"], ["by-who"], "ENABLED", False, "ENABLED"),
        second=(["id", "at"], ["by-who"], "DISABLED", True, "DISABLED"),
    ),
]
