"""The station files that a run of `noaa` should have processed: those listed, or those that an inventory names."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import obstore
import orjson

from operate.errors import ResultsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from obstore.store import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One object: its size and time are None when an inventory does not tell them."""

    key: str
    size: int | None
    modified: datetime | None


def listing(s3: Any, *, bucket: str, prefix: str) -> Iterator[Listed]:
    """Yield the objects under a prefix in the order of their keys."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            yield Listed(key=found["Key"], size=found["Size"], modified=found["LastModified"])


def inventory(store: ObjectStore, manifest_key: str) -> Iterator[Listed]:
    """Yield the objects of an S3 Inventory in its order; ResultsError when it is gone or is not CSV."""
    import polars as pl

    try:
        manifest = orjson.loads(bytes(obstore.get(store, manifest_key).bytes()))
        if manifest["fileFormat"] != "CSV":
            raise ResultsError(f"{manifest_key} lists files of format {manifest['fileFormat']}, only CSV can be read")
        columns = [name.strip() for name in manifest["fileSchema"].split(",")]
        for file in manifest["files"]:
            data = bytes(obstore.get(store, file["key"]).bytes())
            rows = pl.read_csv(BytesIO(data), has_header=False, new_columns=columns, infer_schema=False)
            sizes = rows["Size"].cast(pl.Int64).to_list() if "Size" in columns else [None] * len(rows)
            for key, size in zip(rows["Key"].to_list(), sizes, strict=True):
                yield Listed(key=key, size=size, modified=None)
    except FileNotFoundError as error:
        raise ResultsError(f"the inventory of the run, {manifest_key}, is not complete any more: {error}") from error
