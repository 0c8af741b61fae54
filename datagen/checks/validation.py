"""Reads a data set back and reports whether it is whole, as it should be, and as its truth says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import md5
from importlib import import_module
from io import BytesIO

import orjson
import polars as pl

from datagen.checks.check import Check, ObjectChecks, Read, StreamChecks, none_odd
from datagen.dataset import DataSet, Spec
from datagen.errors import RequestError
from datagen.location import TRUTH, Location
from datagen.registry import dataset
from datagen.sinks import Listed, Sink, open_sink
from datagen.target import OBJECTS, STATE

BATCH_BYTES = 16 * 1024 * 1024
BATCH_OBJECTS = 1_000
READERS = 4


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings on one data set."""

    to: str
    dataset: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found wanting."""
        return all(check.ok for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A data set as it lies there."""

    made: DataSet
    spec: Spec
    complete: bool
    data: Sink
    objects: pl.DataFrame
    truth: Mapping[str, pl.DataFrame]


def validate(to: str) -> Report:
    """Read all objects at `to` again; RequestError when no data set with its truth is there."""
    found = _find(Location.parse(to))
    checks = [
        Check(
            name="complete",
            ok=found.complete,
            detail=f"{found.made.name}, {found.spec.count:,} {found.made.record}, seed {found.spec.seed}",
        ),
        _listing(found),
    ]
    if all(check.ok for check in checks):
        checks += _content(found)
    return Report(to=to, dataset=found.made.name, checks=tuple(checks))


def _find(location: Location) -> _Found:
    truth = open_sink(location.truth())
    listed = {found.key for found in truth.list()}
    if STATE not in listed:
        raise RequestError(f"{truth.url} holds no {STATE}: no data set was made at {location.url}")
    state = orjson.loads(truth.get(STATE))
    tables = {
        key.removesuffix(".parquet"): pl.read_parquet(BytesIO(truth.get(key)))
        for key in listed
        if key.endswith(".parquet") and "/" not in key
    }
    return _Found(
        made=dataset(state["dataset"]),
        spec=Spec(seed=state["seed"], count=state["count"], parameters=state["parameters"]),
        complete=bool(state["complete"]),
        data=open_sink(location),
        objects=tables.pop(OBJECTS, pl.DataFrame(schema={"key": pl.String, "size": pl.Int64, "etag": pl.String})),
        truth=tables,
    )


def _listing(found: _Found) -> Check:
    """What is listed is what was recorded, key by key, with size and, where the destination keeps one, ETag."""
    there: dict[str, Listed] = {each.key: each for each in found.data.list() if not each.key.startswith(f"{TRUTH}/")}
    odd = [f"{key} was not written by datagen" for key in there.keys() - set(found.objects["key"])]
    for key, size, etag in found.objects.select("key", "size", "etag").iter_rows():
        each = there.get(key)
        if each is None:
            odd.append(f"{key} is missing")
        elif each.size != size:
            odd.append(f"{key} has {each.size:,} bytes, written were {size:,}")
        elif each.etag is not None and each.etag != etag:
            odd.append(f"{key} has ETag {each.etag}, written was {etag}")
    return none_odd("objects are listed as written", sorted(odd), len(found.objects))


def _content(found: _Found) -> list[Check]:
    checks = import_module(f"datagen.checks.{found.made.name}").CHECKS
    if found.made.single_object is not None:
        stream: StreamChecks = checks
        return stream.judge(found.spec, _whole_lines(found.data.stream(found.made.single_object)), found.truth)
    many: ObjectChecks = checks
    facts: list[pl.DataFrame] = []
    changed: list[str] = []

    def take(read: Future[tuple[pl.DataFrame, list[str]]]) -> None:
        facts_of, odd = read.result()
        facts.append(facts_of)
        changed.extend(odd)

    with ThreadPoolExecutor(READERS) as pool:
        ahead: deque[Future[tuple[pl.DataFrame, list[str]]]] = deque()
        for batch in _batches(found.objects):
            ahead.append(pool.submit(_read, found.data, many, batch))
            if len(ahead) > READERS:
                take(ahead.popleft())
        for read in ahead:
            take(read)
    return [
        none_odd("content has the MD5 that was recorded", changed, len(found.objects)),
        *many.judge(found.spec, pl.concat(facts), found.truth),
    ]


def _batches(objects: pl.DataFrame) -> Iterator[list[tuple[str, str]]]:
    batch: list[tuple[str, str]] = []
    size = 0
    for key, bytes_, etag in objects.select("key", "size", "etag").iter_rows():
        batch.append((key, etag))
        size += bytes_
        if size >= BATCH_BYTES or len(batch) == BATCH_OBJECTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(sink: Sink, checks: ObjectChecks, batch: Sequence[tuple[str, str]]) -> tuple[pl.DataFrame, list[str]]:
    objects = [Read(key, sink.get(key)) for key, _ in batch]
    odd = [
        each.key
        for each, (_, etag) in zip(objects, batch, strict=True)
        if "-" not in etag and md5(each.data, usedforsecurity=False).hexdigest() != etag
    ]
    return checks.facts(objects), odd


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        lines, end, part = piece.rpartition(b"\n")
        if end:
            yield rest + lines + end
            rest = part
        else:
            rest += part
    if rest:
        yield rest
