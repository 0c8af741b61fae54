"""The edge of a handler of claims: one line in the log, one line a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Logger, Tracer

from handlers.common.meter import Meter


@dataclass(kw_only=True)
class Report:
    """What an invocation tells of itself when it ends, however it ends; its work fills it in."""

    meter: Meter = field(default_factory=Meter)
    execution: str = ""
    counts: dict[str, int] = field(default_factory=lambda: {"items": 0, "failed": 0})
    failed: list[Mapping[str, Any]] = field(default_factory=list)


Work = Callable[[Any, Report], dict[str, Any]]
"""From the event to the answer."""


def handler_of(service: str, work: Work) -> Callable[[Any, Any], dict[str, Any]]:
    """A Lambda handler that does the work, and tells it."""
    logger = Logger(service=service)
    tracer = Tracer(service=service, auto_patch=False)

    def handler(event: Any, _context: Any) -> dict[str, Any]:
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
    logged: Callable[[Any, Any], dict[str, Any]] = logger.inject_lambda_context(traced)
    return logged
