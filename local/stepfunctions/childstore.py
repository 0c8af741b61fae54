"""Child executions that ended, kept on disk so that memory does not grow with their number."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import zstandard

from local.stepfunctions.history import Event, render
from local.stepfunctions.maprun.results import Child
from local.stepfunctions.payload import Payload

_BATCH: Final = 256
_BATCH_BYTES: Final = 8 * 1024**2
_COMPRESS_FROM: Final = 512
_LEVEL: Final = -5  # of zstd: half the time of level 1 for a tenth more bytes
_RUN: Final = 2**40  # the id of a child is the number of its Map Run times this, plus its index
_COLUMNS: Final = "id, name, arn, status, start, stop, items, input, output, error, cause, redrives, events, place"
_SCHEMA: Final = """
CREATE TABLE children (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, arn TEXT NOT NULL, status TEXT NOT NULL,
    start REAL NOT NULL, stop REAL NOT NULL, items INTEGER NOT NULL, input BLOB NOT NULL, output BLOB,
    error TEXT, cause TEXT, redrives INTEGER NOT NULL, events BLOB, place BLOB
);
"""
# An index triples the time of each insertion, and most runs are never looked into: it is made when first needed.
_BY_ARN: Final = "CREATE INDEX IF NOT EXISTS by_arn ON children (arn)"
_BY_START: Final = "CREATE INDEX IF NOT EXISTS by_start ON children (start, arn)"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredChild:
    """A child execution as it was stored; texts are JSON in UTF-8, times in epoch seconds."""

    map_run: str
    seq: int
    name: str
    arn: str
    status: str
    start: float
    stop: float
    items: int
    input: bytes
    output: bytes | None
    error: str | None
    cause: str | None
    redrives: int
    events: bytes | None
    place: bytes | None

    def past(self) -> list[Event]:
        """The child's events; none of an EXPRESS child."""
        return [] if self.events is None else [Event(*event) for event in orjson.loads(_unpack(self.events))]

    def history(self) -> list[dict[str, Any]]:
        """The child's events as GetExecutionHistory answers them; empty for an EXPRESS child, which has none."""
        return [render(event) for event in self.past()]


class ChildStore:
    """A SQLite file of one engine's lifetime; writes are gathered and made on a thread of their own."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="child-store")
        self._database = self._thread.submit(_open, path).result()
        self._map_runs: dict[str, int] = {}
        """Numbers of Map Runs by ARN."""
        self._waiting: list[tuple[int, Child]] = []
        self._bytes = 0
        self._writing: asyncio.Future[None] | None = None

    async def add(self, map_run: str, child: Child) -> None:
        """Keep a child; waits only while an earlier batch is still being written."""
        self._waiting.append((self._number(map_run) * _RUN + child.index, child))
        self._bytes += len(child.input.text) + (0 if child.output is None else len(child.output.text))
        if len(self._waiting) >= _BATCH or self._bytes >= _BATCH_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Begin to write what waits, after what is being written."""
        if self._writing is not None:
            await asyncio.shield(self._writing)  # who stops waiting must not stop the writing
            self._writing = None
        if self._waiting:
            batch, self._waiting, self._bytes = self._waiting, [], 0
            self._writing = asyncio.get_running_loop().run_in_executor(self._thread, _write, self._database, batch)

    def _number(self, map_run: str) -> int:
        return self._map_runs.setdefault(map_run, len(self._map_runs))

    async def find(self, arn: str) -> StoredChild | None:
        """A child by its ARN."""
        rows = await self._rows("INDEXED BY by_arn WHERE arn = ?", (arn,), index=_BY_ARN)
        return rows[0] if rows else None

    async def unsuccessful(self, map_run: str, after: int, limit: int) -> list[StoredChild]:
        """Children of a Map Run that did not succeed or never began, by index from ``after`` (exclusive)."""
        first = self._number(map_run) * _RUN
        where = "WHERE id > ? AND id < ? AND status != 'SUCCEEDED' ORDER BY id LIMIT ?"
        return await self._rows(where, (first + after, first + _RUN, limit))

    async def page(
        self, map_run: str, *, status: str | None, before: tuple[float, str], limit: int
    ) -> list[StoredChild]:
        """Children of a Map Run, newest first, that began before (start, arn)."""
        first = self._number(map_run) * _RUN
        wanted = "status != 'PENDING'" if status is None else "status = ?"
        where = f"INDEXED BY by_start WHERE (start, arn) < (?, ?) AND id >= ? AND id < ? AND {wanted}"
        values = (*before, first, first + _RUN, *(() if status is None else (status,)), limit)
        return await self._rows(f"{where} ORDER BY start DESC, arn DESC LIMIT ?", values, index=_BY_START)

    async def _rows(self, where: str, values: tuple[Any, ...], *, index: str = "") -> list[StoredChild]:
        await self.flush()
        query = f"SELECT {_COLUMNS} FROM children {where}"  # noqa: S608 - of constants
        rows = await asyncio.get_running_loop().run_in_executor(
            self._thread, _read, self._database, index, query, values
        )
        map_runs = list(self._map_runs)
        return [_stored(row, map_runs) for row in rows]

    async def close(self) -> None:
        """Write what waits, and close the file."""
        await self.flush()
        if self._writing is not None:
            await self._writing
        self._thread.submit(self._database.close).result()
        self._thread.shutdown()


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    # The file lives as long as the engine: nothing is to survive a crash.
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
    return database


def _write(database: sqlite3.Connection, batch: list[tuple[int, Child]]) -> None:
    places = ", ".join("?" * len(_COLUMNS.split(",")))
    with database:
        database.executemany(f"INSERT OR REPLACE INTO children ({_COLUMNS}) VALUES ({places})", _values(batch))  # noqa: S608 - of constants


def _values(batch: list[tuple[int, Child]]) -> Iterator[tuple[Any, ...]]:
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    for number, child in batch:
        yield (
            number,
            child.name,
            child.arn,
            child.status,
            child.start,
            child.stop,
            child.items,
            _pack(compressor, child.input.text),
            None if child.output is None else _pack(compressor, child.output.text),
            child.error,
            child.cause,
            child.redrive_count,
            None if child.events is None else _pack(compressor, _events_text(child.events)),
            None if child.place is None else _pack(compressor, child.place),
        )


def _events_text(events: list[Event]) -> bytes:
    rows = [(event.id, event.previous, event.type, event.timestamp, event.details) for event in events]
    return orjson.dumps(rows, default=_payload_text)


def _payload_text(value: Any) -> str:
    if isinstance(value, Payload):
        return value.text.decode()
    raise TypeError(f"an event holds a {type(value).__name__}, which has no JSON form")


def _pack(compressor: zstandard.ZstdCompressor, text: bytes) -> bytes:
    return b"z" + compressor.compress(text) if len(text) >= _COMPRESS_FROM else b"-" + text


def _unpack(stored: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(stored[1:]) if stored[:1] == b"z" else stored[1:]


def _read(database: sqlite3.Connection, index: str, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if index:
        database.execute(index)
    return database.execute(query, values).fetchall()


def _stored(row: tuple[Any, ...], map_runs: list[str]) -> StoredChild:
    number, *values = row
    fields = dict(zip(_COLUMNS.split(", ")[1:], values, strict=True))
    fields["input"] = _unpack(fields["input"])
    for name in ("output", "place"):
        fields[name] = None if fields[name] is None else _unpack(fields[name])
    return StoredChild(map_run=map_runs[number // _RUN], seq=number % _RUN, **fields)
