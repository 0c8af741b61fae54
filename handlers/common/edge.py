"""The edge of a batch handler: all items at once, what became of each, one line in the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from aws_lambda_powertools import Logger, Tracer

from handlers.common.answer import Answer, Done, answer, failures
from handlers.common.event import Batch, Item, parse
from handlers.common.failures import ItemFailure, TransientFailure
from handlers.common.limits import AT_ONCE
from handlers.common.meter import Meter

Process = Callable[[Item, Meter], str]
"""Does one item, in any thread, and returns a word for what it did.

Raises an ItemFailure, TransientFailure or BatchFailure; doing an item again must lead to the same end.
"""


def batch_handler(service: str, process: Process) -> Callable[[Any, Any], Answer]:
    """A Lambda handler that does every item of its batch.

    An item's own failure is told in the answer; a transient one makes the handler raise TransientFailure after all
    other items are done; any other failure is raised at once, and items not begun are left.
    """
    logger = Logger(service=service, level="INFO")  # its line on a batch is what the cost of a run is told from
    tracer = Tracer(service=service, auto_patch=False)

    def handler(event: Any, _context: Any) -> Answer:
        began = time.monotonic()
        batch = parse(event)
        meter = Meter()
        failed = len(batch.items)
        try:
            done = process_all(batch, lambda item: process(item, meter))
            for failure in (failing := failures(done)):
                logger.warning("item failed", extra={"execution": batch.execution, **failure})
            failed = len(failing)
            return answer(done)
        finally:
            used = {"items": len(batch.items), "failed": failed, **meter.read()}
            seconds = round(time.monotonic() - began, 3)
            logger.info("batch", extra={"execution": batch.execution, **used, "seconds": seconds})

    traced = tracer.capture_lambda_handler(handler, capture_response=False)
    logged: Callable[[Any, Any], Answer] = logger.inject_lambda_context(traced)
    return logged


def process_all(batch: Batch, process: Callable[[Item], str]) -> list[Done]:
    """How each item ended, in the batch's order. Raises what is neither an ItemFailure nor a TransientFailure."""

    def end(item: Item) -> Done:
        try:
            return Done(item=item, end=process(item))
        except (ItemFailure, TransientFailure) as failure:
            return Done(item=item, end=failure)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="item") as pool:
        doing = [pool.submit(end, item) for item in batch.items]
        finished, _ = wait(doing, return_when=FIRST_EXCEPTION)
        if failed := next((one for one in finished if one.exception()), None):
            pool.shutdown(wait=False, cancel_futures=True)
            failed.result()
        return [one.result() for one in doing]
