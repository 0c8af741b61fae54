"""Objects opened ahead of who reads them: in their order, many at a time, within an amount of memory."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from handlers.common.limits import AT_ONCE
from handlers.common.streams import BLOCK_BYTES, open_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from handlers.common.event import Item
    from handlers.common.meter import Meter
    from handlers.common.streams import Stream

MEMORY_BYTES: Final = 128 * 1024**2  # of first blocks at a time, by the sizes that the map's reader saw


def opened(items: tuple[Item, ...], meter: Meter) -> Iterator[tuple[Item, Callable[[], Stream]]]:
    """Each item with what returns its stream, or raises how opening it ended."""
    waiting: deque[tuple[Item, int, Future[Stream]]] = deque()
    ahead, held = iter(items), 0
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="read")
    try:
        item = next(ahead, None)
        while item or waiting:
            while item and len(waiting) < AT_ONCE and (not waiting or held + _share(item) <= MEMORY_BYTES):
                held += _share(item)
                waiting.append((item, _share(item), pool.submit(open_stream, item, meter)))
                item = next(ahead, None)
            first, share, stream = waiting.popleft()
            yield first, stream.result
            held -= share
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _share(item: Item) -> int:
    return BLOCK_BYTES if item.size is None else min(item.size, BLOCK_BYTES)
