"""Data sets that a manifest lists: S3 inventories, and what Athena's UNLOAD wrote."""

from __future__ import annotations

import csv
import re
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.object_items import object_chunks
from local.stepfunctions.maprun.readers.objects import read_whole, source_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from local.stepfunctions.integrations.aws import AwsClient
    from local.stepfunctions.maprun.readers.chunk import Chunk
    from local.stepfunctions.maprun.readers.spec import ReaderSpec

_BUCKET = re.compile(r"(?:arn:aws[a-z-]*:s3:::)?([^/:]+)")
_URI = re.compile(r"s3://([^/]+)/(.+)", re.IGNORECASE)


async def manifest_chunks(
    spec: ReaderSpec, parameters: Mapping[str, Any], s3: AwsClient
) -> AsyncGenerator[Chunk, None]:
    """The rows of every listed object, in the order of the list; ``source`` is the object that holds them.

    An inventory's rows are CSV without a header, named by its ``fileSchema``; keys stay URL-encoded as S3 wrote
    them. ``version``, sizes, checksums and ``destinationBucket`` may be missing. Raises ItemReaderFailed.
    """
    source = source_of(parameters)
    text = await read_whole(s3, parameters)
    if spec.manifest_type == "ATHENA_DATA":
        files = _athena_files(text, source)
    else:
        columns, files = _inventory(text, str(parameters["Bucket"]), source)
        spec = replace(spec, input_type="CSV", csv_delimiter=",", csv_headers=columns)
    for bucket, key in files:
        chunks = object_chunks(spec, {"Bucket": bucket, "Key": key}, s3)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk


def _inventory(text: bytes, bucket: str, source: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    try:
        manifest = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ItemReaderFailed(f"{source} is not an S3 inventory manifest: {error}") from error
    if not isinstance(manifest, dict):
        raise ItemReaderFailed(f"{source} is not an S3 inventory manifest: it is not a JSON object")
    kind = manifest.get("fileFormat", "CSV")
    if kind != "CSV":
        raise ItemReaderFailed(f"The inventory of {source} has the format {kind}; only CSV can be read")
    schema, files = manifest.get("fileSchema"), manifest.get("files")
    if not isinstance(schema, str) or not isinstance(files, list):
        raise ItemReaderFailed(f"{source} is not an S3 inventory manifest: fileSchema or files is missing")
    match = _BUCKET.fullmatch(str(manifest.get("destinationBucket") or bucket))
    if match is None:
        raise ItemReaderFailed(f"The destinationBucket of {source} is not a bucket: {manifest['destinationBucket']}")
    keys = [str(file["key"]) for file in files if isinstance(file, dict) and file.get("key")]
    if len(keys) < len(files):
        raise ItemReaderFailed(f"{source} is not an S3 inventory manifest: an entry of files has no key")
    return tuple(name.strip() for name in schema.split(",")), [(match[1], key) for key in keys]


def _athena_files(text: bytes, source: str) -> list[tuple[str, str]]:
    try:
        lines = text.decode().splitlines()
    except UnicodeDecodeError as error:
        raise ItemReaderFailed(f"{source} is not a manifest of Athena: {error}") from error
    files = []
    for number, row in enumerate(csv.reader(lines), 1):
        if not row:
            continue
        match = _URI.fullmatch(row[0].strip())
        if match is None:
            raise ItemReaderFailed(f"Line {number} of {source} is not an s3:// URI: {row[0]}")
        files.append((match[1], match[2]))
    return files
