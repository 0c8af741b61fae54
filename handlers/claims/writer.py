"""Writes items in batches by several threads, while their producer goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final, Self

from handlers.claims import dynamodb
from handlers.common.failures import TransientFailure

if TYPE_CHECKING:
    from types import TracebackType

    from handlers.claims.claim import Attributes
    from handlers.common.meter import Meter

THREADS: Final = 8  # a request takes DynamoDB 5 to 10 ms and this process about 1 ms
WAITING: Final = 4 * THREADS  # batches; further ones wait in their producer


class Writer:
    """A block at whose end every item that was put is in the table.

    A batch that was refused raises from the next ``put``, one that was throttled for long from the end of the block,
    after all others are written.
    """

    def __init__(self, table: str, meter: Meter) -> None:
        self._table = table
        self._meter = meter
        self._items: list[Attributes] = []
        self._room = BoundedSemaphore(WAITING)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="write")
        self._refused: BaseException | None = None
        self._transient: list[TransientFailure] = []

    def put(self, item: Attributes) -> None:
        """Write the item with the next batch. Raises a BatchFailure of an earlier one."""
        if self._refused:
            raise self._refused
        self._items.append(item)
        if len(self._items) == dynamodb.WRITES_AT_A_TIME:
            self._send()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._items and error is None and self._refused is None:
            self._send()
        self._pool.shutdown(cancel_futures=error is not None or self._refused is not None)
        if error is None:
            if self._refused:
                raise self._refused
            if self._transient:
                raise self._transient[0]

    def _send(self) -> None:
        self._room.acquire()
        items, self._items = self._items, []
        self._pool.submit(dynamodb.write, self._table, items, self._meter).add_done_callback(self._sent)

    def _sent(self, done: Future[None]) -> None:
        self._room.release()
        if done.cancelled() or (error := done.exception()) is None:
            return
        if isinstance(error, TransientFailure):
            self._transient.append(error)
        else:
            self._refused = error
