"""Lists of any form and in any pieces come apart as a plain parser takes them; what is none is told by its place."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.claims import elements as module
from handlers.claims.elements import elements
from handlers.claims.failures import ClaimTooLarge, NotAList, NotClaims, NotJson, Truncated
from handlers.common.failures import EmptyObject

TEXT = st.text(st.sampled_from('ab"\\{}[],: \n\té😀'), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
FORMS: list[dict[str, Any]] = [
    {},
    {"indent": 4},
    {"indent": 2, "ensure_ascii": False},
    {"separators": (",", ":")},
    {"separators": (" ,\r\n\t", " :\n")},
]
CLAIMS: list[Any] = [{"resourceType": "Claim", "id": str(n), "item": [{"resourceType": "x"}] * n} for n in range(7)]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def read(*pieces: bytes) -> list[Any]:
    found = list(elements(pieces))
    for text, value in found:
        assert json.loads(text) == value, "the text is the element's own"
    return [value for _, value in found]


def whole_before(pieces: Iterable[bytes]) -> tuple[list[Any], NotClaims]:
    """The elements before the failure, and the failure."""
    found: list[Any] = []
    with pytest.raises(NotClaims) as failure:
        found.extend(value for _, value in elements(pieces))
    return found, failure.value


def plainly(data: bytes) -> Any:
    """What a plain parser makes of it; raises ValueError, also for the constants that JSON does not have."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(data.decode("utf-8-sig"), parse_constant=refuse)


@settings(max_examples=300, deadline=None)
@given(st.lists(JSON, max_size=6), st.sampled_from(FORMS), st.integers(1, 40))
def test_any_list_in_any_form_and_pieces_is_read_as_a_plain_parser_reads_it(
    values: list[Any], form: dict[str, Any], size: int
) -> None:
    data = json.dumps(values, **form).encode()
    assert read(*cut(data, size)) == values
    assert read(data) == values


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_a_list_that_ends_anywhere_is_truncated_and_what_was_whole_is_read(form: dict[str, Any], data: Any) -> None:
    text = json.dumps(CLAIMS, **form)
    end = data.draw(st.integers(1, len(text) - 1))
    found, failure = whole_before(cut(text[:end].encode(), data.draw(st.integers(1, 50))))
    assert isinstance(failure, Truncated)
    # A list of the first claims has the same text up to the end of its last one.
    ends = [len(json.dumps(CLAIMS[:count], **form)[:-1].rstrip()) for count in range(1, len(CLAIMS) + 1)]
    assert found == CLAIMS[: sum(each <= end for each in ends)]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(1, 20))
def test_bytes_of_any_kind_are_read_or_refused_and_nothing_else(data: bytes, size: int) -> None:
    try:
        expected = plainly(data)
    except ValueError:
        expected = None
    try:
        assert read(*cut(data, size)) == expected
    except (NotClaims, EmptyObject):
        assert not isinstance(expected, list), "what a plain parser takes for a list is read"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_one_changed_byte_is_read_as_a_plain_parser_reads_it_or_refused(data: Any) -> None:
    text = bytearray(json.dumps(CLAIMS, indent=4).encode())
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        expected = plainly(bytes(text))
    except ValueError:
        expected = None
    try:
        assert read(bytes(text)) == expected
    except NotClaims:
        assert not isinstance(expected, list), "what a plain parser takes for a list is read"


@pytest.mark.parametrize(
    ("data", "kind", "told"),
    [
        (b"{}", NotAList, "begins as an object"),
        (b'"claims"', NotAList, "a string"),
        (b"12", NotAList, "a single value"),
        (b'{"id": 1}\n{"id": 2}\n', NotAList, "one JSON list"),
        (b" \n ", NotJson, "nothing but space"),
        (b"\x00\x01\x02", NotJson, "byte 0 begins no JSON value"),
        (b"\x1f\x8b\x08" + bytes(9), NotJson, "compressed with gzip"),
        (b"\xff\xfe[\x00]\x00", NotJson, "byte 0"),
        (b"[1, 2] 3", NotJson, "follows the end of the list, at byte 7"),
        (b"[1 2]", NotJson, "neither a comma"),
        (b"[1,]", NotJson, "claim 1"),
        (b"[,1]", NotJson, "claim 0"),
        (b'[{"a": 1}, {"a" 2}]', NotJson, "claim 1, which begins at byte 11"),
        (b'[{"a": "\xff"}]', NotJson, "claim 0"),
        (b'[{"a": NaN}]', NotJson, "claim 0"),
        (b'[{"a": 1e999}]', NotJson, "claim 0"),
        (b"[" + b"[" * 1_100 + b"]" * 1_100 + b"]", NotJson, "depth limit"),
        (b"[", Truncated, "within claim 0"),
        (b'[{"a": "b', Truncated, "within claim 0, which begins at byte 1"),
        (b'[{"a": 1}', Truncated, "after 1 whole claims"),
        (b'[{"a": 1}, ', Truncated, "within claim 1"),
    ],
)
def test_what_is_no_list_of_claims_is_told_with_its_place(data: bytes, kind: type[NotClaims], told: str) -> None:
    for size in (1, 3, 1 << 20):
        _, failure = whole_before(cut(data, size))
        assert type(failure) is kind
        assert told in str(failure)


def test_an_object_without_bytes_is_told() -> None:
    for pieces in ((), (b"",), (b"", b"")):
        with pytest.raises(EmptyObject):
            read(*pieces)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbf[1]") == [1]
    assert read(b"\xef", b"\xbb\xbf", b"[1]") == [1]


def test_claims_before_a_misspelt_one_are_read_in_every_form() -> None:
    for form in FORMS:
        text = json.dumps(CLAIMS, **form)
        broken = text.replace('"id"', "'id'").replace("'id'", '"id"', 4).encode()
        found, failure = whole_before([broken])
        assert found == CLAIMS[:4]
        assert "claim 4" in str(failure)


def test_a_separator_inside_an_element_ends_nothing() -> None:
    inner = [{"a": 1}, {"a": 2}]
    values = [{"a": inner}, {"a": inner}, {"a": '},{"a"'}, {"a": "}, \\{"}]
    for form in FORMS:
        data = json.dumps(values, **form).encode()
        assert read(data) == read(*cut(data, 5)) == values


def test_an_element_beyond_the_limit_is_refused_before_it_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ELEMENT_BYTES", 1_000)
    monkeypatch.setattr(module, "_WINDOW", 500)
    taken = 0

    def endless() -> Any:
        nonlocal taken
        yield b'[{"id": 1}, {"id": "'
        while True:
            taken += 100
            yield b"x" * 100

    found, failure = whole_before(endless())
    assert found == [{"id": 1}]
    assert isinstance(failure, ClaimTooLarge)
    assert "claim 1 begins at byte 12 and has not ended after 1000 bytes" in str(failure)
    assert taken <= 1_100


def test_a_list_of_many_pieces_takes_the_memory_of_one() -> None:
    claim = json.dumps({"resourceType": "Claim", "id": "x" * 4_000}, indent=4).encode()

    def pieces() -> Any:
        yield b"[" + claim
        for _ in range(200):
            yield b"," + b",".join([claim] * 50)
        yield b"]"

    tracemalloc.start()
    assert sum(1 for _ in elements(pieces())) == 10_001
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000, "40 MB passed, a piece has 200 KB"
