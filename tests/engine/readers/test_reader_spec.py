"""The ItemReader field: what is accepted, and every mistake at once."""

from __future__ import annotations

import pytest

from local.stepfunctions.maprun.readers import ReaderSpec, parse_reader

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


def problems_of(resource, config=None, **fields):
    reader = {"Resource": resource, **fields}
    if config is not None:
        reader["ReaderConfig"] = config
    spec, problems = parse_reader(reader)
    assert (spec is None) == bool(problems), "a spec comes without problems, problems without a spec"
    return problems


def test_a_csv_reader_keeps_every_setting():
    config = {
        **CSV,
        "CSVHeaderLocation": "GIVEN",
        "CSVHeaders": ["a", "b"],
        "CSVDelimiter": "TAB",
        "MaxItemsPath": "$.n",
    }
    spec, problems = parse_reader({"Resource": GET, "ReaderConfig": config, "Parameters": {"Bucket.$": "$.b"}})
    assert problems == []
    assert spec == ReaderSpec(
        resource="s3:getObject",
        input_type="CSV",
        csv_delimiter="\t",
        csv_header_location="GIVEN",
        csv_headers=("a", "b"),
    )


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("resource", "config"),
    [
        (GET, {"InputType": "JSON", "ItemsPointer": "/a/b", "MaxItems": 5}),
        (GET, {"InputType": "JSON", "ItemsPointer": ""}),
        (GET, {"InputType": "JSONL"}),
        (GET, {"InputType": "PARQUET"}),
        (GET, {"InputType": "MANIFEST"}),
        (GET, {"ManifestType": "S3_INVENTORY"}),
        (GET, {"InputType": "MANIFEST", "ManifestType": "S3_INVENTORY"}),
        (GET, {"InputType": "JSONL", "ManifestType": "ATHENA_DATA"}),
        (GET, {**CSV, "ManifestType": "ATHENA_DATA"}),
        (GET, {**CSV, "Transformation": "NONE"}),
        (LIST, None),
        (LIST, {"MaxItems": "{% 5 %}"}),
        (LIST, {"InputType": "JSON", "ItemsPointer": "/a", "Transformation": "LOAD_AND_FLATTEN"}),
        (LIST, {**CSV, "Transformation": "LOAD_AND_FLATTEN"}),
        ("arn:aws-us-gov:states:::s3:getObject", CSV),
    ],
)
def test_documented_combinations_are_accepted(resource, config):
    assert problems_of(resource, config) == []


@pytest.mark.parametrize(
    ("resource", "config", "where", "words"),
    [
        (GET, None, "/ReaderConfig", "[InputType]"),
        (GET, {"InputType": "XML"}, "/ReaderConfig/InputType", "[MANIFEST, CSV, JSON, JSONL, PARQUET]"),
        (GET, {"InputType": "CSV"}, "/ReaderConfig", "[CSVHeaderLocation]"),
        (GET, {**CSV, "CSVHeaderLocation": "LAST_ROW"}, "/ReaderConfig/CSVHeaderLocation", "[FIRST_ROW, GIVEN]"),
        (GET, {**CSV, "CSVHeaderLocation": "GIVEN"}, "/ReaderConfig", "[CSVHeaders]"),
        (GET, {**CSV, "CSVHeaders": ["a"]}, "/ReaderConfig/CSVHeaders", "FIRST_ROW"),
        (GET, {**CSV, "CSVDelimiter": ","}, "/ReaderConfig/CSVDelimiter", "[COMMA, PIPE, SEMICOLON, SPACE, TAB]"),
        (GET, {**CSV, "ItemsPointer": "/a"}, "/ReaderConfig/ItemsPointer", "not supported for this data set"),
        (GET, {"InputType": "JSON", "ItemsPointer": "a"}, "/ReaderConfig/ItemsPointer", "JSON Pointer"),
        (GET, {"InputType": "JSON", "CSVDelimiter": "TAB"}, "/ReaderConfig/CSVDelimiter", "this data set"),
        (GET, {"InputType": "JSON", "ManifestType": "ATHENA_DATA"}, "/ReaderConfig/InputType", "[CSV, JSONL, PARQUET]"),
        (GET, {"InputType": "CSV", "ManifestType": "S3_INVENTORY"}, "/ReaderConfig/InputType", "S3_INVENTORY"),
        (GET, {**CSV, "Transformation": "LOAD_AND_FLATTEN"}, "/ReaderConfig/Transformation", "this data set"),
        (LIST, {"InputType": "JSON"}, "/ReaderConfig/InputType", "this data set"),
        (LIST, {"Transformation": "LOAD_AND_FLATTEN"}, "/ReaderConfig", "[InputType]"),
        (LIST, {"ManifestType": "ATHENA_DATA"}, "/ReaderConfig/ManifestType", "this data set"),
        (GET, {**CSV, "Colour": 1}, "/ReaderConfig/Colour", "'Colour' is not supported by Step Functions"),
        (GET, "CSV", "/ReaderConfig", "Object"),
    ],
)
def test_a_mistake_is_named_with_its_place(resource, config, where, words):
    found = problems_of(resource, config)
    assert any(place == where and words in message for place, message in found), found


@pytest.mark.aws("documented")
def test_an_unknown_resource_is_refused_with_the_allowed_ones():
    ((where, message),) = problems_of("arn:aws:states:::s3:putObject", CSV)
    assert where == "/Resource"
    assert message == (
        "The field 'Resource' does not match any of the allowed values. "
        "Examples: [arn:<partition>:states:::s3:getObject, arn:<partition>:states:::s3:listObjectsV2]"
    )


def test_every_mistake_is_told_at_once():
    found = problems_of(GET, {"InputType": "CSV", "CSVDelimiter": "X", "Odd": 1}, Strange=2)
    assert {where for where, _ in found} == {
        "/Strange",
        "/ReaderConfig/Odd",
        "/ReaderConfig",
        "/ReaderConfig/CSVDelimiter",
    }
