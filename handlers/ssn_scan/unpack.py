"""Gzip objects are scanned as what they hold, within limits: a bomb ends as a failed item, not as a failed function."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from handlers.common.failures import BrokenGzip, GzipBomb

MAGIC: Final = b"\x1f\x8b"
OUTPUT_BYTES: Final = 1024**2
"""Bytes that are unpacked at a time."""
FREE_BYTES: Final = 64 * 1024**2
"""What an object may unpack to whatever its size."""
MAX_RATIO: Final = 200
"""Beyond FREE_BYTES, how many times its packed size: text reaches 20, a bomb 1,000 (deflate's own limit is 1,032)."""
_GZIP: Final = 16 + zlib.MAX_WBITS


def unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same blocks, or what they hold when they are gzip (of one or more members).

    Raises:
        BrokenGzip: what follows the magic number is no complete gzip.
        GzipBomb: more than FREE_BYTES and MAX_RATIO times its size comes out.
    """
    stream = iter(blocks)
    head = b""
    for block in stream:
        head += block
        if len(head) >= len(MAGIC):
            break
    everything = chain((head,), stream)
    return _members(everything) if head.startswith(MAGIC) else everything


def _members(blocks: Iterable[bytes]) -> Iterator[bytes]:
    packed, out = 0, 0
    member = zlib.decompressobj(_GZIP)
    begun = False
    for block in blocks:
        packed += len(block)
        waiting, more = block, False
        while waiting or more:
            if member.eof:
                if waiting.startswith(b"\0"):  # padding behind the last member, as tape tools write it
                    waiting = waiting.lstrip(b"\0")
                    continue
                member, begun = zlib.decompressobj(_GZIP), False
            begun = True
            try:
                piece = member.decompress(waiting, OUTPUT_BYTES)
            except zlib.error as error:
                raise BrokenGzip(f"the object is not gzip after {out:,} unpacked bytes: {error}") from error
            waiting = member.unused_data if member.eof else member.unconsumed_tail
            more = len(piece) == OUTPUT_BYTES and not member.eof  # what is left may need no further input
            out += len(piece)
            if out > FREE_BYTES and out > MAX_RATIO * packed:
                raise GzipBomb(
                    f"{packed:,} packed bytes gave {out:,} and more: the limit is {MAX_RATIO} times, unpack it yourself"
                )
            yield piece
    if begun and not member.eof:
        raise BrokenGzip(f"the gzip data end early, after {out:,} unpacked bytes: upload the object again")
