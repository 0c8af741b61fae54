"""A function that is fed from a queue, message by message accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from asl.iam import Statement

if TYPE_CHECKING:
    from components.function import ServerlessFunction
    from components.queue import SecureQueue

MAX_BATCHING_SECONDS = 300  # "Lambda parameters for Amazon SQS event source mappings"
MIN_CONCURRENCY = 2
VISIBILITY_FACTOR = 6  # of the function's timeout: "Configuring a queue to use with Lambda"


def consumer_statements(queue_arn: str) -> list[Statement]:
    """What a function needs so that Lambda may poll a queue for it."""
    actions = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    return [Statement(actions=actions, resources=(queue_arn,))]


def visibility_seconds(timeout_seconds: int) -> int:
    """How long a message must stay hidden while a function of this timeout, and its retries, may have it."""
    return VISIBILITY_FACTOR * timeout_seconds


def consume(
    name: str,
    queue: SecureQueue,
    function: ServerlessFunction,
    *,
    batch_size: int,
    batching_seconds: int,
    max_concurrency: int,
) -> aws.lambda_.EventSourceMapping:
    """Feeds ``function`` from ``queue``; only the messages that its answer names as failed come again."""
    if not 0 <= batching_seconds <= MAX_BATCHING_SECONDS:
        raise ValueError(f"batching_seconds must be 0 to {MAX_BATCHING_SECONDS}, got {batching_seconds}")
    if max_concurrency < MIN_CONCURRENCY:
        raise ValueError(f"max_concurrency must be {MIN_CONCURRENCY} or more, got {max_concurrency}")
    return aws.lambda_.EventSourceMapping(
        f"{name}-source",
        event_source_arn=queue.arn,
        function_name=function.name,
        batch_size=batch_size,
        maximum_batching_window_in_seconds=batching_seconds,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config={"maximum_concurrency": max_concurrency},
        opts=pulumi.ResourceOptions(parent=function),
    )
