"""The ItemReader field of a distributed map, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

Resource: TypeAlias = Literal["s3:getObject", "s3:listObjectsV2"]
InputType: TypeAlias = Literal["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"]
ManifestType: TypeAlias = Literal["S3_INVENTORY", "ATHENA_DATA"]
Problem: TypeAlias = tuple[str, str]
"""Where in the ItemReader (a JSON pointer), and what AWS would say."""

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}

_RESOURCE = re.compile(r"arn:aws[a-z-]*:states:::(s3:getObject|s3:listObjectsV2)")
_READER_FIELDS = frozenset({"Resource", "ReaderConfig", "Parameters", "Arguments"})
_CSV_FIELDS = frozenset({"CSVDelimiter", "CSVHeaderLocation", "CSVHeaders"})
_CALLERS_FIELDS = frozenset({"MaxItems", "MaxItemsPath"})
_CONFIG_FIELDS = _CSV_FIELDS | _CALLERS_FIELDS | {"InputType", "Transformation", "ManifestType", "ItemsPointer"}
_FILE_TYPES = ("CSV", "JSON", "JSONL", "PARQUET")
_ATHENA_TYPES = ("CSV", "JSONL", "PARQUET")


@dataclass(frozen=True, kw_only=True)
class ReaderSpec:
    """How the items are read. ``input_type`` is None for a plain listing and for a typed S3 inventory."""

    resource: Resource
    input_type: InputType | None = None
    transformation: Literal["NONE", "LOAD_AND_FLATTEN"] = "NONE"
    manifest_type: ManifestType | None = None
    csv_delimiter: str = ","
    csv_header_location: Literal["FIRST_ROW", "GIVEN"] | None = None
    csv_headers: tuple[str, ...] | None = None
    items_pointer: str | None = None


def parse_reader(obj: Mapping[str, Any]) -> tuple[ReaderSpec | None, list[Problem]]:
    """The spec of an ItemReader, or None and every problem found.

    ``Parameters``, ``Arguments``, ``MaxItems`` and ``MaxItemsPath`` are accepted as they are: the caller
    checks and evaluates them.
    """
    problems = [_unsupported("", name) for name in obj if name not in _READER_FIELDS]
    config = obj.get("ReaderConfig", {})
    if not isinstance(config, Mapping):
        return None, [*problems, ("/ReaderConfig", "Expected value of type Object")]
    problems += [_unsupported("/ReaderConfig", name) for name in config if name not in _CONFIG_FIELDS]
    resource = _resource(obj, problems)
    if resource is None:
        return None, problems
    transformation = _choice(config, "Transformation", ("NONE", "LOAD_AND_FLATTEN"), problems) or "NONE"
    manifest_type = _choice(config, "ManifestType", ("S3_INVENTORY", "ATHENA_DATA"), problems)
    input_type = _input_type(resource, config, transformation, manifest_type, problems)
    problems += _misplaced(resource, config, input_type, transformation)
    headers = _headers(config, input_type, problems)
    delimiter = _choice(config, "CSVDelimiter", DELIMITERS, problems) or "COMMA"
    pointer = config.get("ItemsPointer")
    if pointer is not None and not _is_pointer(pointer):
        problems.append(("/ReaderConfig/ItemsPointer", "The field 'ItemsPointer' must be a valid JSON Pointer"))
    if problems:
        return None, problems
    return (
        ReaderSpec(
            resource=resource,
            input_type=cast("InputType | None", input_type),
            transformation=cast("Literal['NONE', 'LOAD_AND_FLATTEN']", transformation),
            manifest_type=cast("ManifestType | None", manifest_type),
            csv_delimiter=DELIMITERS[delimiter],
            csv_header_location=config.get("CSVHeaderLocation"),
            csv_headers=headers,
            items_pointer=pointer,
        ),
        [],
    )


def _resource(obj: Mapping[str, Any], problems: list[Problem]) -> Resource | None:
    arn = obj.get("Resource")
    if arn is None:
        problems.append(("", "These fields are required: [Resource]"))
        return None
    match = _RESOURCE.fullmatch(arn) if isinstance(arn, str) else None
    if match is None:
        allowed = "arn:<partition>:states:::s3:getObject, arn:<partition>:states:::s3:listObjectsV2"
        message = f"The field 'Resource' does not match any of the allowed values. Examples: [{allowed}]"
        problems.append(("/Resource", message))
        return None
    return cast("Resource", match[1])


def _input_type(
    resource: Resource,
    config: Mapping[str, Any],
    transformation: str,
    manifest_type: str | None,
    problems: list[Problem],
) -> str | None:
    if manifest_type == "S3_INVENTORY":
        if config.get("InputType", "MANIFEST") != "MANIFEST":
            message = "The field 'InputType' is not supported when 'ManifestType' is 'S3_INVENTORY'"
            problems.append(("/ReaderConfig/InputType", message))
        return None
    if resource == "s3:listObjectsV2" and transformation == "NONE":
        return None
    if manifest_type == "ATHENA_DATA":
        allowed: Iterable[str] = _ATHENA_TYPES
    elif resource == "s3:listObjectsV2":
        allowed = _FILE_TYPES
    else:
        allowed = ("MANIFEST", *_FILE_TYPES)
    if "InputType" not in config:
        problems.append(("/ReaderConfig", "These fields are required: [InputType]"))
        return None
    return _choice(config, "InputType", allowed, problems)


def _misplaced(
    resource: Resource, config: Mapping[str, Any], input_type: str | None, transformation: str
) -> list[Problem]:
    """The fields that mean nothing for the kind of data set."""
    misplaced: list[str] = []
    if resource == "s3:listObjectsV2":
        misplaced += ["ManifestType"]
        if transformation == "NONE":
            misplaced += ["InputType"]
    elif transformation != "NONE":
        misplaced += ["Transformation"]
    if input_type != "CSV":
        misplaced += sorted(_CSV_FIELDS)
    if input_type != "JSON":
        misplaced += ["ItemsPointer"]
    return [_unsupported("/ReaderConfig", name, "for this data set") for name in misplaced if name in config]


def _headers(config: Mapping[str, Any], input_type: str | None, problems: list[Problem]) -> tuple[str, ...] | None:
    if input_type != "CSV":
        return None
    if "CSVHeaderLocation" not in config:
        problems.append(("/ReaderConfig", "These fields are required: [CSVHeaderLocation]"))
        return None
    location = _choice(config, "CSVHeaderLocation", ("FIRST_ROW", "GIVEN"), problems)
    headers = config.get("CSVHeaders")
    if location == "GIVEN" and headers is None:
        problems.append(("/ReaderConfig", "These fields are required: [CSVHeaders]"))
    if location == "FIRST_ROW" and headers is not None:
        message = "The field 'CSVHeaders' is not supported when 'CSVHeaderLocation' is 'FIRST_ROW'"
        problems.append(("/ReaderConfig/CSVHeaders", message))
    if headers is None:
        return None
    if not (isinstance(headers, list) and headers and all(isinstance(header, str) for header in headers)):
        problems.append(("/ReaderConfig/CSVHeaders", "The field 'CSVHeaders' must be a list of strings"))
        return None
    return tuple(headers)


def _choice(config: Mapping[str, Any], name: str, allowed: Iterable[str], problems: list[Problem]) -> str | None:
    if name not in config:
        return None
    value = config[name]
    if isinstance(value, str) and value in allowed:
        return value
    message = f"The field '{name}' should have one of these values: [{', '.join(allowed)}]"
    problems.append((f"/ReaderConfig/{name}", message))
    return None


def _unsupported(where: str, name: str, when: str = "by Step Functions") -> Problem:
    return f"{where}/{name}", f"The field '{name}' is not supported {when}"


def _is_pointer(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"(/([^/~]|~[01])*)*", value) is not None
