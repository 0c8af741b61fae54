"""A table and a bucket in memory, in place of the clients, whose failures a test writes down beforehand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from handlers.common.event import Item
from handlers.common.failures import NoSuchKey
from handlers.common.meter import Meter
from handlers.common.streams import Stream


class Table:
    """DynamoDB's client for one table: batches alone, with what it leaves over told in advance."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, int]] = []
        self.leave_over = 0  # calls that do nothing but the first of what they are asked
        self.errors: list[str] = []  # codes with which the next calls fail
        self.statement_errors: list[str] = []  # codes with which the next statements fail
        self.before_update: Callable[[], None] = lambda: None
        self.lock = threading.Lock()

    @contextmanager
    def call(self, operation: str, count: int, most: int) -> Iterator[bool]:
        with self.lock:
            assert 0 < count <= most, f"{operation} takes up to {most}"
            self.calls.append((operation, count))
            if self.errors:
                code = self.errors.pop(0)
                about: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
                raise ClientError(about, operation)
            self.leave_over -= 1
            yield self.leave_over >= 0

    def batch_write_item(self, *, RequestItems: dict[str, Any], ReturnConsumedCapacity: str) -> dict[str, Any]:  # noqa: N803 - as the client has it
        ((name, requests),) = RequestItems.items()
        with self.call("write", len(requests), 25) as partly:
            taken = requests[:1] if partly else requests
            ids = [request["PutRequest"]["Item"]["id"]["S"] for request in requests]
            assert len(set(ids)) == len(ids), "DynamoDB refuses a batch that has a key twice"
            self.items |= {each["PutRequest"]["Item"]["id"]["S"]: each["PutRequest"]["Item"] for each in taken}
        left = {name: requests[len(taken) :]} if len(taken) < len(requests) else {}
        return {"UnprocessedItems": left, "ConsumedCapacity": [{"CapacityUnits": float(len(taken))}]}

    def batch_get_item(self, *, RequestItems: dict[str, Any], ReturnConsumedCapacity: str) -> dict[str, Any]:  # noqa: N803 - as the client has it
        ((name, wanted),) = RequestItems.items()
        keys, names = wanted["Keys"], wanted["ExpressionAttributeNames"]
        assert wanted["ConsistentRead"], "what was just loaded must be seen"
        with self.call("read", len(keys), 100) as partly:
            taken = keys[:1] if partly else keys
            attributes = {names[each] for each in wanted["ProjectionExpression"].split(",")}
            found = [self.items[key["id"]["S"]] for key in taken if key["id"]["S"] in self.items]
            items = [{name: item[name] for name in attributes & item.keys()} for item in found]
        left = {name: {**wanted, "Keys": keys[len(taken) :]}} if len(taken) < len(keys) else {}
        return {
            "Responses": {name: items},
            "UnprocessedKeys": left,
            "ConsumedCapacity": [{"CapacityUnits": len(taken)}],
        }

    def batch_execute_statement(self, *, Statements: list[Any], ReturnConsumedCapacity: str) -> dict[str, Any]:  # noqa: N803 - as the client has it
        self.before_update()
        with self.call("update", len(Statements), 25):
            return {"Responses": [self.updated(each["Parameters"]) for each in Statements], "ConsumedCapacity": []}

    def updated(self, values: list[dict[str, str]]) -> dict[str, Any]:
        decision, reason, version, at, own, content = values
        if self.statement_errors:
            return {"Error": {"Code": self.statement_errors.pop(0), "Message": "no"}}
        item = self.items.get(own["S"])
        if item is None or item["content"] != content:
            return {"Error": {"Code": "ConditionalCheckFailed", "Message": "no"}}
        item.update({"decision": decision, "reason": reason, "rule_version": version, "decided_at": at})
        return {}


class Bucket:
    """Objects by key, each opened in pieces of a size."""

    def __init__(self, piece: int = 1_000) -> None:
        self.objects: dict[str, bytes] = {}
        self.failures: dict[str, Exception] = {}
        self.piece = piece

    def open_stream(self, item: Item, meter: Meter) -> Stream:
        meter.add("s3_gets")
        if item.key in self.failures:
            raise self.failures[item.key]
        if item.key not in self.objects:
            raise NoSuchKey(f"S3 answered 404 to GET s3://{item.bucket}/{item.key}")
        data = self.objects[item.key]
        blocks = [data[start : start + self.piece] for start in range(0, len(data), self.piece)]
        return Stream(blocks=blocks, size=len(data), etag="tag", modified=0)
