"""Gzip objects within limits."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.common.failures import BrokenGzip, GzipBomb
from handlers.ssn_scan.unpack import FREE_BYTES, OUTPUT_BYTES, unpacked


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@settings(max_examples=100, deadline=None)
@given(members=st.lists(st.binary(max_size=300), min_size=1, max_size=4), size=st.integers(1, 64))
def test_members_unpack_to_what_they_hold_however_they_are_cut(members: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(each) for each in members)
    assert b"".join(unpacked(cut(packed, size))) == b"".join(members)


@given(data=st.binary(max_size=40).filter(lambda data: data[:2] != b"\x1f\x8b"), size=st.integers(1, 8))
def test_what_is_not_gzip_comes_as_it_is(data: bytes, size: int) -> None:
    assert b"".join(unpacked(cut(data, size))) == data


def test_much_more_than_one_piece_unpacks_whole() -> None:
    data = bytes(range(256)) * (5 * OUTPUT_BYTES // 256)
    assert b"".join(unpacked([gzip.compress(data, 1)])) == data


def test_zeros_behind_the_last_member_are_padding() -> None:
    assert b"".join(unpacked(cut(gzip.compress(b"text") + b"\0" * 50, 7))) == b"text"


def test_a_truncated_object_is_told_and_what_it_held_so_far_was_given() -> None:
    packed = gzip.compress(bytes(range(256)) * 50)
    given_so_far: list[bytes] = []
    with pytest.raises(BrokenGzip, match="end early"):
        given_so_far.extend(unpacked([packed[:-9]]))
    assert b"".join(given_so_far).startswith(bytes(range(256)))


def test_garbage_behind_the_magic_number_is_told() -> None:
    with pytest.raises(BrokenGzip, match="not gzip"):
        list(unpacked([b"\x1f\x8b" + b"garbage" * 10]))


def test_a_bomb_ends_early_and_in_little_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1024**2)) for _ in range(200)) + packer.flush()
    seen: list[int] = []
    tracemalloc.start()
    with pytest.raises(GzipBomb, match="the limit is 200 times"):
        seen.extend(map(len, unpacked([bomb])))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(seen) <= FREE_BYTES + 1024**2
    assert peak < 8 * 1024**2
