"""Reads a data set back and reports whether it is whole, as it should be, and as its truth says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import md5
from importlib import import_module
from io import BytesIO
from typing import NamedTuple

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
CONTENT = "content has the MD5 that was recorded"
UNREADABLE = (pl.exceptions.PolarsError, ValueError, LookupError, TypeError)  # what content of another form leads to

Batch = list[tuple[str, str]]  # keys and ETags


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


class _BatchRead(NamedTuple):
    """What came of reading a batch: facts, or what is wrong with it."""

    facts: pl.DataFrame | None
    changed: list[str]
    error: str | None


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
        pieces = _whole_lines(found.data.stream(found.made.single_object))
        try:
            return stream.judge(found.spec, pieces, found.truth)
        except UNREADABLE as error:
            return [_unreadable([f"{found.made.single_object}: {_first_line(error)}"], found)]
    many: ObjectChecks = checks
    with ThreadPoolExecutor(READERS) as pool:
        batches = list(_ahead(pool, partial(_read, found.data, many), _batches(found.objects)))
    changed = [key for batch in batches for key in batch.changed]
    if changed:
        return [none_odd(CONTENT, changed, len(found.objects))]
    unreadable = [batch.error for batch in batches if batch.error is not None]
    if unreadable:
        return [_unreadable(unreadable, found)]
    return [
        none_odd(CONTENT, [], len(found.objects)),
        *many.judge(found.spec, pl.concat([batch.facts for batch in batches if batch.facts is not None]), found.truth),
    ]


def _ahead(
    pool: ThreadPoolExecutor, read: Callable[[Batch], _BatchRead], batches: Iterator[Batch]
) -> Iterator[_BatchRead]:
    """The batches read, in their order, with no more of them in memory than there are readers and one."""
    ahead: deque[Future[_BatchRead]] = deque()
    for batch in batches:
        ahead.append(pool.submit(read, batch))
        if len(ahead) > READERS:
            yield ahead.popleft().result()
    for future in ahead:
        yield future.result()


def _unreadable(errors: list[str], found: _Found) -> Check:
    return none_odd("objects have the form of the data set", errors, len(found.objects))


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _batches(objects: pl.DataFrame) -> Iterator[Batch]:
    batch: Batch = []
    size = 0
    for key, bytes_, etag in objects.select("key", "size", "etag").iter_rows():
        batch.append((key, etag))
        size += bytes_
        if size >= BATCH_BYTES or len(batch) == BATCH_OBJECTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(sink: Sink, checks: ObjectChecks, batch: Batch) -> _BatchRead:
    objects = [Read(key, sink.get(key)) for key, _ in batch]
    changed = [
        each.key
        for each, (_, etag) in zip(objects, batch, strict=True)
        if "-" not in etag and md5(each.data, usedforsecurity=False).hexdigest() != etag
    ]
    if changed:
        return _BatchRead(facts=None, changed=changed, error=None)
    try:
        return _BatchRead(facts=checks.facts(objects), changed=[], error=None)
    except UNREADABLE as error:
        return _BatchRead(facts=None, changed=[], error=f"from {batch[0][0]} on: {_first_line(error)}")


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
