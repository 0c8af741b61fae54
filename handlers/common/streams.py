"""Reading S3 objects of any size, a block at a time, in one and the same version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import BaseError, PreconditionError

from handlers.common.failures import TransientFailure
from handlers.common.objects import explained, marks_a_folder, store

if TYPE_CHECKING:
    from handlers.common.event import Item
    from handlers.common.meter import Meter

BLOCK_BYTES: Final = 8 * 1024**2
"""Of one request: a slow or lost connection costs no more than this again."""
_BEYOND: Final = "InvalidRange"  # S3's answer to any range of an object without bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """An object as it is read; ``blocks`` can be gone through once. ``modified`` in milliseconds since 1970."""

    blocks: Iterable[bytes]
    size: int
    etag: str
    modified: int


def open_stream(item: Item, meter: Meter) -> Stream:
    """The object, of which the first block is read; the others are read as they are asked for.

    Raises an ItemFailure, a BatchFailure or TransientFailure, now and while blocks are read.
    """
    if marks_a_folder(item):
        return Stream(blocks=(), size=0, etag="", modified=0)
    meter.add("s3_gets")
    with explained(item):
        try:
            answer = obstore.get(store(item.bucket), item.key, options={"range": (0, BLOCK_BYTES)})
        except BaseError as error:
            if _BEYOND not in str(error):
                raise
            return _empty(item, meter)
        first = answer.bytes().to_bytes()
    meter.add("s3_bytes", len(first))
    return _stream(answer.meta, _blocks(item, meter, first, answer.meta))


def _empty(item: Item, meter: Meter) -> Stream:
    meter.add("s3_gets")
    return _stream(obstore.head(store(item.bucket), item.key), ())


def _stream(about: Any, blocks: Iterable[bytes]) -> Stream:
    modified = int(about["last_modified"].timestamp() * 1000)
    return Stream(blocks=blocks, size=about["size"], etag=about["e_tag"].strip('"'), modified=modified)


def _blocks(item: Item, meter: Meter, first: bytes, about: Any) -> Iterator[bytes]:
    yield first
    for start in range(len(first), about["size"], BLOCK_BYTES):
        wanted = {"range": (start, min(start + BLOCK_BYTES, about["size"])), "if_match": about["e_tag"]}
        meter.add("s3_gets")
        with explained(item):
            try:
                block = obstore.get(store(item.bucket), item.key, options=wanted).bytes().to_bytes()
            except PreconditionError:
                raise TransientFailure(f"s3://{item.bucket}/{item.key} was replaced while it was read") from None
        meter.add("s3_bytes", len(block))
        yield block
