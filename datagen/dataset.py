"""What a data set is: how many records, how they are cut into shards, and how a shard is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import re

    import polars as pl

Scale = Literal["tiny", "demo", "full"]
SCALES: tuple[Scale, ...] = ("tiny", "demo", "full")
Value = int | float | str


class Body(NamedTuple):
    """One object to be stored, or the next piece of the only object."""

    key: str
    data: bytes
    rows: int


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A setting of one data set: a number between limits, or one of some choices."""

    name: str
    default: Value
    help: str
    minimum: float = 0.0
    maximum: float = 0.0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What decides the content of a data set, down to the byte."""

    seed: int
    count: int
    parameters: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one shard makes: objects, and the rows that they add to each truth table."""

    bodies: Sequence[Body]
    truth: Mapping[str, pl.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much a request will make; bytes are an estimate."""

    objects: int
    rows: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A kind of data that can be made at any size.

    `make(spec, first, last)` makes records [first, last) as a pure function; `shard` is the number of records
    in one call. With `single_object` every body is the next piece of that one object.
    """

    name: str
    title: str
    version: int  # of schema and content; data of another version is never continued
    record: str  # what `count` counts
    counts: Mapping[Scale, int]
    maximum: int
    parameters: tuple[Parameter, ...]
    key_pattern: re.Pattern[str]
    single_object: str | None
    parallel: Literal["threads", "processes"]
    shard: Callable[[Spec], int]
    size: Callable[[Spec], Size]
    make: Callable[[Spec, int, int], Part]
