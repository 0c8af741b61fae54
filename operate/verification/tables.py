"""Reading whole DynamoDB tables."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENTS = 4


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
