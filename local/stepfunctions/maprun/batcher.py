"""Items into child inputs: one an item, or batches bounded by count and bytes.

The bytes of a batch are those of the whole child input as compact JSON in UTF-8, with its envelope and BatchInput.
AWS documents no more than "the size of a batch"; docs/aws-facts.md says why it is read so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from local.stepfunctions.errors import DataLimitExceeded, ItemReaderFailed
from local.stepfunctions.limits import MAX_PAYLOAD_BYTES
from local.stepfunctions.payload import Payload, dumps
from local.stepfunctions.scope import MISSING, Json


@dataclass(frozen=True, slots=True)
class ChildInput:
    """The input of one child execution with the number of items in it; ``index`` counts children from 0."""

    payload: Payload
    items: int
    index: int


class Batcher:
    """Collects items and gives them out as child inputs.

    max_items  items in a batch; None: no limit by count
    max_bytes  bytes of a child input; None: the payload quota
    """

    def __init__(
        self,
        *,
        batched: bool,
        max_items: int | None,
        max_bytes: int | None,
        batch_input: Json,
        from_reader: bool,
    ) -> None:
        self._batched = batched
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._batch_input = batch_input
        self._too_large = ItemReaderFailed if from_reader else DataLimitExceeded
        self._children = 0
        self._items: list[Json] = []
        self._texts: list[bytes] = []
        head = b"{" if batch_input is MISSING else b'{"BatchInput":' + dumps(batch_input) + b","
        self._head = head + b'"Items":['
        self._envelope = len(self._head) + len(b"]}")
        self._bytes = self._envelope

    def add(self, items: list[Json]) -> Iterator[ChildInput]:
        """Take items; the child inputs that they complete."""
        if not self._batched:
            for item in items:
                payload = Payload(item)
                if len(payload.text) > MAX_PAYLOAD_BYTES:
                    raise self._refused(len(payload.text))
                yield self._child(payload, 1)
        elif self._max_bytes is None and self._max_items is not None:
            yield from self._by_count(items, self._max_items)
        else:
            yield from self._by_bytes(items)

    def finish(self) -> Iterator[ChildInput]:
        """The last, partial batch."""
        if self._max_bytes is None and self._items:
            yield from self._count_batches(self._items)
            self._items = []
        elif self._texts:
            yield self._close()

    def _by_count(self, items: list[Json], limit: int) -> Iterator[ChildInput]:
        waiting = self._items
        waiting += items
        start = 0
        while len(waiting) - start >= limit:
            batch = waiting[start : start + limit]
            start += limit
            payload = self._payload(batch)
            if len(payload.text) <= MAX_PAYLOAD_BYTES:
                yield self._child(payload, len(batch))
            else:  # the quota closes the batch earlier; what is over begins the next one
                fitting, payload = self._fit(batch)
                start -= len(batch) - fitting
                yield self._child(payload, fitting)
        self._items = waiting[start:]

    def _count_batches(self, batch: list[Json]) -> Iterator[ChildInput]:
        while batch:
            payload = self._payload(batch)
            fitting = len(batch)
            if len(payload.text) > MAX_PAYLOAD_BYTES:
                fitting, payload = self._fit(batch)
            yield self._child(payload, fitting)
            batch = batch[fitting:]

    def _fit(self, batch: list[Json]) -> tuple[int, Payload]:
        """As many items from the front as the quota takes."""
        size = self._envelope
        for fitting, item in enumerate(batch):
            size += len(dumps(item)) + (1 if fitting else 0)
            if size > MAX_PAYLOAD_BYTES:
                if fitting == 0:
                    raise self._refused(size)
                return fitting, self._payload(batch[:fitting])
        return len(batch), self._payload(batch)

    def _by_bytes(self, items: list[Json]) -> Iterator[ChildInput]:
        limit = self._max_bytes or MAX_PAYLOAD_BYTES
        for item in items:
            text = dumps(item)
            grown = self._bytes + len(text) + (1 if self._texts else 0)
            if self._texts and grown > limit:
                yield self._close()
                grown = self._bytes + len(text)
            if grown > MAX_PAYLOAD_BYTES:
                raise self._refused(grown)
            self._items.append(item)
            self._texts.append(text)
            self._bytes = grown
            if self._max_items is not None and len(self._items) == self._max_items:
                yield self._close()

    def _close(self) -> ChildInput:
        payload = Payload(self._value(self._items), self._head + b",".join(self._texts) + b"]}")
        number = len(self._items)
        self._items, self._texts, self._bytes = [], [], self._envelope
        return self._child(payload, number)

    def _payload(self, batch: list[Json]) -> Payload:
        return Payload(self._value(batch))

    def _value(self, batch: list[Json]) -> Json:
        return {"Items": batch} if self._batch_input is MISSING else {"BatchInput": self._batch_input, "Items": batch}

    def _child(self, payload: Payload, items: int) -> ChildInput:
        index = self._children
        self._children += 1
        return ChildInput(payload, items, index)

    def _refused(self, size: int) -> ItemReaderFailed | DataLimitExceeded:
        return self._too_large(
            f"An item makes a child workflow input of {size} bytes; the limit is {MAX_PAYLOAD_BYTES} bytes. "
            "Use ItemSelector to pass less of each item."
        )
