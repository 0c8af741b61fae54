"""What is at a target: data, its truth, and the journal of what is finished.

<to>/...                                   the objects
<truth>/dataset.json                       what was asked for, and whether it is complete
<truth>/objects.parquet                    key, size, etag and rows of every object
<truth>/<table>.parquet                    what the data set planted
<truth>/journal/<table>/<shard>.parquet    the same by shard, while the run lasts; a shard is finished
                                           when its part of `objects`, the last to be written, is there
"""

from __future__ import annotations

import errno
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from datagen.errors import OutOfSpaceError, TargetMismatchError, TargetNotEmptyError
from datagen.location import TRUTH
from datagen.sinks import Sink, open_sink

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from datagen.request import Job
    from datagen.sinks import Stored

STATE = "dataset.json"
JOURNAL = "journal/"
OBJECTS = "objects"
COPY_BYTES = 4 * 1024 * 1024
COMPRESSION_LEVEL = 1  # of zstd
READS = 16  # of parts of the journal at a time
OWN_TRUTH = re.compile(rf"{STATE}|[a-z_]+\.parquet|{JOURNAL}[a-z_]+/\d+\.parquet")


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What one shard, or a whole run, wrote."""

    objects: int = 0
    rows: int = 0
    bytes: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(objects=self.objects + other.objects, rows=self.rows + other.rows, bytes=self.bytes + other.bytes)


class Target:
    """The data and truth of one job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.data: Sink = open_sink(job.to)
        self.truth: Sink = open_sink(job.truth)

    def begin(self, *, resume: bool, overwrite: bool) -> bool:
        """Make ready to write; True when everything is there already (only with `resume`).

        Without `resume` the target must be empty, or is emptied of this data set's own objects by `overwrite`.
        """
        state = self._state()
        if resume and state is not None:
            self._must_match(state)
            return bool(state["complete"])
        self._clear(overwrite=overwrite)
        self.truth.put(STATE, orjson.dumps(self._identity() | {"complete": False}))
        return False

    def finished(self) -> dict[int, Totals]:
        """The shards that an earlier run finished."""
        keys = [found.key for found in self.truth.list(f"{JOURNAL}{OBJECTS}/")]
        with ThreadPoolExecutor(READS) as pool:
            parts = pool.map(self.truth.get, keys)
            return {
                int(Path(key).stem): totals_of(pl.read_parquet(BytesIO(part)))
                for key, part in zip(keys, parts, strict=True)
            }

    def record(
        self, shard: int, stored: Sequence[Stored], rows: Sequence[int], truth: Mapping[str, pl.DataFrame]
    ) -> Totals:
        """Note a shard whose objects are all written; only then does it count as finished."""
        for table, part in truth.items():
            self._put_part(table, shard, part)
        objects = pl.DataFrame(
            {
                "key": [each.key for each in stored],
                "size": [each.size for each in stored],
                "etag": [each.etag for each in stored],
                "rows": list(rows),
            },
            schema={"key": pl.String, "size": pl.Int64, "etag": pl.String, "rows": pl.Int64},
        )
        self._put_part(OBJECTS, shard, objects)
        return totals_of(objects)

    def write_table(self, table: str, rows: pl.LazyFrame) -> None:
        """Write a whole table of the truth, without holding all of it."""
        with scratch_folder() as scratch:
            whole = scratch / f"{table}.parquet"
            rows.sink_parquet(whole, compression_level=COMPRESSION_LEVEL)
            self.truth.put_stream(whole.name, _pieces(whole))

    def complete(self, totals: Totals) -> None:
        """Join the journal into one file a table, mark the data set complete and drop the journal."""
        parts: dict[str, list[str]] = {}
        for found in self.truth.list(JOURNAL):
            parts.setdefault(found.key.split("/")[1], []).append(found.key)
        for table, keys in parts.items():
            self._join(table, sorted(keys))
        sums = {"objects": totals.objects, "rows": totals.rows, "bytes": totals.bytes}
        self.truth.put(STATE, orjson.dumps(self._identity() | sums | {"complete": True}))
        self.truth.delete([key for keys in parts.values() for key in keys])

    def completed_totals(self) -> Totals:
        """What the complete data set holds."""
        state = self._state()
        if state is None or not state["complete"]:
            raise TargetMismatchError(f"{self.truth.url} does not say that the data is complete")
        return Totals(objects=state["objects"], rows=state["rows"], bytes=state["bytes"])

    def first_keys(self, count: int) -> tuple[str, ...]:
        """The first keys of the complete data set, in the order of its records."""
        table = pl.read_parquet(BytesIO(self.truth.get(f"{OBJECTS}.parquet")), columns=["key"], n_rows=count)
        return tuple(table["key"])

    def _join(self, table: str, keys: Sequence[str]) -> None:
        with scratch_folder() as folder, ThreadPoolExecutor(READS) as pool:
            list(pool.map(lambda key: (folder / Path(key).name).write_bytes(self.truth.get(key)), keys))
            self.write_table(table, pl.scan_parquet(folder / "*.parquet"))

    def _put_part(self, table: str, shard: int, part: pl.DataFrame) -> None:
        buffer = BytesIO()
        part.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL)
        self.truth.put(f"{JOURNAL}{table}/{shard:08d}.parquet", buffer.getvalue())

    def _identity(self) -> dict[str, Any]:
        made = self.job.dataset
        return {
            "dataset": made.name,
            "version": made.version,
            "seed": self.job.spec.seed,
            "count": self.job.spec.count,
            "parameters": dict(self.job.spec.parameters),
            "shard": made.shard(self.job.spec),
        }

    def _state(self) -> dict[str, Any] | None:
        if not any(found.key == STATE for found in self._own_truth()):
            return None
        state: dict[str, Any] = orjson.loads(self.truth.get(STATE))
        return state

    def _must_match(self, state: Mapping[str, Any]) -> None:
        for name, wanted in self._identity().items():
            if state.get(name) != wanted:
                raise TargetMismatchError(
                    f"{self.job.to.url} was begun with {name} {state.get(name)!r}, not {wanted!r}:"
                    " resume with the same, or replace it with --overwrite"
                )

    def _own_truth(self) -> Iterator[Any]:
        return (found for found in self.truth.list() if OWN_TRUTH.fullmatch(found.key))

    def _clear(self, *, overwrite: bool) -> None:
        pattern = self.job.dataset.key_pattern
        found = (each.key for each in self.data.list() if not each.key.startswith(f"{TRUTH}/"))
        own: list[str] = []
        for key in found if overwrite else islice(found, 1):
            if not overwrite:
                raise TargetNotEmptyError(
                    f"{self.job.to.url} is not empty, it holds {key}: choose another place,"
                    " replace the data with --overwrite, or finish it with --resume"
                )
            if not pattern.fullmatch(key):
                raise TargetNotEmptyError(
                    f"{self.job.to.url} holds {key}, which is not of {self.job.dataset.name}:"
                    " nothing was deleted; choose another place"
                )
            own.append(key)
        self.data.delete(own)
        self.truth.delete([each.key for each in self._own_truth()])


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder of the system's temporary directory; OutOfSpaceError when that is full."""
    with TemporaryDirectory(prefix="datagen-") as folder:
        try:
            yield Path(folder)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise OutOfSpaceError(
                f"no space left in {gettempdir()}: free some or set TMPDIR to another place, then use --resume"
            ) from error


def totals_of(objects: pl.DataFrame) -> Totals:
    """The sums of a part of the `objects` table."""
    return Totals(objects=len(objects), rows=int(objects["rows"].sum()), bytes=int(objects["size"].sum()))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(COPY_BYTES):
            yield piece
