"""A function fed from a queue: the messages that failed come again, the others do not."""

from __future__ import annotations

import pulumi
import pytest

from components import Observability, ServerlessFunction, ServerlessFunctionArgs
from components.consumer import consume, consumer_statements, visibility_seconds
from components.queue import SecureQueue, SecureQueueArgs
from tests.infra.recording import ACCOUNT, REGION, Built, build

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:findings-queue-1a2b3c4"
TIMEOUT = 60


def built(observability: Observability, *, batching_seconds: int = 5, max_concurrency: int = 2) -> Built:
    def program() -> None:
        queue = SecureQueue(
            "findings",
            SecureQueueArgs(observability=observability, visibility_timeout_seconds=visibility_seconds(TIMEOUT)),
        )
        function = ServerlessFunction(
            "collect",
            ServerlessFunctionArgs(
                code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset("")}),
                handler="handler.handle",
                description="Collects findings",
                memory_mb=256,
                timeout_seconds=TIMEOUT,
                observability=observability,
                permissions=lambda *, queue_arn: consumer_statements(queue_arn),
                references={"queue_arn": queue.arn},
            ),
        )
        consume(
            "collect",
            queue,
            function,
            batch_size=10,
            batching_seconds=batching_seconds,
            max_concurrency=max_concurrency,
        )

    return build(program)


def test_only_failed_messages_come_again_after_the_function_and_its_retries(observability: Observability):
    program = built(observability)
    mapping = program.one(":EventSourceMapping").inputs
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["eventSourceArn"] == QUEUE
    assert program.one(":Queue", "findings-queue").inputs["visibilityTimeoutSeconds"] == 6 * TIMEOUT


def test_the_function_may_take_messages_from_its_queue_and_not_send_any(observability: Observability):
    granted = built(observability).one(":RolePolicy").json("policy")["Statement"]
    assert {
        "Effect": "Allow",
        "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        "Resource": [QUEUE],
    } in granted


def test_what_lambda_does_not_take_is_refused(observability: Observability):
    with pytest.raises(ValueError, match="batching_seconds must be 0 to 300, got 301"):
        built(observability, batching_seconds=301)
    with pytest.raises(ValueError, match="max_concurrency must be 2 or more, got 1"):
        built(observability, max_concurrency=1)
