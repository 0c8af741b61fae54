"""noaa: rows of station files, against csv.DictReader and boto3 as the usual handler has them."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, Final

import boto3

from bench.cases.case import Case, Handler
from handlers.noaa.core import highest_precipitation
from handlers.noaa.precipitation import Precipitation

PREFIX: Final = "csv/by_station/"


def core(body: bytes, key: str) -> object:
    """Our core, whose answer has more to it."""
    return highest_precipitation(body, PurePosixPath(key).stem)


def usual_core(body: bytes, _key: str) -> object:
    """The highest value of all PRCP rows: flags are not looked at."""
    highest = None
    for row in csv.DictReader(StringIO(body.decode())):
        if row["ELEMENT"] == "PRCP":
            value = int(row["DATA_VALUE"])
            if highest is None or value > highest:
                highest = value
    return highest


def same(ours: object, usual: object) -> bool:
    """Whether both say the same, as far as the usual core says anything."""
    assert isinstance(ours, Precipitation)
    return max((value for value in (ours.highest, ours.flagged) if value is not None), default=None) == usual


def handler() -> Handler:
    """Our handler, with what Lambda would tell it."""
    from handlers.noaa.handler import handler as function

    context = SimpleNamespace(
        function_name="noaa", memory_limit_in_mb=CASE.memory_mb, invoked_function_arn="arn", aws_request_id="bench"
    )
    return lambda event: function(event, context)


def clients() -> tuple[Any, Any]:
    """Clients of S3 and DynamoDB as they are usually made."""
    return boto3.client("s3"), boto3.client("dynamodb")


def made_per_item() -> Iterator[tuple[Any, Any]]:
    """New clients for each item."""
    while True:
        yield clients()


def made_once() -> Iterator[tuple[Any, Any]]:
    """The same clients for all items."""
    both = clients()
    while True:
        yield both


def usual_handler(made: Callable[[], Iterator[tuple[Any, Any]]]) -> Handler:
    """One item after the other: GET, DictReader, PutItem."""

    def handle(event: Mapping[str, Any]) -> Mapping[str, Any]:
        for item, (s3, dynamodb) in zip(event["Items"], made(), strict=False):
            answer = s3.get_object(Bucket=event["BatchInput"]["bucket"], Key=item["Key"])
            highest = usual_core(answer["Body"].read(), item["Key"])
            record = {"station": {"S": PurePosixPath(item["Key"]).stem}}
            if highest is not None:
                record["PRCP"] = {"N": str(highest)}
            dynamodb.put_item(TableName=os.environ["TABLE_NAME"], Item=record)
        return {"items": len(event["Items"])}

    return handle


CASE: Final = Case(
    name="noaa",
    dataset="stations",
    objects=100,
    prefix=PREFIX,
    unit="rows",
    units_in=lambda body: body.count(b"\n") - 1,
    core=core,
    usual_core=usual_core,
    same=same,
    core_target=20,
    handler=handler,
    usual_handlers={
        "usual": lambda: usual_handler(made_per_item),
        "usual, clients made once": lambda: usual_handler(made_once),
    },
    handler_target=8,
    run_objects=1_000,
    memory_mb=2_048,
)
