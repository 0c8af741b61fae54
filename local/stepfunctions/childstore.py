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

from local.stepfunctions.history import render
from local.stepfunctions.maprun.results import Child

_BATCH: Final = 256
_BATCH_BYTES: Final = 8 * 1024**2
_COMPRESS_FROM: Final = 512
_SCHEMA: Final = """
CREATE TABLE children (
    map_run TEXT NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, arn TEXT NOT NULL, status TEXT NOT NULL,
    start REAL NOT NULL, stop REAL NOT NULL, items INTEGER NOT NULL, input BLOB NOT NULL, output BLOB,
    error TEXT, cause TEXT, redrives INTEGER NOT NULL, events BLOB, PRIMARY KEY (map_run, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX children_arn ON children (arn);
"""
_COLUMNS: Final = "map_run, seq, name, arn, status, start, stop, items, input, output, error, cause, redrives, events"


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

    def history(self) -> list[dict[str, Any]]:
        """The child's events as GetExecutionHistory answers them; empty for an EXPRESS child, which has none."""
        return [] if self.events is None else orjson.loads(_unpack(self.events))


class ChildStore:
    """A SQLite file of one engine's lifetime; writes are gathered and made on a thread of their own."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="child-store")
        self._database = self._thread.submit(_open, path).result()
        self._waiting: list[tuple[str, Child]] = []
        self._bytes = 0
        self._writing: asyncio.Future[None] | None = None

    async def add(self, map_run: str, child: Child) -> None:
        """Keep a child; waits only while an earlier batch is still being written."""
        self._waiting.append((map_run, child))
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

    async def find(self, arn: str) -> StoredChild | None:
        """A child by its ARN."""
        rows = await self._rows(f"SELECT {_COLUMNS} FROM children WHERE arn = ?", (arn,))  # noqa: S608 - constant
        return rows[0] if rows else None

    async def unsuccessful(self, map_run: str, after: int, limit: int) -> list[StoredChild]:
        """Children of a Map Run that did not succeed or never began, by index from ``after`` (exclusive)."""
        query = (
            f"SELECT {_COLUMNS} FROM children WHERE map_run = ? AND status != 'SUCCEEDED' AND seq > ? "  # noqa: S608 - constant
            "ORDER BY seq LIMIT ?"
        )
        return await self._rows(query, (map_run, after, limit))

    async def page(
        self, map_run: str, *, status: str | None, before: tuple[float, str], limit: int
    ) -> list[StoredChild]:
        """Children of a Map Run, newest first, that began before (start, arn)."""
        wanted = " AND status != 'PENDING'" if status is None else " AND status = ?"
        query = (
            f"SELECT {_COLUMNS} FROM children WHERE map_run = ?{wanted} AND (start, arn) < (?, ?) "  # noqa: S608 - constant
            "ORDER BY start DESC, arn DESC LIMIT ?"
        )
        values = (map_run, *(() if status is None else (status,)), *before, limit)
        return await self._rows(query, values)

    async def _rows(self, query: str, values: tuple[Any, ...]) -> list[StoredChild]:
        await self.flush()
        return await asyncio.get_running_loop().run_in_executor(self._thread, _read, self._database, query, values)

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


def _write(database: sqlite3.Connection, batch: list[tuple[str, Child]]) -> None:
    with database:
        database.executemany(
            f"INSERT OR REPLACE INTO children ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            _values(batch),
        )


def _values(batch: list[tuple[str, Child]]) -> Iterator[tuple[Any, ...]]:
    compressor = zstandard.ZstdCompressor(level=1)
    for map_run, child in batch:
        yield (
            map_run,
            child.index,
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
            None
            if child.events is None
            else _pack(compressor, orjson.dumps([render(event) for event in child.events])),
        )


def _pack(compressor: zstandard.ZstdCompressor, text: bytes) -> bytes:
    return b"z" + compressor.compress(text) if len(text) >= _COMPRESS_FROM else b"-" + text


def _unpack(stored: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(stored[1:]) if stored[:1] == b"z" else stored[1:]


def _read(database: sqlite3.Connection, query: str, values: tuple[Any, ...]) -> list[StoredChild]:
    names = _COLUMNS.split(", ")
    found = []
    for row in database.execute(query, values):
        fields = dict(zip(names, row, strict=True))
        fields["input"] = _unpack(fields["input"])
        fields["output"] = None if fields["output"] is None else _unpack(fields["output"])
        found.append(StoredChild(**fields))
    return found
