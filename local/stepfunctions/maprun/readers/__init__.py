"""The data sets of a distributed map, read as a stream of items."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.csv_items import CsvItems
from local.stepfunctions.maprun.readers.json_items import JsonLines, document_items
from local.stepfunctions.maprun.readers.listing import list_objects
from local.stepfunctions.maprun.readers.objects import read_blocks, read_whole, source_of
from local.stepfunctions.maprun.readers.spec import Problem, ReaderSpec, parse_reader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from local.stepfunctions.integrations.aws import AwsClient
    from local.stepfunctions.scope import Json

__all__ = ["Chunk", "Problem", "ReaderSpec", "parse_reader", "read_items"]

CHUNK_ITEMS = 4096


@dataclass(frozen=True, slots=True)
class Chunk:
    """Items in order, as a child without ItemSelector gets them.

    ``source`` is ``Map.Item.Source``. ``keys`` is given when the entries of a JSON object are iterated: each
    item is then ``{"Key": ..., "Value": ...}``, ``Map.Item.Key`` the key and ``Map.Item.Value`` the value.
    """

    items: list[Json]
    source: str
    keys: list[str] | None = None


class _Format(Protocol):
    def feed(self, block: bytes) -> list[Json]: ...

    def finish(self) -> list[Json]: ...


async def read_items(
    spec: ReaderSpec, *, parameters: Mapping[str, Any], max_items: int, s3: AwsClient
) -> AsyncGenerator[Chunk, None]:
    """The items of the data set in chunks of a few thousand, never empty; ``max_items`` 0 means all.

    ``parameters`` are the evaluated Parameters or Arguments of the reader. Raises ItemReaderFailed. Memory
    does not grow with the size of the data set, but a JSON document is held whole.
    """
    if max_items < 0:
        raise ItemReaderFailed("field MaxItems must be positive")
    left = max_items or None
    chunks = _chunks(spec, parameters, s3)
    async with aclosing(chunks):
        async for chunk in chunks:
            for part in _parts(chunk):
                if left is None or len(part.items) < left:
                    yield part
                    left = None if left is None else left - len(part.items)
                else:
                    yield _part(part, 0, left)
                    return


def _parts(chunk: Chunk) -> list[Chunk]:
    if len(chunk.items) <= CHUNK_ITEMS:
        return [chunk] if chunk.items else []
    return [_part(chunk, start, start + CHUNK_ITEMS) for start in range(0, len(chunk.items), CHUNK_ITEMS)]


def _part(chunk: Chunk, start: int, end: int) -> Chunk:
    keys = None if chunk.keys is None else chunk.keys[start:end]
    return Chunk(chunk.items[start:end], chunk.source, keys)


async def _chunks(
    spec: ReaderSpec, parameters: Mapping[str, Any], s3: AwsClient
) -> AsyncGenerator[Chunk, None]:
    if spec.resource == "s3:listObjectsV2":
        pages = list_objects(s3, parameters)
        async with aclosing(pages):
            async for page in pages:
                yield Chunk(page, f"s3://{parameters.get('Bucket')}")
        return
    chunks = _object_chunks(spec, parameters, s3)
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk


async def _object_chunks(
    spec: ReaderSpec, parameters: Mapping[str, Any], s3: AwsClient
) -> AsyncGenerator[Chunk, None]:
    source = source_of(parameters)
    if spec.input_type == "JSON":
        items, keys = document_items(await read_whole(s3, parameters), spec.items_pointer, source)
        yield Chunk(items, source, keys)
        return
    reading: _Format
    if spec.input_type == "CSV":
        reading = CsvItems(delimiter=spec.csv_delimiter, headers=spec.csv_headers, source=source)
    else:
        reading = JsonLines(source=source)
    blocks = read_blocks(s3, parameters)
    async with aclosing(blocks):
        async for block in blocks:
            yield Chunk(reading.feed(block), source)
    yield Chunk(reading.finish(), source)
