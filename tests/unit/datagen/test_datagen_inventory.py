"""Inventory reports have the layout that S3 writes, and list every object once."""

import asyncio
import csv
import gzip
import json
import re
from datetime import UTC, datetime
from hashlib import md5
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import unquote_plus

import polars as pl
import pytest

from datagen import InventoryRequest, write_inventory
from datagen.errors import RequestError
from datagen.inventory_formats import encode
from local.stepfunctions.maprun.readers import parse_reader, read_items

AT = datetime(2026, 3, 31, 7, 0, tzinfo=UTC)
ODD_KEYS = ("plain.csv", "a b.txt", "sub/100%+1.txt", "ünï/日本.txt", 'quo"ted,comma.txt', "tilde~_-.txt")


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "loans"
    for number, key in enumerate(ODD_KEYS):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * number)
    return folder


def write(source, tmp_path, **options):
    return write_inventory(
        InventoryRequest(source=source.as_uri(), to=(tmp_path / "inventories").as_uri(), at=AT, **options)
    )


def manifest_of(tmp_path, made):
    return json.loads((tmp_path / "inventories" / made.manifest_key).read_bytes())


def rows_of(tmp_path, made):
    rows: list[list[str]] = []
    for file in manifest_of(tmp_path, made)["files"]:
        data = (tmp_path / "inventories" / file["key"]).read_bytes()
        assert (len(data), md5(data).hexdigest()) == (file["size"], file["MD5checksum"])
        rows += csv.reader(StringIO(gzip.decompress(data).decode(), newline=""))
    return rows


def test_the_layout_is_that_of_s3(source, tmp_path):
    made = write(source, tmp_path)
    folder = tmp_path / "inventories"
    keys = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert keys[:3] == [
        "loans/all/2026-03-31T07-00Z/manifest.checksum",
        "loans/all/2026-03-31T07-00Z/manifest.json",
        keys[2],
    ]
    assert re.fullmatch(
        r"loans/all/data/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.csv\.gz", keys[2]
    )
    assert keys[3:] == ["loans/all/hive/dt=2026-03-31-07-00/symlink.txt"]
    assert made.manifest_key == keys[1]
    manifest = (folder / keys[1]).read_bytes()
    assert (folder / keys[0]).read_text() == md5(manifest).hexdigest()
    assert (folder / keys[3]).read_text() == f"s3://inventories/{keys[2]}\n"


def test_the_manifest_has_the_fields_of_s3(source, tmp_path):
    manifest = manifest_of(tmp_path, write(source, tmp_path))
    assert list(manifest) == [
        *("sourceBucket", "destinationBucket", "version", "creationTimestamp", "fileFormat", "fileSchema", "files"),
    ]
    assert manifest["sourceBucket"] == "loans"
    assert manifest["destinationBucket"] == "arn:aws:s3:::inventories"
    assert manifest["version"] == "2016-11-30"
    assert manifest["creationTimestamp"] == "1774940400000", "milliseconds, as text"
    assert manifest["fileFormat"] == "CSV"
    assert manifest["fileSchema"] == "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass"


def test_rows_are_quoted_without_a_header_and_keys_url_encoded(source, tmp_path):
    made = write(source, tmp_path)
    data = gzip.decompress((tmp_path / "inventories" / made.files[0].key).read_bytes()).decode()
    assert all(
        re.fullmatch(r'"loans","[^"]+","\d+","[^"]+","[0-9a-f]{32}","STANDARD"', line) for line in data.splitlines()
    )
    rows = {unquote_plus(row[1]): row for row in rows_of(tmp_path, made)}
    assert set(rows) == set(ODD_KEYS)
    assert rows["a b.txt"][1] == "a+b.txt"
    assert rows["sub/100%+1.txt"][1] == "sub/100%25%2B1.txt"
    for number, key in enumerate(ODD_KEYS):
        assert rows[key][2] == str(number)
        assert rows[key][4] == md5(b"x" * number).hexdigest()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", rows[key][3])


def test_fields_come_in_the_order_of_s3_whatever_is_asked_for(source, tmp_path):
    made = write(source, tmp_path, fields=("ETag", "Size"))
    assert manifest_of(tmp_path, made)["fileSchema"] == "Bucket, Key, Size, ETag"
    assert {len(row) for row in rows_of(tmp_path, made)} == {4}


def test_several_files_list_each_object_once(source, tmp_path):
    made = write(source, tmp_path, rows_per_file=4)
    assert [file.rows for file in made.files] == [4, 2]
    assert made.rows == len(ODD_KEYS)
    assert sorted(unquote_plus(row[1]) for row in rows_of(tmp_path, made)) == sorted(ODD_KEYS)


