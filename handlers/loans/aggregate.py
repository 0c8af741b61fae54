"""The function that adds up what all batches of a run have left, and writes the report on the portfolio."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Final

from aws_lambda_powertools import Logger, Tracer

from handlers.common.event import Item
from handlers.common.failures import InvalidBatch
from handlers.common.limits import AT_ONCE
from handlers.common.meter import Meter
from handlers.loans.failures import NoResults
from handlers.loans.objects import keys_under, read_whole, write
from handlers.loans.report import report
from handlers.loans.tally import Tally, unpack
from handlers.loans.task import losses_prefix, text

logger: Final = Logger(service="loans", level="INFO")
tracer: Final = Tracer(service="loans", auto_patch=False)


def report_key(to_prefix: str) -> str:
    """Where the report lies."""
    return f"{to_prefix}/portfolio.json"


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: Any, _context: Any) -> dict[str, Any]:
    """Add up the results under ``{"dstbkt", "dstkey", "execution"?}``; the report's key and its totals.

    Raises a BatchFailure, or SlowDown or another TransientFailure when a retry may do better.
    """
    began = time.monotonic()
    if not isinstance(event, Mapping):
        raise InvalidBatch(f"the event must be an object, got {type(event).__name__}")
    bucket, prefix = text(event, "dstbkt"), text(event, "dstkey").strip("/")
    meter = Meter()
    batches, total = 0, None
    for each in _tallies(bucket, keys_under(bucket, losses_prefix(prefix)), meter):
        batches += 1
        if total is None:
            total = each
        else:
            total.add(each)
    if total is None:
        raise NoResults(f"s3://{bucket}/{losses_prefix(prefix)} holds no results: no batch has succeeded")
    made = report(total)
    write(bucket, {report_key(prefix): json.dumps(made, indent=1).encode()})
    told = {"execution": text(event, "execution", "none"), "items": batches, "failed": 0, **meter.read()}
    logger.info("batch", extra={**told, "seconds": round(time.monotonic() - began, 3)})
    return {"batches": batches, "report": report_key(prefix), **made["portfolio"]}


def _tallies(bucket: str, keys: Iterable[str], meter: Meter) -> Iterator[Tally]:
    """In the keys' order, a window of them in memory at a time."""
    waiting = iter(keys)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="read") as pool:
        while window := list(islice(waiting, AT_ONCE)):
            items = [Item(bucket=bucket, key=key, size=None) for key in window]
            yield from map(unpack, pool.map(lambda item: read_whole(item, meter), items))
