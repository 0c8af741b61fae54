"""BatchGetItem on localhost says what it would consume on AWS."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from local.server import Server
from tests.local.helpers import client


@pytest.mark.parametrize(
    ("bytes_of_item", "consistent", "units"),
    [(0, True, 1.0), (0, False, 0.5), (4_000, True, 1.0), (4_100, True, 2.0), (4_100, False, 1.0)],
)
def test_a_read_consumes_a_unit_for_each_4_kb_of_an_item(
    aws: Server, bytes_of_item: int, consistent: bool, units: float
) -> None:
    name = f"table-{uuid4()}"
    dynamodb = client(aws, "dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    if bytes_of_item:
        dynamodb.put_item(TableName=name, Item={"id": {"S": "a"}, "b": {"S": "x" * bytes_of_item}})
    asked: Any = {
        name: {"Keys": [{"id": {"S": "a"}}], "ProjectionExpression": "id", "ConsistentRead": consistent},
    }
    answer = dynamodb.batch_get_item(RequestItems=asked, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": name, "CapacityUnits": units}]
    assert "ConsumedCapacity" not in dynamodb.batch_get_item(RequestItems=asked), "who does not ask is not told"