def test_the_same_objects_give_the_same_bytes(source, tmp_path):
    first = write(source, tmp_path)
    assert write(source, tmp_path).files == first.files, "gzip carries no time, names follow from content"


def test_polars_reads_a_csv_inventory_back_whole(source, tmp_path):
    made = write(source, tmp_path, rows_per_file=2)
    manifest = manifest_of(tmp_path, made)
    frame = pl.concat(
        pl.read_csv(
            tmp_path / "inventories" / file["key"],
            has_header=False,
            new_columns=manifest["fileSchema"].split(", "),
        )
        for file in manifest["files"]
    )
    assert len(frame) == len(ODD_KEYS)
    assert frame["Size"].sum() == sum(range(len(ODD_KEYS)))


def test_polars_reads_a_parquet_inventory_back_whole_with_plain_keys(source, tmp_path):
    made = write(source, tmp_path, format="Parquet", fields=("Size", "LastModifiedDate", "ETag", "IsMultipartUploaded"))
    manifest = manifest_of(tmp_path, made)
    assert manifest["fileFormat"] == "Parquet"
    assert manifest["fileSchema"].startswith("message s3.inventory { required binary bucket (UTF8); ")
    frame = pl.read_parquet(tmp_path / "inventories" / manifest["files"][0]["key"])
    named = re.findall(r"(\w+)(?: \(\w+\))?;", manifest["fileSchema"])
    assert frame.columns == named
    assert set(frame["key"]) == set(ODD_KEYS)
    assert frame["is_multipart_uploaded"].to_list() == [False] * len(ODD_KEYS)


class Bucket:
    """What the engine's reader needs of S3, over a directory."""

    def __init__(self, folder):
        self.folder = folder

    async def stream(self, operation, parameters):
        assert (operation, parameters["Bucket"]) == ("GetObject", "inventories")
        return Response((self.folder / parameters["Key"]).read_bytes())


class Response:
    def __init__(self, data):
        self.data = data

    async def __aiter__(self):
        for start in range(0, len(self.data), 50):
            yield self.data[start : start + 50]

    async def aclose(self):
        pass


def test_the_manifest_reader_of_a_map_gives_every_object_once(source, tmp_path):
    made = write(source, tmp_path, rows_per_file=4)
    spec, _ = parse_reader({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "MANIFEST"}})

    assert spec is not None
    bucket: Any = Bucket(tmp_path / "inventories")

    async def items():
        parameters = {"Bucket": "inventories", "Key": made.manifest_key}
        chunks = read_items(spec, parameters=parameters, max_items=0, s3=bucket)
        return [item async for chunk in chunks for item in chunk.items]

    found = asyncio.run(items())
    assert sorted((item["Bucket"], unquote_plus(item["Key"])) for item in found) == sorted(
        ("loans", key) for key in ODD_KEYS
    )
    assert sum(int(item["Size"]) for item in found) == sum(range(len(ODD_KEYS)))


def test_an_object_without_etag_has_an_empty_field():
    rows = pl.DataFrame(
        {"bucket": ["b"], "key": ["k"], "size": [1], "e_tag": [None]}, schema_overrides={"e_tag": pl.String}
    )
    assert gzip.decompress(encode(rows, "CSV", ("Size", "ETag"))) == b'"b","k","1",""\n'


def test_truth_within_the_source_is_left_out(source, tmp_path):
    (source / "_truth").mkdir()
    (source / "_truth" / "objects.parquet").write_bytes(b"secret")
    assert write(source, tmp_path).rows == len(ODD_KEYS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "ORC"}, "CSV or Parquet, not 'ORC'"),
        ({"fields": ("Colour",)}, "no field 'Colour'"),
        ({"rows_per_file": 0}, "1 to 1,000,000 rows, not 0"),
    ],
)
def test_what_cannot_be_made_is_refused(source, tmp_path, options, message):
    with pytest.raises(RequestError, match=re.escape(message)):
        write(source, tmp_path, **options)


def test_an_empty_source_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match="there is no object at"):
        write(tmp_path / "empty", tmp_path)


def test_an_inventory_cannot_lie_within_what_it_lists(source):
    with pytest.raises(RequestError, match="cannot lie within it"):
        write_inventory(InventoryRequest(source=source.as_uri(), to=(source / "inventory").as_uri()))


def test_gzip_has_no_time_in_its_header():
    rows = pl.DataFrame({"bucket": ["b"], "key": ["k"]})
    data = encode(rows, "CSV", ())
    assert data[4:8] == bytes(4)
    assert gzip.GzipFile(fileobj=BytesIO(data)).read() == b'"b","k"\n'
