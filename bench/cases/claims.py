"""claims: FHIR claims of JSON lists into items, against json, Decimal and boto3's serializer as is usual."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

import boto3
from boto3.dynamodb.types import TypeSerializer

from bench.cases.case import Case, Handler
from handlers.claims.claim import stored
from handlers.claims.elements import elements

_SERIALIZER: Final = TypeSerializer()


def core(body: bytes, key: str) -> object:
    """Our core: items with the claim packed in them."""
    return [stored(text, value, key) for text, value in elements([body])]


def plain(body: bytes) -> Any:
    """The claims with their decimals exact: parsed, written again, and parsed once more."""
    return json.loads(json.dumps(json.loads(body)), parse_float=Decimal)


def usual_core(body: bytes, _key: str) -> object:
    """The claims as items of all their fields."""
    return [{name: _SERIALIZER.serialize(value) for name, value in claim.items()} for claim in plain(body)]


def same(ours: object, usual: object) -> bool:
    """Whether both have the same claims with the same totals and numbers of supporting information."""
    assert isinstance(ours, list)
    assert isinstance(usual, list)
    return [(item["id"], item.get("total"), int(item["supporting_info"]["N"])) for item in ours] == [
        (item["id"], item["total"]["M"].get("value"), len(item.get("supportingInfo", {"L": []})["L"])) for item in usual
    ]


def handler() -> Handler:
    """Our handler, with what Lambda would tell it."""
    from handlers.claims.load import handler as function

    os.environ.update(WORK_BUCKET="work", WORK_PREFIX="ids")
    context = SimpleNamespace(
        function_name="claims", memory_limit_in_mb=CASE.memory_mb, invoked_function_arn="arn", aws_request_id="bench"
    )
    return lambda event: function(event, context)


def usual_handler() -> Handler:
    """One file after the other: GET, parse, the table's batch writer."""
    s3 = boto3.client("s3")
    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

    def handle(event: Mapping[str, Any]) -> Mapping[str, Any]:
        ids = []
        for item in event["Items"]:
            body = s3.get_object(Bucket=event["BatchInput"]["bucket"], Key=item["Key"])["Body"].read()
            with table.batch_writer(overwrite_by_pkeys=["id"]) as writer:
                for claim in plain(body):
                    writer.put_item(Item=claim)
                    ids.append(claim["id"])
        return {"items": len(event["Items"]), "body": ids}

    return handle


CASE: Final = Case(
    name="claims",
    dataset="claims",
    objects=50,
    prefix="claims/",
    unit="claims",
    units_in=lambda body: body.count(b'"resourceType": "Claim"'),
    core=core,
    usual_core=usual_core,
    same=same,
    core_target=8,
    handler=handler,
    usual_handlers={"usual": usual_handler},
    handler_target=5,
    run_objects=1_000,
    memory_mb=2_048,
)
