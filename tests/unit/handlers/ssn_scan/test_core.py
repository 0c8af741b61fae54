"""The scanning core against planted truth, a plain second implementation, and every way to cut a stream."""

from __future__ import annotations

import itertools
import re
import tracemalloc
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen import GenerateRequest, generate
from handlers.ssn_scan.core import MAX_TOLD, scan
from handlers.ssn_scan.identifiers import (
    SSN_PLAIN,
    SSN_TOKEN,
    UnknownIdentifierError,
    identifiers_named,
    may_be_assigned,
)

BOTH = (SSN_TOKEN, SSN_PLAIN)
# Retired numbers: printed on a wallet insert of 1938 and in a pamphlet of 1940, and nobody's since.
WALLET, PAMPHLET = b"078-05-1120", b"219-09-9999"
LOOKALIKES = (
    b"1078-05-1120",
    b"078-05-11201",
    b"1-078-05-1120",
    b"078-05-1120-7",
    b"666-05-1120",
    b"000-05-1120",
    b"900-21-4417",
    b"078-00-1120",
    b"078-05-0000",
    b"555-123-4567",
    b"2019-04-0212",
    b"078 05 1120",
)


def found(data: bytes, *cuts: int, identifiers=BOTH) -> dict[str, list[str]]:
    edges = [0, *sorted(cuts), len(data)]
    blocks = [data[a:b] for a, b in itertools.pairwise(edges)]
    result = scan(blocks, identifiers)
    assert result.scanned_bytes == len(data)
    return {name: each.last_four for name, each in result.findings.items()}


def plainly(data: bytes) -> dict[str, list[str]]:
    """What a person would write with a whole object in memory."""
    tokens = re.findall(rb"ssn=\d{3}-\d\d-(\d{4})(?!\d)", data)
    plain = re.findall(rb"(?<![\d-])((?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4})(?![\d-])", data)
    return {"ssn": [each.decode() for each in tokens], "ssn_plain": [each[-4:].decode() for each in plain]}


def test_every_planted_number_is_found_and_nothing_else(tmp_path: Path) -> None:
    parameters = {"words": 2_000, "dirty": 0.2, "adversarial": 0.3}
    generate(GenerateRequest(dataset="texts", to=f"file://{tmp_path}/texts", count=400, seed=7, parameters=parameters))
    truth = pl.read_parquet(next((tmp_path / "_truth" / "texts").glob("texts*.parquet")))
    assert truth["count"].sum() > 20, "too little is planted to tell anything"
    assert truth["variant"].n_unique() > 10, "the variants that mislead scanners are among them"
    expected = {Path(row["key"]).name: (row["count"], row["last_four"]) for row in truth.to_dicts()}
    for file in sorted((tmp_path / "texts").iterdir()):
        result = scan([file.read_bytes()], (SSN_TOKEN,))
        count, last_four = expected.pop(file.name)
        assert (result.count, sorted(result.findings["ssn"].last_four)) == (count, sorted(last_four)), file.name
    assert not any(count for count, _ in expected.values()), "every object that holds a number was scanned"


@settings(max_examples=400, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(
            [
                b"ssn=900-21-4417",
                b"ssn=",
                b"=",
                b"-",
                b" ",
                b"7",
                WALLET,
                PAMPHLET,
                b"ssn=078-05-1120",
                b"x" * 50,
                b"ss",
            ]
        )
        | st.binary(max_size=6),
        max_size=25,
    ),
    data=st.data(),
)
def test_a_stream_is_found_the_same_however_it_is_cut(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    assert found(whole, *cuts) == plainly(whole)


def test_a_token_across_any_cut_of_two_long_blocks_counts_once() -> None:
    whole = b"a" * 500 + b" ssn=900-21-4417 " + b"b" * 500
    for cut in range(480, 530):
        assert found(whole, cut) == {"ssn": ["4417"], "ssn_plain": []}, cut


@pytest.mark.parametrize("text", LOOKALIKES)
def test_what_looks_like_a_number_on_its_own_is_none(text: bytes) -> None:
    assert found(b"see " + text + b" there", identifiers=(SSN_PLAIN,)) == {"ssn_plain": []}


def test_a_number_on_its_own_is_found_between_any_neighbours() -> None:
    for before, after in (
        (b"", b""),
        (b" ", b"."),
        (b"\n", b","),
        (b"(", b")"),
        (b"id:", b"\r\n"),
        ("ü".encode(), b"x"),
    ):
        assert found(before + WALLET + after, identifiers=(SSN_PLAIN,)) == {"ssn_plain": ["1120"]}


def test_numbers_that_are_never_assigned_are_refused() -> None:
    assert may_be_assigned(b"078051120")
    for digits in (b"000051120", b"666051120", b"900051120", b"999051120", b"078001120", b"078050000"):
        assert not may_be_assigned(digits), digits


def test_all_are_counted_but_only_so_many_are_told() -> None:
    result = scan([b" ssn=900-21-4417" * (MAX_TOLD + 5)], (SSN_TOKEN,))
    assert result.count == MAX_TOLD + 5
    assert len(result.findings["ssn"].last_four) == MAX_TOLD


def test_memory_does_not_grow_with_the_object() -> None:
    block = b"filler text " * 20_000
    tracemalloc.start()
    scan((block + b"%d" % number for number in range(200)), BOTH)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(block), "a scan holds a block and what is about to follow it"


def test_identifiers_are_chosen_by_name() -> None:
    assert identifiers_named("ssn_plain, ssn,ssn") == (SSN_PLAIN, SSN_TOKEN)
    for wrong in ("", "iban", "ssn,iban"):
        with pytest.raises(UnknownIdentifierError, match="choose from ssn, ssn_plain"):
            identifiers_named(wrong)
