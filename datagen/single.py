"""Writes a data set that is one object: pieces are made in parallel and put together in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

from datagen.target import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from datagen.dataset import Body
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
    stop = Event()
    counted: deque[Totals] = deque()
    with ThreadPoolExecutor(target.job.workers) as makers, ThreadPoolExecutor(1) as uploader:
        upload = uploader.submit(
            target.data.put_stream, key, _pieces(target, range(target.job.shards), makers, stop, counted)
        )
        rows = 0
        try:
            while not _settled(upload):
                while counted:
                    made = counted.popleft()
                    rows += made.rows
                    add(made)
        except BaseException:
            stop.set()
            raise
        stored = upload.result()
    while counted:
        made = counted.popleft()
        rows += made.rows
        add(made)
    target.record(0, [stored], [rows], {})
    add(Totals(objects=1))


def _settled(upload: Future[Stored]) -> bool:
    try:
        upload.exception(POLL_SECONDS)
    except TimeoutError:
        return False
    return True


def _pieces(
    target: Target, shards: Sequence[int], makers: ThreadPoolExecutor, stop: Event, counted: deque[Totals]
) -> Iterator[bytes]:
    """The pieces in order; at most one more than the workers is made ahead."""
    ahead: deque[Future[Sequence[Body]]] = deque()
    remaining = iter(shards)
    try:
        while True:
            while len(ahead) <= target.job.workers and (shard := next(remaining, None)) is not None:
                ahead.append(makers.submit(_make, target, shard))
            if not ahead:
                return
            for body in ahead.popleft().result():
                if stop.is_set():
                    raise _StoppedError
                counted.append(Totals(rows=body.rows, bytes=len(body.data)))
                yield body.data
    finally:
        for future in ahead:
            future.cancel()


def _make(target: Target, shard: int) -> Sequence[Body]:
    job = target.job
    part = job.dataset.make(job.spec, *job.records(shard))
    for table, rows in part.truth.items():
        target.record_table(table, shard, rows)
    return part.bodies
