"""Readers: the whole ASL of each kind, the permissions that come with it, and each mistake that is refused."""

from __future__ import annotations

import pytest

from asl import (
    AthenaManifest,
    Csv,
    CsvReader,
    InventoryManifest,
    Json,
    Jsonata,
    JsonlReader,
    JsonReader,
    ParquetReader,
    Path,
    QueryLanguage,
    Reader,
    S3ObjectList,
    Statement,
)
from asl.iam import Condition

BUCKET = "arn:aws:s3:::data"
GET_OBJECT = "arn:aws:states:::s3:getObject"
LIST_OBJECTS = "arn:aws:states:::s3:listObjectsV2"


def test_a_csv_reader_takes_column_names_from_the_first_row():
    assert CsvReader(bucket_arn=BUCKET, key="a.csv").to_asl() == {
        "Resource": GET_OBJECT,
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": "data", "Key": "a.csv"},
    }


def test_a_csv_reader_with_given_headers_and_a_delimiter():
    reader = CsvReader(bucket_arn=BUCKET, key="a.csv", headers=("id", "rating"), delimiter="|", version_id="v1")
    assert reader.to_asl() == {
        "Resource": GET_OBJECT,
        "ReaderConfig": {
            "InputType": "CSV",
            "CSVHeaderLocation": "GIVEN",
            "CSVHeaders": ["id", "rating"],
            "CSVDelimiter": "PIPE",
        },
        "Parameters": {"Bucket": "data", "Key": "a.csv", "VersionId": "v1"},
    }


def test_a_json_reader_with_a_pointer():
    assert JsonReader(bucket_arn=BUCKET, key="a.json", pointer="/claims").to_asl() == {
        "Resource": GET_OBJECT,
        "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/claims"},
        "Parameters": {"Bucket": "data", "Key": "a.json"},
    }


def test_a_json_lines_reader():
    assert JsonlReader(bucket_arn=BUCKET, key="a.jsonl").to_asl() == {
        "Resource": GET_OBJECT,
        "ReaderConfig": {"InputType": "JSONL"},
        "Parameters": {"Bucket": "data", "Key": "a.jsonl"},
    }


def test_a_parquet_reader():
    assert ParquetReader(bucket_arn=BUCKET, key="a.parquet").to_asl() == {
        "Resource": GET_OBJECT,
        "ReaderConfig": {"InputType": "PARQUET"},
        "Parameters": {"Bucket": "data", "Key": "a.parquet"},
    }


def test_a_list_of_objects_needs_no_reader_config():
    assert S3ObjectList(bucket_arn=BUCKET, prefix="csv/").to_asl() == {
        "Resource": LIST_OBJECTS,
        "Parameters": {"Bucket": "data", "Prefix": "csv/"},
    }


def test_a_flattened_list_reads_the_rows_of_the_objects():
    assert S3ObjectList(bucket_arn=BUCKET, prefix="csv/", flatten=Csv(), max_items=10).to_asl() == {
        "Resource": LIST_OBJECTS,
        "ReaderConfig": {
            "InputType": "CSV",
            "CSVHeaderLocation": "FIRST_ROW",
            "Transformation": "LOAD_AND_FLATTEN",
            "MaxItems": 10,
        },
        "Parameters": {"Bucket": "data", "Prefix": "csv/"},
    }


def test_an_inventory_manifest():
    reader = InventoryManifest(bucket_arn=BUCKET, key="inventory/manifest.json", data_within="inventory/data/")
    assert reader.to_asl() == {
        "Resource": GET_OBJECT,
        "ReaderConfig": {"InputType": "MANIFEST"},
        "Parameters": {"Bucket": "data", "Key": "inventory/manifest.json"},
    }


def test_an_athena_manifest_names_its_type_and_the_format_of_its_data():
    reader = AthenaManifest(bucket_arn=BUCKET, key="m.csv", data_within="out/", format=Csv(headers=("id",)))
    assert reader.to_asl() == {
        "Resource": GET_OBJECT,
        "ReaderConfig": {
            "ManifestType": "ATHENA_DATA",
            "InputType": "CSV",
            "CSVHeaderLocation": "GIVEN",
            "CSVHeaders": ["id"],
        },
        "Parameters": {"Bucket": "data", "Key": "m.csv"},
    }


def test_paths_are_written_with_their_suffixes():
    reader = CsvReader(bucket_arn=BUCKET, key=Path("$.key"), within="in/", max_items=Path("$.max"))
    rendered = reader.to_asl()
    assert rendered["Parameters"] == {"Bucket": "data", "Key.$": "$.key"}
    assert rendered["ReaderConfig"]["MaxItemsPath"] == "$.max"
    assert "MaxItems" not in rendered["ReaderConfig"], "a literal and a path exclude each other"


