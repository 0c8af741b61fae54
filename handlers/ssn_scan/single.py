"""The function of the machine that scans one object: it tells what it found, and the machine sends it on.

Event: ``{"bucket", "key", "execution"}``. Answer: ``{"count", "message"}``, the message as the queue gets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from handlers.common.answer import Failed
from handlers.common.edge import handler_of
from handlers.common.event import parse
from handlers.common.failures import ItemFailure
from handlers.ssn_scan.objects import scan_object

if TYPE_CHECKING:
    from handlers.common.edge import Report


class Found(TypedDict):
    """What was found in one object."""

    count: int
    message: dict[str, Any]


def scan_one(event: Any, report: Report) -> Found:
    """Scan one object. Raises an ItemFailure, a BatchFailure or TransientFailure, whose names the machine knows."""
    event = event if isinstance(event, dict) else {}
    batch = parse({"BatchInput": event, "Items": [{"Key": event.get("key")}]})
    (item,) = batch.items
    report.execution, report.counts = batch.execution, {"items": 1, "failed": 1}
    try:
        finding = scan_object(item, report.meter)
    except ItemFailure as failure:
        report.failed = [Failed(key=item.key, error=type(failure).__name__, cause=str(failure))]
        raise
    report.counts["failed"] = 0
    return Found(count=finding.count, message=finding.message())


handler = handler_of("ssn_scan", scan_one)
