"""What batch handlers share: things made once, memory in parts, batches that end as a whole."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from handlers.common.edge import process_all
from handlers.common.event import Batch, Item
from handlers.common.failures import AccessDenied, NotCsv, TransientFailure, UnreadableKey
from handlers.common.meter import Meter
from handlers.common.objects import Budget
from handlers.common.once import once
from handlers.common.streams import open_stream


def items(count: int) -> Batch:
    return Batch(execution="arn", items=tuple(Item(bucket="b", key=f"{n}", size=None) for n in range(count)))


def test_threads_that_ask_at_once_get_the_one_thing_that_is_made() -> None:
    made: list[str] = []

    @once
    def make(name: str) -> object:
        time.sleep(0.02)
        made.append(name)
        return object()

    with ThreadPoolExecutor(16) as pool:
        got = set(pool.map(make, ["a", "b"] * 8))
    assert len(got) == 2, "one for each argument"
    assert sorted(made) == ["a", "b"]


def test_a_failure_to_make_is_not_kept() -> None:
    answers = iter([ValueError("not yet"), None])

    @once
    def make() -> str:
        if (failure := next(answers)) is not None:
            raise failure
        return "made"

    with pytest.raises(ValueError, match="not yet"):
        make()
    assert make() == "made"


def test_parts_of_a_budget_never_exceed_it_and_all_get_theirs() -> None:
    budget = Budget(10)
    lock = threading.Lock()
    held, most = 0, 0

    def take(part: int) -> int:
        nonlocal held, most
        with budget.taken(part):
            with lock:
                held += part
                most = max(most, held)
            time.sleep(0.001)
            with lock:
                held -= part
        return part

    parts = [1, 9, 10, 3, 3, 3, 3] * 8
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, parts)) == sum(parts)
    assert most == 10, "as much as there is is used, and no more"


def test_ends_are_in_the_order_of_the_batch_whoever_is_done_first() -> None:
    def process(item: Item) -> str:
        time.sleep(0.02 if item.key in {"0", "3"} else 0)
        if item.key == "3":
            raise NotCsv("no")
        if item.key == "4":
            raise TransientFailure("later")
        return item.key

    done = process_all(items(6), process)
    assert [each.item.key for each in done] == ["0", "1", "2", "3", "4", "5"]
    assert [str(each.end) for each in done] == ["0", "1", "2", "no", "later", "5"]


@pytest.mark.parametrize("failure", [AccessDenied, KeyError])
def test_what_is_no_items_own_failure_ends_the_batch_at_once(failure: type[Exception]) -> None:
    begun: list[str] = []

    def process(item: Item) -> str:
        begun.append(item.key)
        if item.key == "5":
            raise failure("all of it")
        time.sleep(0.01)
        return "done"

    with pytest.raises(failure, match="all of it"):
        process_all(items(1000), process)
    assert len(begun) < 200, "items not begun are left"


def test_a_marker_of_a_folder_is_an_empty_stream_and_is_not_asked_for() -> None:
    meter = Meter()
    stream = open_stream(Item(bucket="b", key="texts/", size=0), meter)
    assert (list(stream.blocks), stream.size) == ([], 0)
    assert meter.read()["s3_gets"] == 0, "the client would ask for the key without its slash, which is another object"


@pytest.mark.parametrize("key", ["texts/", "/a", "texts//a"])
def test_a_key_that_the_client_would_change_is_refused(key: str) -> None:
    with pytest.raises(UnreadableKey, match="an empty part between slashes"):
        open_stream(Item(bucket="b", key=key, size=5), Meter())
