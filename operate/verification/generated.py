"""The truth that the generator left beside its data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

import obstore
import orjson

from operate.errors import ResultsError
from operate.verification.check import Check

if TYPE_CHECKING:
    import polars as pl
    from obstore.store import ObjectStore

    from operate.execution import Execution

STATE = "dataset.json"  # the generator's own record, complete once the data and all of the truth are written


@dataclass(frozen=True, kw_only=True)
class Generated:
    """A complete data set: where its truth lies in the bucket, how many rows it has, and since when."""

    folder: str
    rows: int
    completed_at: datetime

    def table(self, store: ObjectStore, name: str) -> pl.LazyFrame:
        """Return a truth table, scanned from memory: a compressed Parquet file is a tenth of its rows."""
        import polars as pl

        return pl.scan_parquet(BytesIO(obstore.get(store, f"{self.folder}{name}.parquet").bytes()))


def generated(store: ObjectStore, address: str) -> Generated:
    """Find the truth of the data at ``address``; ResultsError when there is none, or the data are incomplete."""
    from datagen.location import Location

    truth = Location.parse(address).truth()
    folder = f"{truth.path}/" if truth.path else ""
    try:
        stored = obstore.get(store, f"{folder}{STATE}")
    except FileNotFoundError as error:
        raise ResultsError(f"the data at {address} have no truth at {truth.url}: generate them again") from error
    state = orjson.loads(bytes(stored.bytes()))
    if not state["complete"]:
        raise ResultsError(f"the data at {address} are not complete: generate them again")
    return Generated(folder=folder, rows=state["rows"], completed_at=stored.meta["last_modified"])


def stale(source: Generated, execution: Execution) -> Check:
    """Say that the data were made after the run had started, so that it cannot be judged by them."""
    return Check(
        name="the data are those that the run read",
        ok=False,
        detail=f"generated at {_moment(source.completed_at)}, after the run started at"
        f" {_moment(execution.started)}: run again to verify",
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
