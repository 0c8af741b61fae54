"""Manifests: S3 Inventory, real and hand-made, and Athena's UNLOAD."""

from __future__ import annotations

import gzip

import orjson
import pytest

from local.stepfunctions.errors import ItemReaderFailed

INVENTORY = {"InputType": "MANIFEST"}
ATHENA = {
    "ManifestType": "ATHENA_DATA",
    "InputType": "CSV",
    "CSVHeaderLocation": "GIVEN",
    "CSVHeaders": ["id", "name"],
}
REAL = {
    "sourceBucket": "loans",
    "destinationBucket": "arn:aws:s3:::inventories",
    "version": "2016-11-30",
    "creationTimestamp": "1774940400000",
    "fileFormat": "CSV",
    "fileSchema": "Bucket, Key, Size, LastModifiedDate",
    "files": [
        {"key": "inv/data/1.csv.gz", "size": 1, "MD5checksum": "47d7464a022a9d062c47b9b9a6b68fb5"},
        {"key": "inv/data/2.csv.gz", "size": 1, "MD5checksum": "47d7464a022a9d062c47b9b9a6b68fb5"},
    ],
}


@pytest.mark.aws("documented")
@pytest.mark.parametrize("config", [INVENTORY, {"ManifestType": "S3_INVENTORY"}])
def test_an_inventory_gives_the_rows_of_its_files_as_text_named_by_its_schema(s3, read, config):
    s3.objects = {
        "inv/manifest.json": orjson.dumps(REAL),
        "inv/data/1.csv.gz": gzip.compress(b'"loans","data/a+b.csv","135","2026-03-31T06:59:12.000Z"\n'),
        "inv/data/2.csv.gz": gzip.compress(b'"loans","data/c.csv","","2026-03-31T06:59:12.000Z"\n'),
    }
    chunks = read(s3, config, Key="inv/manifest.json", with_chunks=True)
    assert [(chunk.source, chunk.items) for chunk in chunks] == [
        (
            f"s3://inventories/inv/data/{number}.csv.gz",
            [{"Bucket": "loans", "Key": key, "Size": size, "LastModifiedDate": "2026-03-31T06:59:12.000Z"}],
        )
        for number, key, size in [(1, "data/a+b.csv", "135"), (2, "data/c.csv", "")]
    ], "sizes stay text, keys stay URL-encoded"
    assert [call[1]["Bucket"] for call in s3.calls] == ["bucket", "inventories", "inventories"]


@pytest.mark.parametrize("destination", [None, "inventories"])
def test_a_hand_made_manifest_may_lack_version_checksums_and_destination(s3, read, destination):
    manifest = {
        "sourceBucket": "loans",
        "creationTimestamp": 1774940400.5,
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "inventory/part.csv"}],
    }
    if destination is not None:
        manifest["destinationBucket"] = destination
    s3.objects = {"m.json": orjson.dumps(manifest), "inventory/part.csv": b"loans,k1,1\nloans,k2,2\n"}
    assert read(s3, INVENTORY, Key="m.json") == [
        {"Bucket": "loans", "Key": "k1", "Size": "1"},
        {"Bucket": "loans", "Key": "k2", "Size": "2"},
    ]
    assert s3.calls[1][1]["Bucket"] == (destination or "bucket"), "the manifest's own bucket stands in"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"key,size\n", "is not an S3 inventory manifest"),
        (b"[]", "it is not a JSON object"),
        (b'{"fileFormat": "ORC"}', "has the format ORC; only CSV can be read"),
        (b'{"files": []}', "fileSchema or files is missing"),
        (b'{"fileSchema": "Key", "files": [{"size": 1}]}', "an entry of files has no key"),
        (b'{"fileSchema": "Key", "files": [], "destinationBucket": "a/b"}', "is not a bucket: a/b"),
    ],
)
def test_what_is_no_inventory_fails_with_the_reason(s3, read, text, words):
    s3.objects["m.json"] = text
    with pytest.raises(ItemReaderFailed, match=words):
        read(s3, INVENTORY, Key="m.json")


@pytest.mark.aws("documented")
def test_an_athena_manifest_lists_the_objects_that_hold_the_rows(s3, read):
    s3.objects = {
        "m.csv": b's3://results/a\n"s3://results/b c.gz"\n',
        "a": b"1,x\n2,y\n",
        "b c.gz": gzip.compress(b"3,z\n"),
    }
    chunks = read(s3, ATHENA, Key="m.csv", with_chunks=True)
    assert [chunk.source for chunk in chunks] == ["s3://results/a", "s3://results/b c.gz"]
    assert [item["id"] for chunk in chunks for item in chunk.items] == ["1", "2", "3"]
    jsonl = {"ManifestType": "ATHENA_DATA", "InputType": "JSONL"}
    s3.objects = {"m.csv": b"s3://results/a\n", "a": b'{"id": 1}\n'}
    assert read(s3, jsonl, Key="m.csv") == [{"id": 1}]


def test_a_line_that_is_no_uri_fails_with_its_number(s3, read):
    s3.objects["m.csv"] = b"s3://results/a\nresults/b\n"
    with pytest.raises(ItemReaderFailed, match=r"Line 2 of s3://bucket/m\.csv is not an s3:// URI: results/b"):
        read(s3, ATHENA, Key="m.csv")
