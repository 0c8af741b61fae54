"""Reading ahead and writing behind: in order, within bounds, and nothing left when a block ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from handlers.claims import prefetch, writer
from handlers.claims.prefetch import opened
from handlers.claims.writer import Writer
from handlers.common.event import Item
from handlers.common.failures import AccessDenied, TransientFailure
from handlers.common.limits import AT_ONCE
from handlers.common.meter import Meter

MB = 1 << 20


def items(count: int, size: int | None) -> tuple[Item, ...]:
    return tuple(Item(bucket="b", key=f"{number}", size=size) for number in range(count))


@pytest.mark.parametrize(("size", "most"), [(1, AT_ONCE), (4 * MB, AT_ONCE), (6 * MB, 21), (500 * MB, 16), (None, 16)])
def test_objects_are_opened_in_order_ahead_of_their_reader_within_memory(
    size: int | None, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    waiting = threading.Semaphore(0)

    def open_stream(item: Item, _meter: Meter) -> Any:
        asked.append(item.key)
        waiting.release()
        return item.key

    monkeypatch.setattr(prefetch, "open_stream", open_stream)
    reading: Iterator[tuple[Item, Any]] = opened(items(100, size), Meter())
    first, stream = next(reading)
    for _ in range(most):
        assert waiting.acquire(timeout=10)
    assert not waiting.acquire(timeout=0.05), f"{most} are opened ahead and no more"
    seen = [(first.key, stream()), *((item.key, stream()) for item, stream in reading)]
    assert seen == [(f"{number}", f"{number}") for number in range(100)]
    assert len(asked) == 100


def test_what_opening_ended_with_is_raised_where_the_object_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_stream(item: Item, _meter: Meter) -> Any:
        if item.key == "1":
            raise TransientFailure("503")
        return item.key

    monkeypatch.setattr(prefetch, "open_stream", open_stream)
    streams: list[Any] = [stream for _, stream in opened(items(3, 1), Meter())]
    assert (streams[0](), streams[2]()) == ("0", "2")
    with pytest.raises(TransientFailure):
        streams[1]()


def item(number: int) -> Any:
    return {"id": {"S": f"{number}"}}


class Taker:
    """Takes batches in the place of DynamoDB, held up as long as a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[list[str]] = []
        self.go = threading.Event()
        self.go.set()
        self.failures: list[Exception] = []
        self.lock = threading.Lock()
        monkeypatch.setattr("handlers.claims.dynamodb.write", self.write)

    def write(self, _table: str, items: list[Any], _meter: Meter) -> None:
        assert self.go.wait(10)
        with self.lock:
            self.batches.append([each["id"]["S"] for each in items])
            if self.failures:
                raise self.failures.pop()


def test_all_items_are_written_in_full_batches_when_the_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    taker = Taker(monkeypatch)
    with Writer("t", Meter()) as made:
        for number in range(260):
            made.put(item(number))
    assert sorted(map(len, taker.batches)) == [10, *[25] * 10]
    assert {each for batch in taker.batches for each in batch} == {f"{number}" for number in range(260)}


def test_a_slow_table_holds_up_the_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    taker = Taker(monkeypatch)
    taker.go.clear()
    put = 0

    def produce() -> None:
        nonlocal put
        with Writer("t", Meter()) as made:
            for number in range(100 * 25):
                made.put(item(number))
                put += 1

    thread = threading.Thread(target=produce)
    thread.start()
    thread.join(0.5)
    assert put < (writer.WAITING + 1) * 25, "what waits to be written is bounded"
    taker.go.set()
    thread.join(20)
    assert not thread.is_alive()
    assert len(taker.batches) == 100


def test_a_throttled_batch_is_told_after_all_others_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    taker = Taker(monkeypatch)
    taker.failures = [TransientFailure("throttled")]

    def run() -> None:
        with Writer("t", Meter()) as made:
            for number in range(250):
                made.put(item(number))

    with pytest.raises(TransientFailure, match="throttled"):
        run()
    assert len(taker.batches) == 10


def test_a_refused_batch_stops_the_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    taker = Taker(monkeypatch)
    taker.failures = [AccessDenied("no")]
    put = 0

    def run() -> None:
        nonlocal put
        with Writer("t", Meter()) as made:
            for number in range(100_000):
                made.put(item(number))
                put += 1

    with pytest.raises(AccessDenied):
        run()
    assert put < 100_000


def test_a_failure_of_the_block_comes_before_those_of_its_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    taker = Taker(monkeypatch)

    def run() -> None:
        with Writer("t", Meter()) as made:
            made.put(item(1))
            raise AccessDenied("elsewhere")

    with pytest.raises(AccessDenied, match="elsewhere"):
        run()
    assert taker.batches == [], "what was not sent is not written"
