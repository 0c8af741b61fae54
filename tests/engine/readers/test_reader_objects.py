"""Objects as streams: compression by name, bounded memory, and the failures of S3."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from typing import Any

import pytest
import zstandard

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.maprun.readers import parse_reader, read_items

CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
JSONL = {"InputType": "JSONL"}
ROWS = b"a,b\n" + b"".join(b"%d,text number %d\n" % (n, n) for n in range(50_000))
ITEMS = [{"a": str(n), "b": f"text number {n}"} for n in range(50_000)]


@pytest.mark.aws("documented")
@pytest.mark.parametrize("piece_bytes", [7, 1_000, 1 << 16])
@pytest.mark.parametrize("key", ["plain.csv", "packed.csv.gz", "packed.csv.zstd"])
def test_the_suffix_of_the_key_decides_how_an_object_is_decompressed(s3, read, key, piece_bytes):
    short = ROWS if piece_bytes > 7 else ROWS[:1_000]
    s3.piece_bytes = piece_bytes
    packed = {"gz": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}.get(key.rsplit(".", 1)[1])
    s3.objects[key] = packed(short) if packed else short
    expected = ITEMS if piece_bytes > 7 else read_plainly(short)
    assert read(s3, CSV, Key=key) == expected


def read_plainly(data):
    header, *rows = data.decode().splitlines()
    names = header.split(",")
    return [dict(zip(names, ([*row.split(","), ""])[:2], strict=True)) for row in rows]


def test_members_and_frames_that_follow_one_another_are_all_read(s3, read):
    s3.objects["k.gz"] = gzip.compress(b"1\n") + gzip.compress(b"2\n3\n")
    s3.objects["k.zstd"] = zstandard.compress(b"1\n") + zstandard.compress(b"2\n3\n")
    assert read(s3, JSONL, Key="k.gz") == [1, 2, 3]
    assert read(s3, JSONL, Key="k.zstd") == [1, 2, 3]


@pytest.mark.parametrize("key", ["k.gz", "k.zstd"])
def test_a_cut_or_foreign_file_is_not_taken_for_the_whole(s3, read, key):
    packed = gzip.compress(ROWS) if key == "k.gz" else zstandard.compress(ROWS)
    s3.objects[key] = packed[: len(packed) // 2]
    with pytest.raises(ItemReaderFailed, match=f"s3://bucket/{key} cannot be decompressed"):
        read(s3, CSV, Key=key)
    s3.objects[key] = b"a,b\n1,2\n"
    with pytest.raises(ItemReaderFailed, match=f"s3://bucket/{key} cannot be decompressed"):
        read(s3, CSV, Key=key)


def test_a_missing_object_fails_with_the_words_of_s3(s3, read):
    with pytest.raises(ItemReaderFailed) as failure:
        read(s3, CSV, Key="nothing")
    assert failure.value.cause == (
        "The specified key does not exist. (Service: S3, Status Code: 404, Request ID: R1, Extended Request ID: H1)"
    )


GONE = AwsError(service_id="S3", operation="GetObject", code="SdkClientException", message="gone", status=0, body={})


class BreakingS3:
    """One object, whose connection breaks after so many bytes of each answer; then it is never broken again."""

    def __init__(self, fake, content, breaks):
        self.content = content
        self.breaks = list(breaks)
        self.wanted: list[dict[str, Any]] = []
        self.stream = fake.stream
        fake.objects["k"] = self.pieces
        original = fake.get_object

        def get_object(parameters: Any) -> Any:
            self.wanted.append(dict(parameters))
            return original(parameters)

        fake.get_object = get_object

    def pieces(self):
        content = self.content[int(self.wanted[-1].get("Range", "bytes=0-")[6:-1]) :]
        if not self.breaks:
            return iter([content])
        return self.broken(content[: self.breaks.pop(0)])

    @staticmethod
    def broken(content):
        if content:
            yield content
        raise GONE


def test_a_connection_that_breaks_is_made_again_for_the_rest_of_the_same_object(s3, read):
    breaking = BreakingS3(s3, ROWS, [0, 5, 0, 300_000, 0, 100_000])
    assert read(breaking, CSV, Key="k") == ITEMS, "nothing lost, nothing twice"
    asked = [(wanted.get("Range"), wanted.get("IfMatch")) for wanted in breaking.wanted]
    assert asked[:4] == [(None, None), (None, None), ("bytes=5-", '"e"'), ("bytes=5-", '"e"')]
    assert len(asked) == 7
    assert all(response.closed for response in s3.responses)


def test_a_connection_that_breaks_again_and_again_without_a_byte_fails_the_reader(s3, read):
    breaking = BreakingS3(s3, ROWS, [5, 0, 0, 0])
    with pytest.raises(ItemReaderFailed, match="gone"):
        read(breaking, CSV, Key="k")
    assert len(breaking.wanted) == 3, "as often as any other call"


@pytest.mark.aws("documented")
def test_version_and_owner_reach_s3_and_nothing_else_does(s3, read):
    s3.objects["k"] = b"a\n1\n"
    read(s3, CSV, Key="k", VersionId="v1", ExpectedBucketOwner="111122223333", Prefix="p")
    wanted = {"Bucket": "bucket", "Key": "k", "VersionId": "v1", "ExpectedBucketOwner": "111122223333"}
    assert s3.calls == [("GetObject", wanted)]


def rows(count):
    block = b"".join(b"%07d,some text in a column,1.0,2015-01-18\n" % n for n in range(1_000))

    def pieces():
        yield b"id,text,rating,date\n"
        for _ in range(count // 1_000):
            yield block

    return pieces


def peak_of(s3, count):
    s3.objects["k"] = rows(count)
    spec, _ = parse_reader({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": CSV})
    assert spec is not None

    async def drain():
        read = read_items(spec, parameters={"Bucket": "bucket", "Key": "k"}, max_items=0, s3=s3)
        return sum([len(chunk.items) async for chunk in read])

    tracemalloc.start()
    try:
        assert asyncio.run(drain()) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_object(s3):
    small, large = peak_of(s3, 30_000), peak_of(s3, 300_000)
    assert large < small * 1.2, f"ten times the rows took {large:,} bytes instead of {small:,}"


def test_a_reader_that_is_left_early_gives_its_connection_up(s3, read):
    s3.objects["k"] = ROWS
    assert len(read(s3, CSV, Key="k", max_items=3)) == 3
    assert [response.closed for response in s3.responses] == [True]
