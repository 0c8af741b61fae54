"""The edge of every handler: one line in the log a call, one a failure; and that of a batch, all items at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aws_lambda_powertools import Logger, Tracer

from handlers.common.answer import Answer, Done, answer, failures
from handlers.common.event import Batch, Item, parse
from handlers.common.failures import ItemFailure, TransientFailure
from handlers.common.limits import AT_ONCE
from handlers.common.meter import Meter

T = TypeVar("T")

Process = Callable[[Item, Meter], str]
"""Does one item, in any thread, and returns a word for what it did.

Raises an ItemFailure, TransientFailure or BatchFailure; doing an item again must lead to the same end.
"""


@dataclass(kw_only=True)
class Report:
    """What an invocation tells of itself when it ends, however it ends; its work fills it in."""

    meter: Meter = field(default_factory=Meter)
    execution: str = ""
    counts: dict[str, int] = field(default_factory=lambda: {"items": 0, "failed": 0})
    failed: Sequence[Mapping[str, Any]] = ()


def handler_of(service: str, work: Callable[[Any, Report], T]) -> Callable[[Any, Any], T]:
    """A Lambda handler that does the work, from the event to the answer, and tells it."""
    logger = Logger(service=service, level="INFO")  # its line on a batch is what the cost of a run is told from
    tracer = Tracer(service=service, auto_patch=False)

    def handler(event: Any, _context: Any) -> T:
        began = time.monotonic()
        report = Report()
        try:
            return work(event, report)
        finally:
            told = {"execution": report.execution}
            for failure in report.failed:
                logger.warning("item failed", extra={**told, **failure})
            seconds = round(time.monotonic() - began, 3)
            logger.info("batch", extra={**told, **report.counts, **report.meter.read(), "seconds": seconds})

    traced = tracer.capture_lambda_handler(handler, capture_response=False)
    logged: Callable[[Any, Any], T] = logger.inject_lambda_context(traced)
    return logged


def batch_handler(service: str, process: Process) -> Callable[[Any, Any], Answer]:
    """A Lambda handler that does every item of its batch.

    An item's own failure is told in the answer; a transient one makes the handler raise TransientFailure after all
    other items are done; any other failure is raised at once, and items not begun are left.
    """

    def work(event: Any, report: Report) -> Answer:
        batch = parse(event)
        report.execution, report.counts = batch.execution, {"items": len(batch.items), "failed": len(batch.items)}
        done = process_all(batch, lambda item: process(item, report.meter))
        report.failed = failures(done)
        report.counts["failed"] = len(report.failed)
        return answer(done)

    return handler_of(service, work)


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
