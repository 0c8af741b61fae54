"""One object, from its address to what was found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.common.event import environment
from handlers.common.once import once
from handlers.common.streams import open_stream
from handlers.ssn_scan.core import scan
from handlers.ssn_scan.finding import Finding
from handlers.ssn_scan.identifiers import Identifier, identifiers_named
from handlers.ssn_scan.unpack import unpacked

if TYPE_CHECKING:
    from handlers.common.event import Item
    from handlers.common.meter import Meter


@once
def wanted() -> tuple[Identifier, ...]:
    """What the function is configured to look for. Raises UnknownIdentifierError."""
    return identifiers_named(environment("IDENTIFIERS"))


def scan_object(item: Item, meter: Meter) -> Finding:
    """What is in the object. Raises an ItemFailure, a BatchFailure or TransientFailure."""
    stream = open_stream(item, meter)
    result = scan(unpacked(stream.blocks), wanted())
    return Finding(
        bucket=item.bucket,
        key=item.key,
        etag=stream.etag,
        modified=stream.modified,
        execution=item.execution,
        found=result.findings,
    )
