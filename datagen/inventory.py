"""S3 Inventory reports over objects that are there, in the layout and formats that S3 writes.

<to>/<source bucket>/<id>/<YYYY-MM-DDTHH-MMZ>/manifest.json, manifest.checksum
<to>/<source bucket>/<id>/hive/dt=<YYYY-MM-DD-HH-MM>/symlink.txt
<to>/<source bucket>/<id>/data/<uuid>.csv.gz or .parquet
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from itertools import islice
from pathlib import PurePosixPath
from typing import NamedTuple

import orjson
import polars as pl

from datagen.errors import RequestError
from datagen.inventory_formats import FORMATS, OPTIONAL_FIELDS, encode, file_schema
from datagen.location import TRUTH, Location
from datagen.sinks import Listed, Sink, open_sink

VERSION = "2016-11-30"  # of the manifest, as S3 writes it
DEFAULT_FIELDS = ("Size", "LastModifiedDate", "ETag", "StorageClass")
MAX_ROWS_A_FILE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class InventoryRequest:
    """An inventory of the objects at `source`, to be written below `to`; without `at` it is dated now.

    In a directory the ETag of a file is the MD5 of its content, and the directory stands for a bucket of its name.
    """

    source: str
    to: str
    id: str = "all"
    format: str = "CSV"
    fields: tuple[str, ...] = DEFAULT_FIELDS
    rows_per_file: int = 250_000
    at: datetime | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise RequestError(f"an inventory is of format {' or '.join(FORMATS)}, not {self.format!r}")
        unknown = [name for name in self.fields if name not in OPTIONAL_FIELDS]
        if unknown:
            raise RequestError(
                f"an inventory made here has no field {unknown[0]!r}: choose from {', '.join(OPTIONAL_FIELDS)}"
            )
        if not 1 <= self.rows_per_file <= MAX_ROWS_A_FILE:
            raise RequestError(f"a file may have 1 to {MAX_ROWS_A_FILE:,} rows, not {self.rows_per_file:,}")


class DataFile(NamedTuple):
    """A data file of an inventory, as its manifest lists it; the key is that of the destination bucket."""

    key: str
    size: int
    md5: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """An inventory that was written; `manifest_key` is a key of the destination bucket."""

    manifest: str
    manifest_key: str
    files: tuple[DataFile, ...]
    rows: int
    seconds: float


class _Place(NamedTuple):
    """A location seen as a bucket and a prefix."""

    bucket: str
    prefix: str  # ends with a slash unless it is empty

    @classmethod
    def of(cls, location: Location) -> _Place:
        if location.scheme == "s3":
            return cls(location.bucket, f"{location.path}/" if location.path else "")
        return cls(PurePosixPath(location.path).name, "")


def write_inventory(request: InventoryRequest) -> Inventory:
    """List the source and write its inventory; truth that lies in the source is left out."""
    started = time.perf_counter()
    source, to = Location.parse(request.source), Location.parse(request.to)
    if f"{to.url}/".startswith(f"{source.url}/"):
        raise RequestError(f"the inventory of {source.url} cannot lie within it, at {to.url}: choose a place beside it")
    sink = open_sink(source)
    listed = (each for each in sink.list() if not each.key.startswith(f"{TRUTH}/"))
    if "ETag" in request.fields and source.scheme == "file":
        listed = (each._replace(etag=_digest(sink, each.key)) for each in listed)
    files, base = write_listing(request, source, listed)
    if not files:
        raise RequestError(f"there is no object at {source.url}: nothing was written")
    return Inventory(
        manifest=f"{open_sink(to).url}/{base}/manifest.json",
        manifest_key=f"{_Place.of(to).prefix}{base}/manifest.json",
        files=tuple(files),
        rows=sum(file.rows for file in files),
        seconds=time.perf_counter() - started,
    )


def _digest(sink: Sink, key: str) -> str:
    return md5(sink.get(key), usedforsecurity=False).hexdigest()


def write_listing(request: InventoryRequest, source: Location, listed: Iterable[Listed]) -> tuple[list[DataFile], str]:
    """Write data files and manifest of what was listed, if anything was; also tells the manifest's folder."""
    at, to = (request.at or datetime.now(UTC)).astimezone(UTC), Location.parse(request.to)
    target, place, origin = open_sink(to), _Place.of(to), _Place.of(source)
    root = f"{origin.bucket}/{request.id}"
    files = []
    for rows in _batches(listed, request.rows_per_file):
        data = encode(_frame(origin, rows), request.format, request.fields)
        digest = md5(data, usedforsecurity=False).hexdigest()
        key = f"{root}/data/{_uuid(digest)}{FORMATS[request.format]}"
        target.put(key, data)
        files.append(DataFile(f"{place.prefix}{key}", len(data), digest, len(rows)))
    if not files:
        return [], ""
    base = f"{root}/{at:%Y-%m-%dT%H-%MZ}"
    manifest = orjson.dumps(
        {
            "sourceBucket": origin.bucket,
            "destinationBucket": f"arn:aws:s3:::{place.bucket}",
            "version": VERSION,
            "creationTimestamp": str(int(at.timestamp() * 1000)),
            "fileFormat": request.format,
            "fileSchema": file_schema(request.format, request.fields),
            "files": [{"key": file.key, "size": file.size, "MD5checksum": file.md5} for file in files],
        }
    )
    links = "".join(f"s3://{place.bucket}/{file.key}\n" for file in files)
    target.put(f"{root}/hive/dt={at:%Y-%m-%d-%H-%M}/symlink.txt", links.encode())
    target.put(f"{base}/manifest.checksum", md5(manifest, usedforsecurity=False).hexdigest().encode())
    target.put(f"{base}/manifest.json", manifest)  # last: whoever sees it finds what it lists
    return files, base


def _batches(listed: Iterable[Listed], size: int) -> Iterator[list[Listed]]:
    each = iter(listed)
    while batch := list(islice(each, size)):
        yield batch


def _frame(origin: _Place, rows: list[Listed]) -> pl.DataFrame:
    table = pl.DataFrame(
        {
            "key": [row.key for row in rows],
            "size": [row.size for row in rows],
            "last_modified_date": [row.modified_ms for row in rows],
            "e_tag": [row.etag for row in rows],
        },
        schema={"key": pl.String, "size": pl.Int64, "last_modified_date": pl.Int64, "e_tag": pl.String},
    )
    return table.select(
        pl.lit(origin.bucket).alias("bucket"),
        (pl.lit(origin.prefix) + pl.col("key")).alias("key"),
        "size",
        pl.col("last_modified_date").cast(pl.Datetime("ms", "UTC")),
        "e_tag",
        pl.lit("STANDARD").alias("storage_class"),
        pl.col("e_tag").str.contains("-").alias("is_multipart_uploaded"),
    )


def _uuid(digest: str) -> str:
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
