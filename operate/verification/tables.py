"""Reading DynamoDB tables: whole, or the items of many keys."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

from operate.errors import ResultsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEGMENTS = 4
KEYS_A_REQUEST = 100  # Amazon DynamoDB quotas: BatchGetItem
REQUESTS_AHEAD = 8
ATTEMPTS = 8  # of what a busy table leaves over; waits add up to about thirteen seconds
FIRST_WAIT_SECONDS = 0.1


def scan(dynamodb: Any, table: str, *, segments: int = SEGMENTS) -> Iterator[dict[str, Any]]:
    """Yield every item in DynamoDB's form, read in parallel, a page of each segment in memory at a time."""

    def page(segment: int, start: dict[str, Any] | None) -> dict[str, Any]:
        more = {} if start is None else {"ExclusiveStartKey": start}
        answer: dict[str, Any] = dynamodb.scan(
            TableName=table, Segment=segment, TotalSegments=segments, ConsistentRead=True, **more
        )
        return answer

    with ThreadPoolExecutor(max_workers=segments, thread_name_prefix="scan") as pool:
        waiting = deque((segment, pool.submit(page, segment, None)) for segment in range(segments))
        while waiting:
            segment, reading = waiting.popleft()
            answer = reading.result()
            if "LastEvaluatedKey" in answer:
                waiting.append((segment, pool.submit(page, segment, answer["LastEvaluatedKey"])))
            yield from answer["Items"]


def fetch(dynamodb: Any, table: str, key: str, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the items of these ids in DynamoDB's form, those that exist, a few hundred in memory at a time.

    ResultsError when the table leaves reads over for long.
    """

    def page(keys: list[str]) -> list[dict[str, Any]]:
        wanted: Any = {"Keys": [{key: {"S": each}} for each in keys], "ConsistentRead": True}
        items: list[dict[str, Any]] = []
        for attempt in range(ATTEMPTS):
            answer = dynamodb.batch_get_item(RequestItems={table: wanted})
            items += answer["Responses"].get(table, [])
            wanted = answer["UnprocessedKeys"].get(table)
            if not wanted:
                return items
            time.sleep(FIRST_WAIT_SECONDS * 2**attempt)
        raise ResultsError(f"table {table} left {len(wanted['Keys'])} reads over {ATTEMPTS} times: verify again later")

    left = iter(ids)
    with ThreadPoolExecutor(max_workers=SEGMENTS, thread_name_prefix="fetch") as pool:
        waiting = deque(pool.submit(page, keys) for keys in _chunks(left, REQUESTS_AHEAD))
        while waiting:
            items = waiting.popleft().result()
            waiting.extend(pool.submit(page, keys) for keys in _chunks(left, 1))
            yield from items


def _chunks(ids: Iterator[str], most: int) -> Iterator[list[str]]:
    for _ in range(most):
        if keys := list(islice(ids, KEYS_A_REQUEST)):
            yield keys
