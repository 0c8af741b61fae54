"""BatchGetItem says what it consumes, which ministack leaves out: the cost of a run is told from it.

Source: Amazon DynamoDB Developer Guide, "Capacity unit consumption": a unit for each 4 KB of an item, begun ones
included, whatever of it was asked for; half of it without ConsistentRead; the least also for an item that is not there.
"""

from __future__ import annotations

import importlib
import json
import math
from typing import Any

UNIT_BYTES = 4 * 1024
OK = 200


def apply() -> None:
    """Add ConsumedCapacity to the answers of ministack's own BatchGetItem."""
    dynamodb: Any = importlib.import_module("ministack.services.dynamodb")
    get = dynamodb._batch_get_item  # noqa: SLF001 - the seam

    def units(name: str, asked: dict[str, Any]) -> float:
        table = dynamodb._tables[dynamodb._normalize_table_name(name)]  # noqa: SLF001 - the seam
        total = 0
        for key in asked["Keys"]:
            hash_key, sort_key, _ = dynamodb._resolve_table_key_values(table, key, allow_extra=False)  # noqa: SLF001
            item = table["items"].get(hash_key, {}).get(sort_key)
            total += max(1, math.ceil(dynamodb._item_size_bytes(item) / UNIT_BYTES)) if item else 1  # noqa: SLF001
        return total * (1.0 if asked.get("ConsistentRead") else 0.5)

    def _batch_get_item(data: dict[str, Any]) -> Any:
        status, headers, body = get(data)
        if status != OK or data.get("ReturnConsumedCapacity", "NONE") == "NONE":
            return status, headers, body
        answer = json.loads(body)
        answer["ConsumedCapacity"] = [
            {"TableName": name, "CapacityUnits": units(name, data["RequestItems"][name])}
            for name in answer["Responses"]
        ]
        return status, headers, json.dumps(answer, ensure_ascii=False).encode()

    dynamodb._batch_get_item = _batch_get_item  # noqa: SLF001 - the seam
