"""Sending to an SQS queue: one client a process, its failures by what follows from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from handlers.common import clients
from handlers.common.clients import FAILED
from handlers.common.failures import AccessDenied, NoSuchQueue, RequestRefused, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.common.meter import Meter

THROTTLES: Final = frozenset({"KmsThrottled", "OverLimit", "RequestThrottled", "ThrottlingException"})
DENIALS: Final = frozenset({"AccessDenied", "AccessDeniedException", "ExpiredToken", "InvalidClientTokenId"})
MISSING: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


def client() -> Any:
    """The process's client."""
    return clients.client("sqs")


def send(queue_url: str, body: Mapping[str, Any], meter: Meter) -> None:
    """Send an object as JSON. Raises a BatchFailure or, once the client has given up, TransientFailure."""
    meter.add("sqs_requests")
    try:
        client().send_message(QueueUrl=queue_url, MessageBody=json.dumps(body, separators=(",", ":")))
    except ClientError as error:
        raise _failure(error, queue_url) from error
    except (HTTPClientError, NoConnection) as error:
        raise TransientFailure(f"SQS did not answer for {queue_url}: {type(error).__name__}") from error


def _failure(error: ClientError, queue_url: str) -> Exception:
    code = error.response["Error"]["Code"]
    told = f"SQS answered {code} for {queue_url}"
    if code in THROTTLES or error.response["ResponseMetadata"]["HTTPStatusCode"] >= FAILED:
        return TransientFailure(told)
    if code in DENIALS:
        return AccessDenied(f"{told}: the function's role needs sqs:SendMessage on it")
    if code in MISSING:
        return NoSuchQueue(told)
    return RequestRefused(told)
