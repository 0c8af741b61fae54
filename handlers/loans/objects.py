"""Reading and writing many S3 objects at once, of which S3's wish for fewer requests is told by its own name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import obstore

from handlers.common.event import Item
from handlers.common.failures import TransientFailure
from handlers.common.limits import AT_ONCE
from handlers.common.objects import explained, read, store
from handlers.loans.failures import SlowDown

if TYPE_CHECKING:
    from handlers.common.meter import Meter

_ASKED: Final = " SlowDown "  # as the failure names S3's code


def read_whole(item: Item, meter: Meter) -> bytes:
    """The object's bytes. Raises an ItemFailure, a BatchFailure, SlowDown or another TransientFailure."""
    with _named(), read(item, meter) as found:
        return found.data


def write(bucket: str, bodies: Mapping[str, bytes]) -> None:
    """Write every object whole, by key. Raises a BatchFailure, SlowDown or another TransientFailure."""

    def put(key: str) -> None:
        with _named(), explained(Item(bucket=bucket, key=key, size=None), "PUT"):
            obstore.put(store(bucket), key, bodies[key], use_multipart=False)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="put") as pool:
        for _ in pool.map(put, bodies):
            pass


def keys_under(bucket: str, prefix: str) -> Iterator[str]:
    """The keys that begin with a prefix that ends in a slash. Raises a BatchFailure, SlowDown or TransientFailure."""
    with _named(), explained(Item(bucket=bucket, key=prefix, size=None), "LIST"):
        for page in obstore.list(store(bucket), prefix):
            yield from (found["path"] for found in page)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except TransientFailure as failure:
        if _ASKED in str(failure):
            raise SlowDown(str(failure)) from failure
        raise
