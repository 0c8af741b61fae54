"""Parquet rows as JSON."""

from __future__ import annotations

import datetime as dt
import decimal
import io

import polars as pl
import pytest

from local.stepfunctions.errors import ItemReaderFailed

PARQUET = {"InputType": "PARQUET"}


def parquet(table, **options):
    buffer = io.BytesIO()
    table.write_parquet(buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "gzip", "zstd"])
def test_rows_come_in_order_whatever_their_compression_and_row_groups(s3, read, compression):
    table = pl.DataFrame({"n": range(10_000), "text": [f"row {n}" for n in range(10_000)]})
    s3.objects["k"] = parquet(table, compression=compression, row_group_size=700)
    assert read(s3, PARQUET, Key="k") == table.to_dicts()
    assert read(s3, PARQUET, Key="k", max_items=5_000) == table.to_dicts()[:5_000]


def test_values_become_what_json_can_hold(s3, read):
    table = pl.DataFrame(
        {
            "missing": [None],
            "flag": [True],
            "real": [1.5],
            "big": [2**62],
            "day": [dt.date(2020, 1, 2)],
            "time": [dt.datetime(2020, 1, 2, 3, 4, 5, 600_000, tzinfo=dt.UTC)],
            "price": [decimal.Decimal("12.50")],
            "raw": [b"bytes"],
            "spell": [dt.timedelta(seconds=90)],
            "list": [[1, 2]],
            "struct": [{"a": "b"}],
        }
    )
    s3.objects["k"] = parquet(table)
    assert read(s3, PARQUET, Key="k") == [
        {
            "missing": None,
            "flag": True,
            "real": 1.5,
            "big": 2**62,
            "day": "2020-01-02",
            "time": "2020-01-02T03:04:05.600000+00:00",
            "price": 12.5,
            "raw": "bytes",
            "spell": 90.0,
            "list": [1, 2],
            "struct": {"a": "b"},
        }
    ]


@pytest.mark.parametrize("damage", [b"a,b\n1,2\n", b"PAR1PAR1", b"", b"PAR1" + b"x" * 20 + b"\x04\x00\x00\x00PAR1"])
def test_what_is_no_parquet_fails_with_the_name_of_the_object(s3, read, damage):
    s3.objects["k"] = damage
    with pytest.raises(ItemReaderFailed, match="s3://bucket/k"):
        read(s3, PARQUET, Key="k")


@pytest.mark.aws("documented")
def test_a_footer_over_five_mebibytes_fails(s3, read):
    s3.objects["k"] = b"PAR1" + b"x" * 20 + (5 * 2**20 + 1).to_bytes(4, "little") + b"PAR1"
    with pytest.raises(ItemReaderFailed, match="footer of s3://bucket/k has 5242881 bytes; the limit is 5242880"):
        read(s3, PARQUET, Key="k")
