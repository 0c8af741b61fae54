"""Claims as the table keeps them: Zstandard with a dictionary of what claims have in common.

A claim is kept as its file writes it, byte for byte: its decimals keep their precision. 3,600 bytes take about 320
(gzip leaves 900), so that an item stays within the 1 KB of one write unit. Each packed claim names its dictionary, so
that a later dictionary can stand beside this one.
"""

from __future__ import annotations

import threading
from typing import Final

import zstandard

from handlers.claims.dictionary import DICTIONARY

LEVEL: Final = 1
MAX_CLAIM_BYTES: Final = 64 << 20  # of a claim that is unpacked, so that a few bytes cannot ask for all memory

_DICTIONARY: Final = zstandard.ZstdCompressionDict(DICTIONARY, dict_type=zstandard.DICT_TYPE_FULLDICT)
_DICTIONARY.precompute_compress(level=LEVEL)


class _Coders(threading.local):
    """A compressor and a decompressor of each thread; neither is for several at a time."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=LEVEL, dict_data=_DICTIONARY).compress
        self.unpacker = zstandard.ZstdDecompressor(dict_data=_DICTIONARY)


_CODERS: Final = _Coders()


def pack(text: bytes) -> bytes:
    """The claim's JSON text in the form of the attribute ``claim``."""
    return _CODERS.pack(text)


def unpack(packed: bytes) -> bytes:
    """The JSON text that was packed.

    Raises ValueError for what was not packed here, or by a dictionary that this version does not have.
    """
    try:
        frame = zstandard.get_frame_parameters(packed)
        if frame.dict_id == _DICTIONARY.dict_id() and frame.content_size <= MAX_CLAIM_BYTES:
            return _CODERS.unpacker.decompress(packed)
    except zstandard.ZstdError as error:
        raise ValueError(f"not a packed claim: {error}") from error
    raise ValueError(
        f"a packed claim of {frame.content_size} bytes and dictionary {frame.dict_id}; this version unpacks up to "
        f"{MAX_CLAIM_BYTES} bytes by dictionary {_DICTIONARY.dict_id()}"
    )
