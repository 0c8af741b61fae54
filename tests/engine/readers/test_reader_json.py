"""JSON documents and JSON lines."""

from __future__ import annotations

import itertools

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.json_items import JsonLines, document_items

JSON = {"InputType": "JSON"}


@pytest.mark.aws("recorded")
def test_an_array_gives_one_item_an_element(s3, read):
    rows = [{"verdict": "true", "n": 1}, {"verdict": "false", "n": 2.5}, "text", None, [1]]
    s3.objects["k"] = orjson.dumps(rows)
    assert read(s3, JSON, Key="k") == rows


@pytest.mark.aws("documented")
def test_an_object_gives_one_item_an_entry_with_its_key(s3, read):
    s3.objects["k"] = b'{"Hello": "world", "n": {"m": 1}}'
    (chunk,) = read(s3, JSON, Key="k", with_chunks=True)
    assert chunk.items == [{"Key": "Hello", "Value": "world"}, {"Key": "n", "Value": {"m": 1}}]
    assert chunk.keys == ["Hello", "n"], "Map.Item.Key is the entry's"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("text", [b'"text"', b"5", b"true", b"null"])
def test_a_scalar_cannot_be_mapped_over(s3, read, text):
    s3.objects["k"] = text
    with pytest.raises(ItemReaderFailed) as failure:
        read(s3, JSON, Key="k")
    assert failure.value.cause == "Attempting to map over non-iterable node."


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("pointer", "items"),
    [("/data/items", [1, 2]), ("/a~1b/~0c", [3]), ("/list/1", [4]), ("/", [5]), ("", ["whole"])],
)
def test_items_pointer_is_an_rfc_6901_pointer(pointer, items):
    document = {"data": {"items": [1, 2]}, "a/b": {"~c": [3]}, "list": [[0], [4]], "": [5]}
    text = orjson.dumps(["whole"] if pointer == "" else document)
    assert document_items(text, pointer, "s3://b/k") == (items, None)


@pytest.mark.parametrize("pointer", ["/nothing", "/data/3", "/data/01", "/data/-", "/data/0/x", "/text/0"])
def test_a_pointer_that_finds_nothing_fails_with_its_text(pointer):
    with pytest.raises(ItemReaderFailed, match=f"The ItemsPointer '{pointer}' finds nothing in s3://b/k"):
        document_items(b'{"data": [1, 2], "text": "abc"}', pointer, "s3://b/k")


def test_text_that_is_not_json_fails_with_the_name_of_the_object():
    with pytest.raises(ItemReaderFailed, match="s3://b/k is not JSON"):
        document_items(b"a,b\n1,2\n", None, "s3://b/k")


@pytest.mark.aws("documented")
def test_lines_are_items_and_blank_lines_are_none(s3, read):
    s3.objects["k"] = b'{"a": 1}\n\n  \t\r\n"two"\r\nnull\n[3]'
    assert read(s3, {"InputType": "JSONL"}, Key="k") == [{"a": 1}, "two", None, [3]]


def test_a_bad_line_is_named_by_its_number():
    lines = JsonLines(source="s3://b/k")
    assert lines.feed(b'{"a": 1}\n\n2\n') == [{"a": 1}, 2]
    with pytest.raises(ItemReaderFailed, match="Line 5 of s3://b/k is not JSON"):
        lines.feed(b"4\n{oops\n6\n")


def test_two_values_on_a_line_are_refused():
    with pytest.raises(ItemReaderFailed, match="Line 1"):
        JsonLines(source="s3://b/k").feed(b"1,2\n")


@pytest.mark.aws("documented")
def test_a_line_over_eight_mebibytes_fails_instead_of_filling_the_memory():
    lines = JsonLines(source="s3://b/k")
    for _ in range(32):
        lines.feed(b"x" * (256 << 10))
    with pytest.raises(ItemReaderFailed, match="8388608 bytes"):
        lines.feed(b"x")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(items=st.lists(values, max_size=6), cuts=st.lists(st.integers(0, 300), max_size=5), newline=st.booleans())
def test_lines_survive_any_cut(items, cuts, newline):
    data = b"\n".join(orjson.dumps(item) for item in items) + b"\n" * newline
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    lines = JsonLines(source="s3://b/k")
    found = [item for start, end in itertools.pairwise(edges) for item in lines.feed(data[start:end])]
    assert found + lines.finish() == items
