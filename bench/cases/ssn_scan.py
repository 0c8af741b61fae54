"""ssn_scan: bytes of text objects, against `re.findall` over decoded text and boto3 as the usual handler has them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import boto3

from bench.cases.case import Case, Handler
from handlers.common.streams import BLOCK_BYTES
from handlers.ssn_scan.core import scan
from handlers.ssn_scan.identifiers import SSN_TOKEN

USUAL: Final = re.compile(r"ssn=\d{3}-\d{2}-\d{4}")
SCANNED: Final = (SSN_TOKEN,)


def core(body: bytes, _key: str) -> object:
    """Our core, on blocks as they come from S3."""
    blocks = (body[start : start + BLOCK_BYTES] for start in range(0, len(body), BLOCK_BYTES))
    return scan(blocks, SCANNED).findings[SSN_TOKEN.name].last_four


def usual_core(body: bytes, _key: str) -> object:
    """The last four digits of all matches in the whole text."""
    return [found[-4:] for found in USUAL.findall(body.decode())]


def handler() -> Handler:
    """Our handler, with what Lambda would tell it."""
    from handlers.ssn_scan.batches import handler as function

    os.environ.update(QUEUE_URL=queue_url(), IDENTIFIERS=SSN_TOKEN.name)
    context = SimpleNamespace(
        function_name="ssn_scan", memory_limit_in_mb=CASE.memory_mb, invoked_function_arn="arn", aws_request_id="bench"
    )
    return lambda event: function(event, context)


def queue_url() -> str:
    """The address of a queue at the endpoint."""
    return f"{os.environ['AWS_ENDPOINT_URL']}/000000000000/findings"


def usual_handler() -> Handler:
    """One object after the other: GET, decode, findall, SendMessage."""
    s3, sqs = boto3.client("s3"), boto3.client("sqs")

    def handle(event: Mapping[str, Any]) -> Mapping[str, Any]:
        for item in event["Items"]:
            body = s3.get_object(Bucket=event["BatchInput"]["bucket"], Key=item["Key"])["Body"].read()
            if found := usual_core(body, item["Key"]):
                sqs.send_message(QueueUrl=queue_url(), MessageBody=json.dumps({"key": item["Key"], "found": found}))
        return {"items": len(event["Items"])}

    return handle


CASE: Final = Case(
    name="ssn_scan",
    dataset="texts",
    objects=200,
    prefix="texts/",
    unit="KB",
    units_in=lambda body: len(body) // 1000,
    core=core,
    usual_core=usual_core,
    same=lambda ours, usual: ours == usual,
    core_target=1,
    core_rate_target=1_500_000,
    handler=handler,
    usual_handlers={"usual": usual_handler},
    handler_target=5,
    run_objects=200_000,
    memory_mb=1_024,
)
