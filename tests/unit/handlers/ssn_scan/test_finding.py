"""What is told of an object: the message, the item, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.ssn_scan.core import Findings
from handlers.ssn_scan.finding import Finding, InvalidMessage, parse

FINDING = Finding(
    bucket="data",
    key="texts/a b.txt",
    etag="e1",
    modified=1_700_000_000_123,
    execution="arn:aws:states:us-east-1:123456789012:execution:scan:one",
    found={"ssn": Findings(count=2, last_four=["4417", "0001"]), "ssn_plain": Findings()},
)


def changed(**fields: Any) -> str:
    return json.dumps({**FINDING.message(), **fields})


def test_a_message_comes_back_as_the_finding_that_it_tells() -> None:
    back = parse(json.dumps(FINDING.message()))
    assert back.message() == FINDING.message()
    assert list(back.found) == ["ssn"], "what was not found is not told"
    assert back.count == 2


def test_the_item_is_keyed_by_the_address_of_the_object() -> None:
    item = FINDING.item()
    assert item["object"] == {"S": "s3://data/texts/a b.txt"}
    assert item["found"] == {
        "M": {"ssn": {"M": {"count": {"N": "2"}, "last_four": {"L": [{"S": "4417"}, {"S": "0001"}]}}}}
    }


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        "null",
        "{}",
        changed(key=""),
        changed(modified="1"),
        changed(modified=True),
        changed(found={"ssn": {"count": -1, "last_four": []}}),
        changed(found={"ssn": {"count": 1, "last_four": ["900-21-4417"]}}),
        changed(found={"ssn": {"count": 1}}),
        changed(found=["900-21-4417"]),
    ],
)
def test_a_message_of_another_form_is_refused_and_not_repeated(body: str) -> None:
    with pytest.raises(InvalidMessage) as failure:
        parse(body)
    assert "4417" not in str(failure.value)
    assert failure.value.__suppress_context__, "a log of the cause would repeat what came"
