"""What the objects that a reader opens look like inside: CSV, JSON, JSONL or Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from asl.values import Asl

DELIMITERS = {",": "COMMA", "|": "PIPE", ";": "SEMICOLON", " ": "SPACE", "\t": "TAB"}


@dataclass(frozen=True, kw_only=True)
class Csv:
    """Rows of text; the first row names the columns unless ``headers`` does."""

    headers: tuple[str, ...] | None = None
    delimiter: str = ","

    def to_asl(self) -> Asl:
        config: Asl = {"InputType": "CSV"}
        if self.headers is None:
            config["CSVHeaderLocation"] = "FIRST_ROW"
        else:
            config |= {"CSVHeaderLocation": "GIVEN", "CSVHeaders": list(self.headers)}
        if self.delimiter != ",":
            config["CSVDelimiter"] = DELIMITERS.get(self.delimiter, self.delimiter)
        return config

    def problems(self) -> list[str]:
        problems = []
        if self.delimiter not in DELIMITERS:
            problems.append(f"delimiter must be one of {', '.join(map(repr, DELIMITERS))}, got {self.delimiter!r}")
        if self.headers is not None and not self.headers:
            problems.append("headers must name at least one column; leave it out to use the first row")
        if self.headers is not None and len(set(self.headers)) != len(self.headers):
            problems.append(f"headers must differ from each other, got {', '.join(self.headers)}")
        return problems


@dataclass(frozen=True, kw_only=True)
class Json:
    """One document: an array (an item an element) or an object (an item a key), found at ``pointer``."""

    pointer: str | None = None

    def to_asl(self) -> Asl:
        config: Asl = {"InputType": "JSON"}
        if self.pointer is not None:
            config["ItemsPointer"] = self.pointer
        return config

    def problems(self) -> list[str]:
        if self.pointer is not None and self.pointer and not self.pointer.startswith("/"):
            return [f"pointer is a JSON Pointer (RFC 6901) such as '/data/items', got {self.pointer!r}"]
        return []


@dataclass(frozen=True, kw_only=True)
class Jsonl:
    """One JSON value a line."""

    def to_asl(self) -> Asl:
        return {"InputType": "JSONL"}

    def problems(self) -> list[str]:
        return []


@dataclass(frozen=True, kw_only=True)
class Parquet:
    """Rows of a Parquet file with row groups of at most 256 MB and a footer of at most 5 MB."""

    def to_asl(self) -> Asl:
        return {"InputType": "PARQUET"}

    def problems(self) -> list[str]:
        return []


Format: TypeAlias = Csv | Json | Jsonl | Parquet
