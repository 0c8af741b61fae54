"""Writes a data set that is one object: pieces are made in parallel and put together in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import polars as pl

from datagen.target import Totals, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from datagen.dataset import Body
    from datagen.request import Job
    from datagen.sinks import Stored
    from datagen.target import Target

POLL_SECONDS = 0.1  # how soon Ctrl-C is noticed


class _StoppedError(Exception):
    """Raised within an upload to abandon it."""


def write_single_object(target: Target, shards: Sequence[int], add: Callable[[Totals], None]) -> None:
    """Write the object whole, and its truth; an interrupted run leaves no object and starts again."""
    if not shards:
        return
    key = target.job.dataset.single_object
    if key is None:
        raise ValueError(f"{target.job.dataset_name} is not a single object")
    with scratch_folder() as spool:
        stored, rows = _write(target, key, spool, add)
        for table in sorted(spool.iterdir()):
            target.write_table(table.name, pl.scan_ipc(table / "*.arrow"))
    target.record(0, [stored], [rows], {})
    add(Totals(objects=1))


def _write(target: Target, key: str, spool: Path, add: Callable[[Totals], None]) -> tuple[Stored, int]:
    """Upload in a thread while this one tells the progress, so that Ctrl-C is noticed; the rows are counted."""
    stop = Event()
    made: deque[Totals] = deque()
    rows = 0
    with ThreadPoolExecutor(target.job.workers) as makers, ThreadPoolExecutor(1) as uploader:
        upload = uploader.submit(target.data.put_stream, key, _pieces(target, spool, makers, stop, made))
        try:
            settled = False
            while not settled:
                settled = _settled(upload)
                while made:
                    piece = made.popleft()
                    rows += piece.rows
                    add(piece)
        except BaseException:
            stop.set()
            raise
        return upload.result(), rows


def _settled(upload: Future[Stored]) -> bool:
    try:
        upload.exception(POLL_SECONDS)
    except TimeoutError:
        return False
    return True


def _pieces(
    target: Target, spool: Path, makers: ThreadPoolExecutor, stop: Event, made: deque[Totals]
) -> Iterator[bytes]:
    """The pieces in order; at most one more than the workers is made ahead."""
    ahead: deque[Future[Sequence[Body]]] = deque()
    remaining = iter(range(target.job.shards))
    try:
        while True:
            while len(ahead) <= target.job.workers and (shard := next(remaining, None)) is not None:
                ahead.append(makers.submit(_make, target.job, spool, shard))
            if not ahead:
                return
            for body in ahead.popleft().result():
                if stop.is_set():
                    raise _StoppedError
                made.append(Totals(rows=body.rows, bytes=len(body.data)))
                yield body.data
    finally:
        for future in ahead:
            future.cancel()


def _make(job: Job, spool: Path, shard: int) -> Sequence[Body]:
    """Make a shard; its truth waits in a file, since the object is not there before its last piece."""
    part = job.dataset.make(job.spec, *job.records(shard))
    for table, rows in part.truth.items():
        folder = spool / table
        folder.mkdir(exist_ok=True)
        rows.write_ipc(folder / f"{shard:08d}.arrow", compression="lz4")
    return part.bodies
