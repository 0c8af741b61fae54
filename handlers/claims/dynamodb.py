"""Many items of a table at a time: written, read and decided on in batches, whose leftovers are tried again."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Final

from handlers.common import table as tables
from handlers.common.failures import AccessDenied, NoSuchTable, RequestRefused, TransientFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.common.meter import Meter, Unit

# Amazon DynamoDB quotas: of BatchWriteItem, BatchGetItem and BatchExecuteStatement.
WRITES_AT_A_TIME, READS_AT_A_TIME, STATEMENTS_AT_A_TIME = 25, 100, 25
ATTEMPTS: Final = 10  # of what DynamoDB left over; waits add up to about ten seconds
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 5.0
CONDITION_FAILED: Final = "ConditionalCheckFailed"
PASSING: Final = frozenset(  # BatchStatementError, Amazon DynamoDB API Reference
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)

Item = dict[str, dict[str, Any]]


def write(table: str, items: Sequence[Item], meter: Meter) -> None:
    """Write up to 25 items, whatever was there. Raises a BatchFailure, or TransientFailure for what is left over."""
    left: Any = [{"PutRequest": {"Item": item}} for item in items]
    for attempt in range(ATTEMPTS):
        answer = _call("batch_write_item", table, meter, "write_units", RequestItems={table: left})
        left = answer["UnprocessedItems"].get(table)
        if not left:
            return
        _wait(attempt)
    raise TransientFailure(
        f"table {table} left {len(left)} of {len(items)} writes over {ATTEMPTS} times: it is throttled"
    )


def read(table: str, ids: Sequence[str], attributes: Sequence[str], meter: Meter) -> list[Item]:
    """These attributes of the items of up to 100 ids, as they are now; those that do not exist are left out.

    Raises a BatchFailure, or TransientFailure for what is left over.
    """
    names = {f"#{number}": name for number, name in enumerate(attributes)}
    wanted: Any = {
        "Keys": [{"id": {"S": each}} for each in ids],
        "ProjectionExpression": ",".join(names),
        "ExpressionAttributeNames": names,
        "ConsistentRead": True,
    }
    items: list[Item] = []
    for attempt in range(ATTEMPTS):
        answer = _call("batch_get_item", table, meter, "read_units", RequestItems={table: wanted})
        items += answer["Responses"].get(table, [])
        wanted = answer["UnprocessedKeys"].get(table)
        if not wanted:
            return items
        _wait(attempt)
    raise TransientFailure(f"table {table} left {len(wanted['Keys'])} reads over {ATTEMPTS} times: it is throttled")


def execute(table: str, statement: str, values: Sequence[list[dict[str, str]]], meter: Meter) -> list[bool]:
    """Execute the statement with each of up to 25 lists of values; whether its condition held.

    Raises a BatchFailure, or TransientFailure for what is left over.
    """
    held = [False] * len(values)
    left = list(range(len(values)))
    for attempt in range(ATTEMPTS):
        asked = [{"Statement": statement, "Parameters": values[each]} for each in left]
        answer = _call("batch_execute_statement", table, meter, "write_units", Statements=asked)
        again = []
        for each, response in zip(left, answer["Responses"], strict=True):
            code = response.get("Error", {}).get("Code")
            if code in PASSING:
                again.append(each)
            elif code in {None, CONDITION_FAILED}:
                held[each] = code is None
            else:
                raise _refusal(code, table, response["Error"].get("Message", ""))
        if not again:
            return held
        left = again
        _wait(attempt)
    raise TransientFailure(f"table {table} left {len(left)} decisions over {ATTEMPTS} times: it is throttled")


def _call(operation: str, table: str, meter: Meter, unit: Unit, **parameters: Any) -> Any:
    with tables.explained(table):
        answer = getattr(tables.client(), operation)(ReturnConsumedCapacity="TOTAL", **parameters)
    meter.add(unit, sum(each["CapacityUnits"] for each in answer.get("ConsumedCapacity", ())))
    return answer


def _refusal(code: str, table: str, message: str) -> Exception:
    kind = {"AccessDenied": AccessDenied, "ResourceNotFound": NoSuchTable}.get(code, RequestRefused)
    return kind(f"DynamoDB answered {code} to a decision for table {table}: {message}")


def _wait(attempt: int) -> None:
    """A random part of a time that doubles, so that callers who were refused together do not come again together."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads load, guards nothing
