"""Rows of a Parquet object, a batch at a time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.chunk import CHUNK_ITEMS
from local.stepfunctions.maprun.readers.objects import read_blocks, source_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import polars as pl

    from local.stepfunctions.integrations.aws import AwsClient
    from local.stepfunctions.scope import Json

MAX_FOOTER_BYTES = 5 << 20  # Step Functions, "Parquet files: footer"
_MAGIC = b"PAR1"


async def parquet_items(s3: AwsClient, parameters: Mapping[str, Any]) -> AsyncGenerator[list[Json], None]:
    """The rows as objects: numbers, strings, booleans, arrays and objects as they are; dates and times in ISO 8601,
    decimals as numbers, bytes as text, durations in seconds.

    The object is first written to a temporary file, since its directory is at its end.
    """
    source = source_of(parameters)
    with tempfile.TemporaryDirectory(prefix="distmap-") as folder:
        path = Path(folder) / "object.parquet"
        await _download(s3, parameters, path)
        batches = await asyncio.to_thread(_open, path, source)
        while (rows := await asyncio.to_thread(_next, batches, source)) is not None:
            yield rows


async def _download(s3: AwsClient, parameters: Mapping[str, Any], path: Path) -> None:
    blocks = read_blocks(s3, parameters)
    async with aclosing(blocks):
        with path.open("wb") as file:
            async for block in blocks:
                await asyncio.to_thread(file.write, block)


def _open(path: Path, source: str) -> Iterator[pl.DataFrame]:
    import polars as pl

    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 8, 0))
        end = file.read()
    if size < 12 or not end.endswith(_MAGIC):
        raise ItemReaderFailed(f"{source} is not a Parquet file")
    footer = int.from_bytes(end[:4], "little")
    if footer > MAX_FOOTER_BYTES:
        raise ItemReaderFailed(f"The footer of {source} has {footer} bytes; the limit is {MAX_FOOTER_BYTES}")
    return iter(pl.scan_parquet(path).collect_batches(chunk_size=CHUNK_ITEMS, lazy=True))


def _next(batches: Iterator[pl.DataFrame], source: str) -> list[Json] | None:
    from polars.exceptions import PolarsError

    try:
        table = next(batches, None)
    except PolarsError as error:
        raise ItemReaderFailed(f"{source} cannot be read as Parquet: {error}") from error
    if table is None:
        return None
    return _plain_rows(table)


def _plain_rows(table: pl.DataFrame) -> list[Json]:
    # Through JSON, so that a child sees what its input can hold.
    rows: list[Json] = orjson.loads(orjson.dumps(table.to_dicts(), default=_plain))
    return rows


def _plain(value: object) -> Json:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"a Parquet value of type {type(value).__name__} has no form in JSON")