def test_jsonata_readers_have_arguments_with_expressions():
    reader = CsvReader(bucket_arn=BUCKET, key=Jsonata("$states.input.key"), within="in/", max_items=Jsonata("$n"))
    rendered = reader.to_asl(QueryLanguage.JSONATA)
    assert rendered["Arguments"] == {"Bucket": "data", "Key": "{% $states.input.key %}"}
    assert rendered["ReaderConfig"]["MaxItems"] == "{% $n %}"


def test_max_items_of_zero_is_written():
    rendered = S3ObjectList(bucket_arn=BUCKET, prefix="", max_items=0).to_asl()
    assert rendered["ReaderConfig"] == {"MaxItems": 0}, "zero means no limit and is not the same as absent"


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (
            CsvReader(bucket_arn=BUCKET, key="in/a.csv"),
            [Statement(actions=("s3:GetObject",), resources=(f"{BUCKET}/in/a.csv",))],
        ),
        (
            CsvReader(bucket_arn=BUCKET, key=Path("$.key"), within="in/"),
            [Statement(actions=("s3:GetObject",), resources=(f"{BUCKET}/in/*",))],
        ),
        (
            JsonReader(bucket_arn=BUCKET, key="a.json", version_id=Path("$.version")),
            [Statement(actions=("s3:GetObjectVersion",), resources=(f"{BUCKET}/a.json",))],
        ),
        (
            S3ObjectList(bucket_arn=BUCKET, prefix="csv/"),
            [
                Statement(
                    actions=("s3:ListBucket",),
                    resources=(BUCKET,),
                    conditions=(Condition(operator="StringLike", key="s3:prefix", values=("csv/*",)),),
                )
            ],
        ),
        (
            InventoryManifest(bucket_arn=BUCKET, key="inv/manifest.json", data_within="inv/data/"),
            [
                Statement(
                    actions=("s3:GetObject",),
                    resources=(f"{BUCKET}/inv/manifest.json", f"{BUCKET}/inv/data/*"),
                )
            ],
        ),
    ],
)
def test_a_reader_may_read_what_it_reads_and_nothing_else(reader: Reader, expected: list[Statement]):
    assert reader.statements() == expected


def test_a_flattened_list_may_also_open_the_objects_it_lists():
    statements = S3ObjectList(bucket_arn=BUCKET, prefix="csv/", flatten=Json()).statements()
    assert Statement(actions=("s3:GetObject",), resources=(f"{BUCKET}/csv/*",)) in statements


def test_reading_encrypted_objects_takes_the_key():
    reader = CsvReader(bucket_arn=BUCKET, key="a.csv", kms_key_arn="arn:aws:kms:us-east-1:1:key/k")
    assert reader.statements()[-1] == Statement(actions=("kms:Decrypt",), resources=("arn:aws:kms:us-east-1:1:key/k",))


def test_wildcards_in_a_key_stand_for_themselves_in_its_policy():
    statements = CsvReader(bucket_arn=BUCKET, key="what?*.csv").statements()
    assert statements[0].resources == (f"{BUCKET}/what${{?}}${{*}}.csv",)


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        (CsvReader(bucket_arn="data", key="a"), "bucket_arn must be the ARN of a bucket"),
        (CsvReader(bucket_arn=f"{BUCKET}/a", key="a"), "bucket_arn must be the ARN of a bucket"),
        (CsvReader(bucket_arn=BUCKET, key=Path("$.key")), "give within= the prefix"),
        (CsvReader(bucket_arn=BUCKET, key="a.csv", within="in/"), "'a.csv' does not lie within 'in/'"),
        (CsvReader(bucket_arn=BUCKET, key=Jsonata("$k"), within=""), "'$k' is JSONata"),
        (CsvReader(bucket_arn=BUCKET, key="a", max_items=-1), "max_items must be 0 to 100,000,000, got -1"),
        (CsvReader(bucket_arn=BUCKET, key="a", max_items=100_000_001), "got 100,000,001"),
        (CsvReader(bucket_arn=BUCKET, key="a", delimiter="#"), "delimiter must be one of"),
        (CsvReader(bucket_arn=BUCKET, key="a", headers=()), "headers must name at least one column"),
        (CsvReader(bucket_arn=BUCKET, key="a", headers=("x", "x")), "headers must differ"),
        (JsonReader(bucket_arn=BUCKET, key="a", pointer="claims"), "pointer is a JSON Pointer"),
        (ParquetReader(bucket_arn=BUCKET, key="a", version_id="v"), "version_id cannot be given"),
        (S3ObjectList(bucket_arn=BUCKET, prefix=Path("$.p")), "prefix '$.p' is found at run time"),
        (
            AthenaManifest(bucket_arn=BUCKET, key="m", data_within="", format=Csv()),
            "Athena writes CSV data without a header row",
        ),
    ],
)
def test_a_mistake_in_a_reader_is_named(reader: Reader, message: str):
    problems = reader.problems()
    assert len(problems) == 1, problems
    assert message in problems[0]


def test_all_mistakes_of_a_reader_are_named_at_once():
    assert len(CsvReader(bucket_arn="x", key=Path("$.k"), max_items=-1, delimiter="#").problems()) == 4
