"""A run of items of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stepfunctions.scope import Json

CHUNK_ITEMS = 4096


@dataclass(frozen=True, slots=True)
class Chunk:
    """Items in order, as a child without ItemSelector gets them.

    ``source`` is ``Map.Item.Source``. ``keys`` is given when the entries of a JSON object are iterated: each
    item is then ``{"Key": ..., "Value": ...}``, ``Map.Item.Key`` the key and ``Map.Item.Value`` the value.
    """

    items: list[Json]
    source: str
    keys: list[str] | None = None

    def first(self, count: int) -> Chunk:
        """The chunk without what comes after the first ``count`` items."""
        return self._between(0, count)

    def parts(self) -> Iterator[Chunk]:
        """The chunk in pieces of a size that keeps the event loop free; none if it is empty."""
        if 0 < len(self.items) <= CHUNK_ITEMS:
            yield self
            return
        for start in range(0, len(self.items), CHUNK_ITEMS):
            yield self._between(start, start + CHUNK_ITEMS)

    def _between(self, start: int, end: int) -> Chunk:
        return Chunk(self.items[start:end], self.source, None if self.keys is None else self.keys[start:end])
