"""Result files are read as a stream, wherever the ranges happen to cut them."""

from __future__ import annotations

import obstore
import orjson
import pytest
from obstore.store import MemoryStore

from operate import results
from operate.errors import ResultsError
from operate.results import ResultFile

NASTY = [
    {"Name": "a", "Output": '[{"x":"},{\\"Name\\":"},{"y":"\\\\"}]', "InputDetails": {"Included": True}},
    {"Name": "ends like a boundary },{", "Output": "},{", "InputDetails": {"Included": True}},
    {"Name": 'quotes "},{"A":" inside', "Output": "", "InputDetails": {"Included": True}},
    {"Name": "non-ascii \u00e9\u4e2d\U0001f600", "Output": "1", "InputDetails": {"Included": True}},
]


def stored(body: bytes, *, says: int | None = None) -> tuple[MemoryStore, ResultFile]:
    store = MemoryStore()
    obstore.put(store, "SUCCEEDED_0.json", body)
    return store, ResultFile(key="SUCCEEDED_0.json", size=len(body) if says is None else says)


@pytest.mark.parametrize("range_bytes", [1, 2, 3, 7, 64, 10_000])
def test_entries_come_out_whole_wherever_ranges_cut_them(range_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RANGE_BYTES", range_bytes)
    store, file = stored(orjson.dumps(NASTY))
    assert list(results.entries(store, file)) == NASTY


def test_an_empty_array_has_no_entries() -> None:
    store, file = stored(b"[]")
    assert list(results.entries(store, file)) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (orjson.dumps(NASTY)[:-1], "not complete"),
        (orjson.dumps(NASTY)[:-30] + b"]", "is not JSON"),
        (b"{}", "does not start a JSON array"),
        (b"", "not complete"),
        (b'["text"]', "not an object"),
    ],
)
def test_a_file_that_is_not_a_whole_array_is_refused(body: bytes, complaint: str) -> None:
    store, file = stored(body)
    with pytest.raises(ResultsError, match=complaint):
        list(results.entries(store, file))


def test_a_file_of_another_size_than_the_manifest_says_is_refused() -> None:
    store, file = stored(b"[]", says=3)
    with pytest.raises(ResultsError, match="has 2 bytes, and the manifest says 3"):
        list(results.entries(store, file))


def test_a_listed_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(ResultsError, match="in the manifest but not in the bucket"):
        list(results.entries(MemoryStore(), ResultFile(key="SUCCEEDED_0.json", size=2)))


def test_a_missing_manifest_says_where_it_was_looked_for() -> None:
    with pytest.raises(ResultsError, match=r"no manifest at s3://b/out/manifest\.json"):
        results.read_manifest(MemoryStore(), bucket="b", key="out/manifest.json")


def test_a_manifest_without_its_lists_is_refused() -> None:
    store = MemoryStore()
    obstore.put(store, "manifest.json", b'{"DestinationBucket":"b","MapRunArn":"arn","ResultFiles":{"FAILED":[]}}')
    with pytest.raises(ResultsError, match="is not the manifest of a Map Run"):
        results.read_manifest(store, bucket="b", key="manifest.json")
