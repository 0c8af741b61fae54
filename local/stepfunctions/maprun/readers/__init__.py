"""The data sets of a distributed map, read as a stream of items."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.chunk import Chunk
from local.stepfunctions.maprun.readers.listing import list_objects
from local.stepfunctions.maprun.readers.manifest import manifest_chunks
from local.stepfunctions.maprun.readers.object_items import object_chunks
from local.stepfunctions.maprun.readers.spec import Problem, ReaderSpec, parse_reader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from local.stepfunctions.integrations.aws import AwsClient

__all__ = ["Chunk", "Problem", "ReaderSpec", "parse_reader", "read_items"]


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
            for part in chunk.parts():
                if left is not None and len(part.items) >= left:
                    yield part.first(left)
                    return
                yield part
                left = None if left is None else left - len(part.items)


def _chunks(spec: ReaderSpec, parameters: Mapping[str, Any], s3: AwsClient) -> AsyncGenerator[Chunk, None]:
    if spec.resource == "s3:listObjectsV2":
        if spec.transformation == "LOAD_AND_FLATTEN":
            return _flattened(spec, parameters, s3)
        return _listing(parameters, s3)
    if spec.manifest_type is not None or spec.input_type == "MANIFEST":
        return manifest_chunks(spec, parameters, s3)
    return object_chunks(spec, parameters, s3)


async def _listing(parameters: Mapping[str, Any], s3: AwsClient) -> AsyncGenerator[Chunk, None]:
    pages = list_objects(s3, parameters)
    async with aclosing(pages):
        async for page in pages:
            yield Chunk(page, f"s3://{parameters.get('Bucket')}")


async def _flattened(spec: ReaderSpec, parameters: Mapping[str, Any], s3: AwsClient) -> AsyncGenerator[Chunk, None]:
    """The rows of every object under the prefix, in the order of the list; folder markers hold none."""
    pages = list_objects(s3, parameters)
    async with aclosing(pages):
        async for page in pages:
            for entry in page:
                if entry["Key"].endswith("/"):
                    continue
                chunks = object_chunks(spec, {"Bucket": parameters["Bucket"], "Key": entry["Key"]}, s3)
                async with aclosing(chunks):
                    async for chunk in chunks:
                        yield chunk
