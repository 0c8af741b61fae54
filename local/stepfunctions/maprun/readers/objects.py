"""The bytes of an S3 object as a stream of blocks, decompressed, in bounded memory."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol, cast

import zstandard
from botocore.exceptions import ParamValidationError
from isal import isal_zlib

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.integrations.aws import MAX_ATTEMPTS, AwsClient, AwsError
from local.stepfunctions.integrations.failures import sdk_cause

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

BLOCK_BYTES = 256 << 10
MAX_ITEM_BYTES = 8 << 20  # an item that ItemSelector may still shrink; the input of a child is capped elsewhere

_GZIP_WINDOW = 31
# isal declares its error as an instance.
_BAD_DATA = (cast("type[Exception]", isal_zlib.error), zstandard.ZstdError)
# So little is decompressed at once because a hostile block may grow a thousandfold (gzip) or more (zstd).
_GZIP_STEP_BYTES = 16 << 10
_ZSTD_STEP_BYTES = 4 << 10
_GET_OBJECT_FIELDS = ("Bucket", "Key", "VersionId", "ExpectedBucketOwner")


def source_of(parameters: Mapping[str, Any]) -> str:
    """What ``Map.Item.Source`` shows for an object's items."""
    return f"s3://{parameters.get('Bucket')}/{parameters.get('Key')}"


async def read_blocks(s3: AwsClient, parameters: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
    """The object's bytes in blocks of about 256 KiB; ``.gz`` and ``.zstd`` keys are decompressed.

    ``parameters`` are GetObject's. Raises ItemReaderFailed with the service's message when it cannot be read.
    """
    pieces = _decompressed(_pieces(s3, parameters), str(parameters.get("Key", "")), source_of(parameters))
    async with aclosing(pieces):
        held: list[bytes] = []
        size = 0
        async for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size < BLOCK_BYTES:
                continue
            data = b"".join(held)
            end = len(data) - len(data) % BLOCK_BYTES
            for start in range(0, end, BLOCK_BYTES):
                yield data[start : start + BLOCK_BYTES]
            held = [data[end:]]
            size = len(data) - end
        if size:
            yield b"".join(held)


async def read_whole(s3: AwsClient, parameters: Mapping[str, Any]) -> bytes:
    """All bytes of an object that has to be held as one document."""
    blocks = read_blocks(s3, parameters)
    async with aclosing(blocks):
        return b"".join([block async for block in blocks])


async def _pieces(s3: AwsClient, parameters: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
    """The object's bytes as they come; where a connection breaks, the rest of the same object is asked for."""
    wanted = {name: parameters[name] for name in _GET_OBJECT_FIELDS if name in parameters}
    received = broken = 0
    while True:
        try:
            response = await s3.stream("GetObject", wanted)
        except (AwsError, ParamValidationError) as error:
            raise unreadable(error) from error
        before = received
        try:
            async for piece in response:
                received += len(piece)
                yield piece
        except AwsError as error:
            broken = 1 if received > before else broken + 1
            if broken == MAX_ATTEMPTS:
                raise unreadable(error) from error
        else:
            return
        finally:
            await response.aclose()
        if received:
            wanted |= {"Range": f"bytes={received}-", "IfMatch": response.parsed["ETag"]}


def unreadable(error: AwsError | ParamValidationError) -> ItemReaderFailed:
    """The failure of the Map state for a refused S3 call, with the service's own words."""
    return ItemReaderFailed(sdk_cause(error) if isinstance(error, AwsError) else str(error))


async def _decompressed(pieces: AsyncGenerator[bytes, None], key: str, source: str) -> AsyncGenerator[bytes, None]:
    if key.endswith(".gz"):
        frames = _Frames(lambda: isal_zlib.decompressobj(_GZIP_WINDOW), _GZIP_STEP_BYTES)
    elif key.endswith(".zstd"):
        frames = _Frames(lambda: zstandard.ZstdDecompressor().decompressobj(), _ZSTD_STEP_BYTES)
    else:
        async for piece in pieces:
            yield piece
        return
    try:
        async for piece in pieces:
            for expanded in frames.feed(piece):
                yield expanded
    except _BAD_DATA as error:
        raise ItemReaderFailed(f"{source} cannot be decompressed: {error}") from error
    if not frames.complete:
        raise ItemReaderFailed(f"{source} cannot be decompressed: it ends in the middle of compressed data")


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class _Frames:
    """Any number of compressed frames (gzip members), one after the other, expanded in small steps."""

    def __init__(self, start: Callable[[], _Decompressor], step: int) -> None:
        self._start = start
        self._step = step
        self._frame: _Decompressor | None = None

    @property
    def complete(self) -> bool:
        """Whether no frame is open."""
        return self._frame is None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        for at in range(0, len(piece), self._step):
            data = piece[at : at + self._step]
            while data:
                if self._frame is None:
                    self._frame = self._start()
                yield self._frame.decompress(data)
                data = b""
                if self._frame.eof:
                    data = self._frame.unused_data
                    self._frame = None
