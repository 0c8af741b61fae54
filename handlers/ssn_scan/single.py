"""The function of the machine that scans one object: it tells what it found, and the machine sends it on.

Event: ``{"bucket", "key", "execution"}``. Answer: ``{"count", "message"}``, the message as the queue gets it.
"""

from __future__ import annotations

import time
from typing import Any, Final, TypedDict

from aws_lambda_powertools import Logger, Tracer

from handlers.common.event import parse
from handlers.common.failures import ItemFailure
from handlers.common.meter import Meter
from handlers.ssn_scan.objects import scan_object

logger: Final = Logger(service="ssn_scan")
tracer: Final = Tracer(service="ssn_scan", auto_patch=False)


class Answer(TypedDict):
    """What was found in one object."""

    count: int
    message: dict[str, Any]


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: Any, _context: Any) -> Answer:
    """Scan one object. Raises an ItemFailure, a BatchFailure or TransientFailure, whose names the machine knows."""
    began = time.monotonic()
    event = event if isinstance(event, dict) else {}
    batch = parse({"BatchInput": event, "Items": [{"Key": event.get("key")}]})
    meter = Meter()
    failed = 1
    try:
        finding = scan_object(batch.items[0], meter)
        failed = 0
        return Answer(count=finding.count, message=finding.message())
    except ItemFailure as failure:
        logger.warning(
            "item failed",
            extra={"execution": batch.execution, "key": batch.items[0].key, "error": type(failure).__name__},
        )
        raise
    finally:
        seconds = round(time.monotonic() - began, 3)
        used = {"items": 1, "failed": failed, **meter.read()}
        logger.info("batch", extra={"execution": batch.execution, **used, "seconds": seconds})
