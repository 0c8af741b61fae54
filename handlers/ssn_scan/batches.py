"""The function of the batched map: scans every object of its batch, and sends what it finds to the queue itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handlers.common import queue
from handlers.common.edge import batch_handler
from handlers.common.event import environment
from handlers.ssn_scan.objects import scan_object

if TYPE_CHECKING:
    from handlers.common.event import Item
    from handlers.common.meter import Meter

CLEAN: Final = "clean"
FOUND: Final = "found"


def process(item: Item, meter: Meter) -> str:
    """Scan one object; a find is one message. A repeated batch sends it again, which its consumer knows."""
    finding = scan_object(item, meter)
    if not finding.count:
        return CLEAN
    queue.send(environment("QUEUE_URL"), finding.message(), meter)
    return FOUND


handler = batch_handler("ssn_scan", process)
