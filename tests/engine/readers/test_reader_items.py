"""What all readers share: the limit of items, the size of chunks, and their source."""

from __future__ import annotations

import pytest

from local.stepfunctions.errors import ItemReaderFailed

CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
FOUR = b"Col1,Col2\nValue1,Value2\nValue3,Value4\nValue5,Value6\nValue7,Value8\n"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(("limit", "count"), [(0, 4), (1, 1), (2, 2), (4, 4), (100_000_000, 4), (100_000_001, 4)])
def test_max_items_ends_the_reading_and_zero_is_no_limit(s3, read, limit, count):
    s3.objects["k"] = FOUR
    assert [item["Col1"] for item in read(s3, CSV, Key="k", max_items=limit)] == [
        "Value1",
        "Value3",
        "Value5",
        "Value7",
    ][:count]


@pytest.mark.aws("recorded")
def test_a_negative_limit_fails_the_reader(s3, read):
    s3.objects["k"] = FOUR
    with pytest.raises(ItemReaderFailed) as failure:
        read(s3, CSV, Key="k", max_items=-1)
    assert failure.value.cause == "field MaxItems must be positive"


@pytest.mark.parametrize("limit", [4_095, 4_096, 4_097, 9_999, 10_000])
def test_the_limit_holds_within_and_across_chunks(s3, read, limit):
    s3.objects["k"] = b"n\n" + b"".join(b"%d\n" % n for n in range(10_000))
    assert [item["n"] for item in read(s3, CSV, Key="k", max_items=limit)] == [str(n) for n in range(limit)]


def test_chunks_are_never_empty_and_never_larger_than_a_few_thousand(s3, read):
    s3.objects["k"] = b"n\n" + b"".join(b"%d\n" % n for n in range(100_000))
    sizes = [len(chunk.items) for chunk in read(s3, CSV, Key="k", with_chunks=True)]
    assert sum(sizes) == 100_000
    assert 0 < min(sizes) <= max(sizes) <= 4_096


@pytest.mark.aws("recorded")
def test_the_source_is_the_object_in_lower_case(s3, read):
    s3.objects["Folder/K.csv"] = FOUR
    (chunk,) = read(s3, CSV, Key="Folder/K.csv", with_chunks=True)
    assert chunk.source == "s3://bucket/Folder/K.csv"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("kind", ["CSV", "JSON", "JSONL"])
def test_load_and_flatten_reads_the_rows_of_every_object_in_the_order_of_the_list(s3, read, kind):
    s3.objects = {
        "p/": b"",
        "p/2": {"CSV": b"n\n3\n", "JSON": b"[3]", "JSONL": b"3\n"}[kind],
        "p/1": {"CSV": b"n\n1\n2\n", "JSON": b"[1,2]", "JSONL": b"1\n2\n"}[kind],
        "q": b"not under the prefix",
    }
    config = {"Transformation": "LOAD_AND_FLATTEN", "InputType": kind}
    if kind == "CSV":
        config["CSVHeaderLocation"] = "FIRST_ROW"
    chunks = read(s3, config, resource="listObjectsV2", Prefix="p/", with_chunks=True)
    values = [{"n": "1"}, {"n": "2"}, {"n": "3"}] if kind == "CSV" else [1, 2, 3]
    assert [(item, chunk.source) for chunk in chunks for item in chunk.items] == [
        (values[0], "s3://bucket/p/1"),
        (values[1], "s3://bucket/p/1"),
        (values[2], "s3://bucket/p/2"),
    ]
    limited = read(s3, config, resource="listObjectsV2", Prefix="p/", max_items=2)
    assert limited == values[:2], "the limit counts rows, across objects"
