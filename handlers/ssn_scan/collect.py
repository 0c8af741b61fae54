"""Turns messages of the findings queue into items of the findings table, one an object.

A message that comes twice, or after that of a newer version of its object, changes nothing. A message that cannot be
handled is named in the answer, comes again, and ends in the dead-letter queue.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import ClientError

from handlers.ssn_scan.finding import parse

logger: Final = Logger(service="ssn_scan.collect")
tracer: Final = Tracer(service="ssn_scan.collect")
_CONFIG: Final = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
_NEWEST: Final = "attribute_not_exists(#object) OR modified < :modified"


@cache
def _dynamodb() -> Any:
    return boto3.client("dynamodb", config=_CONFIG)


def collect(record: SQSRecord) -> None:
    """Keep what one message tells."""
    finding = parse(record.body)
    try:
        _dynamodb().put_item(
            TableName=os.environ["TABLE_NAME"],
            Item=finding.item(),
            ConditionExpression=_NEWEST,
            ExpressionAttributeNames={"#object": "object"},
            ExpressionAttributeValues={":modified": {"N": str(finding.modified)}},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        logger.info("known", key=finding.key, count=finding.count)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a batch of messages; the answer names those that failed (``ReportBatchItemFailures``)."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=collect, processor=processor, context=context)
    for error in processor.exceptions:
        logger.warning("failed", error=type(error[1]).__name__)
    return dict(answer)
