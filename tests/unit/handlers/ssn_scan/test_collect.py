"""The consumer of the findings queue against a table that behaves as DynamoDB does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers.ssn_scan import collect
from handlers.ssn_scan.core import Findings
from handlers.ssn_scan.finding import Finding

FINDING = Finding(
    bucket="data",
    key="a.txt",
    etag="e1",
    modified=100,
    execution="arn",
    found={"ssn": Findings(count=1, last_four=["4417"])},
)


@dataclass
class Table:
    """Takes put_item with the one condition that the consumer states."""

    items: dict[str, Any] = field(default_factory=dict)
    failure: str = ""

    def put_item(self, *, Item: Any, ConditionExpression: str, ExpressionAttributeValues: Any, **_: Any) -> None:  # noqa: N803
        assert ConditionExpression == "attribute_not_exists(#object) OR modified < :modified"
        if self.failure:
            raise ClientError({"Error": {"Code": self.failure, "Message": ""}}, "PutItem")
        held = self.items.get(Item["object"]["S"])
        if held is not None and int(held["modified"]["N"]) >= int(ExpressionAttributeValues[":modified"]["N"]):
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}, "PutItem")
        self.items[Item["object"]["S"]] = Item


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    made = Table()
    monkeypatch.setattr(collect, "_dynamodb", lambda: made)
    monkeypatch.setenv("TABLE_NAME", "findings")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    return made


@dataclass
class Context:
    function_name: str = "collect"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:collect"
    aws_request_id: str = "r"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def handled(*bodies: Any) -> list[str]:
    """The messages that are to come again."""
    records = [
        {
            "messageId": str(number),
            "body": body if isinstance(body, str) else json.dumps(body.message()),
            "eventSource": "aws:sqs",
        }
        for number, body in enumerate(bodies)
    ]
    answer = collect.handler({"Records": records}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_each_finding_becomes_an_item_and_a_repeat_changes_nothing(table: Table) -> None:
    assert handled(FINDING, FINDING, replace(FINDING, key="b.txt")) == []
    assert set(table.items) == {"s3://data/a.txt", "s3://data/b.txt"}


def test_a_late_message_of_an_older_version_does_not_replace_a_newer_one(table: Table) -> None:
    newer = replace(FINDING, etag="e2", modified=200)
    assert handled(newer, FINDING) == []
    assert table.items["s3://data/a.txt"]["etag"] == {"S": "e2"}


def test_only_the_message_that_failed_comes_again(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    assert handled(FINDING, "ssn=900-21-4417", replace(FINDING, key="b.txt")) == ["1"]
    assert set(table.items) == {"s3://data/a.txt", "s3://data/b.txt"}
    (line,) = [collect.logger.registered_handler.format(record) for record in caplog.records]
    assert json.loads(line)["error"] == "InvalidMessage"
    assert "4417" not in line


def test_all_come_again_when_the_table_refuses(table: Table) -> None:
    table.failure = "ThrottlingException"
    assert handled(FINDING, replace(FINDING, key="b.txt")) == ["0", "1"]
