"""Things made once a process, also when many threads ask for them at the same time."""

from __future__ import annotations

from functools import cache, wraps
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


def once(make: Callable[..., T]) -> Callable[..., T]:
    """``make``, called once for each set of arguments; others wait for what it makes. A failure is not kept."""
    lock = Lock()
    made = cache(make)

    @wraps(make)
    def get(*args: Hashable) -> T:
        with lock:
            return made(*args)

    return get
