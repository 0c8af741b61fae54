"""Writing to a DynamoDB table: one client a process, its failures by what follows from them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from handlers.common import clients
from handlers.common.clients import FAILED
from handlers.common.failures import AccessDenied, NoSuchTable, RequestRefused, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from handlers.common.meter import Meter

THROTTLES: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
    }
)
DENIALS: Final = frozenset({"AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException"})
CONDITION_FAILED: Final = "ConditionalCheckFailedException"
FAILED_CONDITION_UNITS: Final = 1  # "Condition expressions", DynamoDB Developer Guide: those of an item up to 1 KB


def client() -> Any:
    """The process's client."""
    return clients.client("dynamodb")


def put(table: str, item: Mapping[str, Any], meter: Meter, **condition: Any) -> bool:
    """Write an item unless the condition fails; whether it was written.

    ``condition`` is given as the API has it. Raises a BatchFailure or, once the client has given up, TransientFailure.
    """
    with explained(table):
        try:
            answer = client().put_item(TableName=table, Item=item, ReturnConsumedCapacity="TOTAL", **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            meter.add("write_units", FAILED_CONDITION_UNITS)
            return False
    meter.add("write_units", answer["ConsumedCapacity"]["CapacityUnits"])
    return True


@contextmanager
def explained(table: str) -> Iterator[None]:
    """Failures of a request inside are raised by what follows from them."""
    try:
        yield
    except ClientError as error:
        raise _failure(error, table) from error
    except (HTTPClientError, NoConnection) as error:
        raise TransientFailure(f"DynamoDB did not answer for table {table}: {error}") from error


def _failure(error: ClientError, table: str) -> Exception:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    told = f"DynamoDB answered {code} for table {table}: {message}"
    if code in THROTTLES or error.response["ResponseMetadata"]["HTTPStatusCode"] >= FAILED:
        return TransientFailure(told)
    if code in DENIALS:
        return AccessDenied(told)
    if code == "ResourceNotFoundException":
        return NoSuchTable(told)
    return RequestRefused(told)
