"""Where the items of a distributed map come from, each with the permissions that reading takes.

    CsvReader, JsonReader, JsonlReader, ParquetReader    the rows of one object
    S3ObjectList                                         the objects under a prefix, or (flatten) their rows
    InventoryManifest                                    the objects that an S3 Inventory lists
    AthenaManifest                                       the rows of an Athena UNLOAD

A reader takes the bucket's ARN. Its key is a literal, or a reference found at run time; then ``within`` is
the key prefix under which the role may read, "" for the whole bucket.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from asl.formats import Csv, Format, Json, Jsonl, Parquet
from asl.iam import Condition, Statement, object_arn, prefix_arn
from asl.limits import MAX_ITEMS
from asl.values import (
    Asl,
    IntField,
    Jsonata,
    Path,
    QueryLanguage,
    TextField,
    field,
    language_problems,
    parameters_key,
    range_problems,
    render,
)

GET_OBJECT = "arn:aws:states:::s3:getObject"
LIST_OBJECTS = "arn:aws:states:::s3:listObjectsV2"


@dataclass(frozen=True, kw_only=True)
class Reader(ABC):
    """The part that all readers share: a bucket, a limit on the items, and a key for encrypted objects."""

    bucket_arn: str
    max_items: IntField | None = None
    kms_key_arn: str | None = None

    @abstractmethod
    def statements(self) -> list[Statement]: ...

    @abstractmethod
    def _resource(self) -> str: ...

    @abstractmethod
    def _config(self) -> Asl: ...

    @abstractmethod
    def _parameters(self) -> Asl: ...

    def to_asl(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        reader: Asl = {"Resource": self._resource()}
        config = self._config() | field("MaxItems", self.max_items)
        if config:
            reader["ReaderConfig"] = config
        reader[parameters_key(language)] = render(
            {"Bucket": bucket_name(self.bucket_arn), **self._parameters()}, language
        )
        return reader

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = bucket_problems(self.bucket_arn)
        problems += range_problems(self.max_items, "max_items", 0, MAX_ITEMS, language)
        return problems

    def _decrypt(self) -> list[Statement]:
        if self.kms_key_arn is None:
            return []
        return [Statement(actions=("kms:Decrypt",), resources=(self.kms_key_arn,))]


@dataclass(frozen=True, kw_only=True)
class ObjectReader(Reader):
    """The items inside one object of at most 10 GB."""

    key: TextField
    within: str | None = None
    version_id: TextField | None = None

    @abstractmethod
    def _format(self) -> Format: ...

    def _resource(self) -> str:
        return GET_OBJECT

    def _config(self) -> Asl:
        return self._format().to_asl()

    def _parameters(self) -> Asl:
        version = {} if self.version_id is None else {"VersionId": self.version_id}
        return {"Key": self.key, **version}

    def statements(self) -> list[Statement]:
        action = "s3:GetObject" if self.version_id is None else "s3:GetObjectVersion"
        return [
            Statement(actions=(action,), resources=(key_scope(self.bucket_arn, self.key, self.within),)),
            *self._decrypt(),
        ]

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        return [
            *super().problems(language),
            *key_problems("key", self.key, self.within, language),
            *language_problems(self.version_id, language, "version_id"),
            *self._format().problems(),
        ]


@dataclass(frozen=True, kw_only=True)
class CsvReader(ObjectReader):
    """The rows of a CSV object; the first row names the columns unless ``headers`` does."""

    headers: tuple[str, ...] | None = None
    delimiter: str = ","

    def _format(self) -> Csv:
        return Csv(headers=self.headers, delimiter=self.delimiter)


@dataclass(frozen=True, kw_only=True)
class JsonReader(ObjectReader):
    """The elements of a JSON array, or the entries of a JSON object, at ``pointer``."""

    pointer: str | None = None

    def _format(self) -> Json:
        return Json(pointer=self.pointer)


@dataclass(frozen=True, kw_only=True)
class JsonlReader(ObjectReader):
    """The lines of a JSON Lines object."""

    def _format(self) -> Jsonl:
        return Jsonl()


@dataclass(frozen=True, kw_only=True)
class ParquetReader(ObjectReader):
    """The rows of a Parquet object, read in its current version only."""

    def _format(self) -> Parquet:
        return Parquet()

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = super().problems(language)
        if self.version_id is not None:
            problems.append("version_id cannot be given for Parquet objects")
        return problems


@dataclass(frozen=True, kw_only=True)
class S3ObjectList(Reader):
    """The objects under a prefix, one item an object; with ``flatten`` the rows inside them instead."""

    prefix: TextField
    within: str | None = None
    flatten: Format | None = None

    def _resource(self) -> str:
        return LIST_OBJECTS

    def _config(self) -> Asl:
        if self.flatten is None:
            return {}
        return {**self.flatten.to_asl(), "Transformation": "LOAD_AND_FLATTEN"}

    def _parameters(self) -> Asl:
        return {"Prefix": self.prefix}

    def statements(self) -> list[Statement]:
        prefix = static_prefix(self.prefix, self.within)
        listed = Statement(
            actions=("s3:ListBucket",),
            resources=(self.bucket_arn,),
            conditions=(Condition(operator="StringLike", key="s3:prefix", values=(f"{prefix}*",)),),
        )
        if self.flatten is None:
            return [listed]
        opened = Statement(actions=("s3:GetObject",), resources=(prefix_arn(self.bucket_arn, prefix),))
        return [listed, opened, *self._decrypt()]

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        return [
            *super().problems(language),
            *key_problems("prefix", self.prefix, self.within, language),
            *(self.flatten.problems() if self.flatten is not None else []),
        ]


@dataclass(frozen=True, kw_only=True)
class InventoryManifest(Reader):
    """The objects listed by the S3 Inventory whose manifest is ``key``, its data under ``data_within``."""

    key: TextField
    within: str | None = None
    data_within: str

    def _resource(self) -> str:
        return GET_OBJECT

    def _config(self) -> Asl:
        return {"InputType": "MANIFEST"}

    def _parameters(self) -> Asl:
        return {"Key": self.key}

    def statements(self) -> list[Statement]:
        resources = (
            key_scope(self.bucket_arn, self.key, self.within),
            prefix_arn(self.bucket_arn, self.data_within),
        )
        return [Statement(actions=("s3:GetObject",), resources=resources), *self._decrypt()]

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        return [*super().problems(language), *key_problems("key", self.key, self.within, language)]


@dataclass(frozen=True, kw_only=True)
class AthenaManifest(InventoryManifest):
    """The rows that an Athena UNLOAD wrote; ``key`` is its manifest, its data under ``data_within``."""

    format: Csv | Jsonl | Parquet

    def _config(self) -> Asl:
        config: Asl = {"ManifestType": "ATHENA_DATA", **self.format.to_asl()}
        return config

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = [*super().problems(language), *self.format.problems()]
        if isinstance(self.format, Csv) and self.format.headers is None:
            problems.append("headers must be given: Athena writes CSV data without a header row")
        return problems


def bucket_name(bucket_arn: str) -> str:
    """The bucket that an S3 bucket ARN names."""
    return bucket_arn.rpartition(":")[2]


def bucket_problems(bucket_arn: str) -> list[str]:
    """One message unless ``bucket_arn`` is the ARN of an S3 bucket."""
    parts = bucket_arn.split(":::")
    if len(parts) == 2 and parts[0].startswith("arn:") and parts[0].endswith(":s3") and "/" not in parts[1]:
        return []
    return [f"bucket_arn must be the ARN of a bucket (arn:aws:s3:::name), got {bucket_arn!r}"]


def static_prefix(text: TextField, within: str | None) -> str:
    """The key prefix that is known before the run: the literal itself, else ``within``."""
    if isinstance(text, str):
        return text
    if within is None:
        raise ValueError(f"{text.text!r} is found at run time: give within= the key prefix that the role may use")
    return within


def key_scope(bucket_arn: str, key: TextField, within: str | None) -> str:
    """The ARN of the one object that ``key`` names, or of all objects ``within``."""
    if isinstance(key, str):
        return object_arn(bucket_arn, key)
    return prefix_arn(bucket_arn, static_prefix(key, within))


def key_problems(name: str, value: TextField, within: str | None, language: QueryLanguage) -> list[str]:
    """What is wrong with a key or prefix: its language, or that nothing bounds what the role may touch."""
    if isinstance(value, Path | Jsonata):
        problems = language_problems(value, language, name)
        if within is None:
            problems.append(
                f"{name} {value.text!r} is found at run time: give within= the prefix that the role may use"
            )
        return problems
    if within is not None and not value.startswith(within):
        return [f"{name} {value!r} does not lie within {within!r}"]
    return []
