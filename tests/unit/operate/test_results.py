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


def redriven(*, without: str = "") -> MemoryStore:
    """A Map Run that failed, was redriven, failed again and was redriven once more; ``without`` one of its objects."""
    store = MemoryStore()
    succeeded: list[dict[str, object]] = []
    for redrive, folder in enumerate(("r/uuid", "r/uuid/Redrive-1", "r/uuid/Redrive-2")):
        succeeded.append({"Key": f"{folder}/SUCCEEDED_0.json", "Size": 2})
        failed = [{"Key": f"{folder}/FAILED_0.json", "Size": 2}] if redrive < 2 else []
        lists = {"SUCCEEDED": list(succeeded), "FAILED": failed, "PENDING": []}
        manifest = {"DestinationBucket": "b", "MapRunArn": "arn", "ResultFiles": lists}
        obstore.put(store, f"{folder}/manifest.json", orjson.dumps(manifest))
        for file in (*failed, succeeded[-1]):
            obstore.put(store, str(file["Key"]), b"[]")
    obstore.put(store, "r/another/SUCCEEDED_0.json", b"[]")
    if without:
        obstore.delete(store, without)
    return store


def last_manifest(store: MemoryStore) -> results.Manifest:
    return results.read_manifest(store, bucket="b", key="r/uuid/Redrive-2/manifest.json")


def test_the_last_manifest_leads_to_those_of_all_runs_before() -> None:
    store = redriven()
    found = results.generations(store, last_manifest(store))
    assert [each.key for each in found] == [
        "r/uuid/manifest.json",
        "r/uuid/Redrive-1/manifest.json",
        "r/uuid/Redrive-2/manifest.json",
    ]
    assert [len(each.files["SUCCEEDED"]) for each in found] == [1, 2, 3], "each names all successes so far"
    assert [len(each.files["FAILED"]) for each in found] == [1, 1, 0], "and its own failures"


def test_no_file_of_any_of_the_runs_goes_unlisted() -> None:
    store = redriven()
    assert results.unlisted_keys(store, last_manifest(store)) == set()
    for stray in ("r/uuid/PENDING_0.json", "r/uuid/Redrive-1/SUCCEEDED_1.json", "r/uuid/Redrive-2/x"):
        obstore.put(store, stray, b"[]")
        assert results.unlisted_keys(store, last_manifest(store)) == {stray}
        obstore.delete(store, stray)


def test_a_run_that_was_ended_before_its_manifest_leaves_none_to_read() -> None:
    store = redriven(without="r/uuid/Redrive-1/manifest.json")
    found = results.generations(store, last_manifest(store))
    assert [each.key for each in found] == ["r/uuid/manifest.json", "r/uuid/Redrive-2/manifest.json"]
    assert results.unlisted_keys(store, last_manifest(store)) == {"r/uuid/Redrive-1/FAILED_0.json"}, "nobody names it"


def test_a_key_that_no_map_run_gives_its_manifest_is_refused() -> None:
    store = MemoryStore()
    body = {"DestinationBucket": "b", "MapRunArn": "arn", "ResultFiles": {"SUCCEEDED": [], "FAILED": [], "PENDING": []}}
    obstore.put(store, "r/list.json", orjson.dumps(body))
    with pytest.raises(ResultsError, match=r"s3://b/r/list\.json is no key of a Map Run's manifest"):
        results.unlisted_keys(store, results.read_manifest(store, bucket="b", key="r/list.json"))
