"""The items in one S3 object, whatever its format."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol

from local.stepfunctions.maprun.readers.chunk import Chunk
from local.stepfunctions.maprun.readers.csv_items import CsvItems
from local.stepfunctions.maprun.readers.json_items import JsonLines, document_items
from local.stepfunctions.maprun.readers.objects import read_blocks, read_whole, source_of
from local.stepfunctions.maprun.readers.parquet_items import parquet_items

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from local.stepfunctions.integrations.aws import AwsClient
    from local.stepfunctions.maprun.readers.spec import ReaderSpec
    from local.stepfunctions.scope import Json


class _Format(Protocol):
    def feed(self, block: bytes) -> list[Json]: ...

    def finish(self) -> list[Json]: ...


async def object_chunks(spec: ReaderSpec, parameters: Mapping[str, Any], s3: AwsClient) -> AsyncGenerator[Chunk, None]:
    """The items of the object that GetObject's ``parameters`` name, read as ``spec.input_type``."""
    source = source_of(parameters)
    if spec.input_type == "JSON":
        items, keys = document_items(await read_whole(s3, parameters), spec.items_pointer, source)
        yield Chunk(items, source, keys)
        return
    if spec.input_type == "PARQUET":
        tables = parquet_items(s3, parameters)
        async with aclosing(tables):
            async for rows in tables:
                yield Chunk(rows, source)
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
