"""How items become child inputs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stepfunctions.errors import DataLimitExceeded, ItemReaderFailed
from local.stepfunctions.limits import MAX_PAYLOAD_BYTES
from local.stepfunctions.maprun.batcher import Batcher, ChildInput
from local.stepfunctions.scope import MISSING, Json

pytestmark = pytest.mark.aws("documented")

ITEMS = st.lists(st.one_of(st.integers(-9, 10**6), st.text(max_size=12), st.lists(st.booleans(), max_size=3)))


def compact(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def batches(items: list[Json], **options: Json) -> list[ChildInput]:
    settings = {"batched": True, "max_items": None, "max_bytes": None, "batch_input": MISSING, "from_reader": False}
    batcher = Batcher(**{**settings, **options})
    half = len(items) // 2
    return [*batcher.add(items[:half]), *batcher.add(items[half:]), *batcher.finish()]


def model(items: list[Json], max_items: int | None, max_bytes: int, batch_input: Json) -> list[Json]:
    """Greedy batches, told by measuring each candidate whole."""
    found: list[Json] = []
    current: list[Json] = []

    def whole(batch: list[Json]) -> Json:
        return {"Items": batch} if batch_input is MISSING else {"BatchInput": batch_input, "Items": batch}

    for item in items:
        if current and (len(current) == max_items or len(compact(whole([*current, item]))) > max_bytes):
            found.append(whole(current))
            current = []
        current.append(item)
    if current:
        found.append(whole(current))
    return found


@given(
    items=ITEMS,
    max_items=st.one_of(st.none(), st.integers(1, 7)),
    max_bytes=st.one_of(st.none(), st.integers(40, 120)),
    batch_input=st.one_of(st.just(MISSING), st.just({"tag": "é"})),
)
def test_batches_are_the_greedy_ones_within_both_limits(
    items: list[Json], max_items: int | None, max_bytes: int | None, batch_input: Json
) -> None:
    if max_items is None and max_bytes is None:
        max_items = 3
    found = batches(items, max_items=max_items, max_bytes=max_bytes, batch_input=batch_input)
    assert [child.payload.value for child in found] == model(
        items, max_items, max_bytes or MAX_PAYLOAD_BYTES, batch_input
    )
    assert all(child.payload.text == compact(child.payload.value) for child in found), "the text is the value's"
    assert [child.index for child in found] == list(range(len(found))), "children are numbered from 0"
    assert sum(child.items for child in found) == len(items), "no item is lost or doubled"


def test_the_payload_quota_closes_a_batch_by_count_early() -> None:
    items = ["x" * 60_000] * 10
    found = batches(items, max_items=10)
    assert [child.items for child in found] == [4, 4, 2], "four items of 60,000 bytes fit into 262,144 bytes"
    assert all(len(child.payload.text) <= MAX_PAYLOAD_BYTES for child in found)


def test_an_item_over_the_byte_limit_but_within_the_quota_travels_alone() -> None:
    found = batches(["a", "b" * 500, "c"], max_bytes=100)
    assert [child.items for child in found] == [1, 1, 1]


@pytest.mark.parametrize(("from_reader", "error"), [(True, ItemReaderFailed), (False, DataLimitExceeded)])
@pytest.mark.parametrize("limits", [{"max_items": 2}, {"max_bytes": 100}, {"batched": False}])
def test_an_item_over_the_quota_fails_the_map_run(
    from_reader: bool, error: type[Exception], limits: dict[str, Json]
) -> None:
    with pytest.raises(error, match="the limit is 262144 bytes"):
        batches(["x" * MAX_PAYLOAD_BYTES], from_reader=from_reader, **limits)


def test_without_batching_each_item_is_a_child_input_of_its_own() -> None:
    found = batches([1, "two", None], batched=False)
    assert [child.payload.value for child in found] == [1, "two", None]
    assert [child.payload.text for child in found] == [b"1", b'"two"', b"null"]
