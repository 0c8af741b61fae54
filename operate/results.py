"""The files that a Map Run leaves in S3: the manifest, and result files of any size as a stream."""

from __future__ import annotations

import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import obstore
import orjson

from operate.errors import ResultsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from obstore.store import ObjectStore

MANIFEST_STATUSES = ("SUCCEEDED", "FAILED", "PENDING")
RANGE_BYTES = 8 * 1024 * 1024
RANGES_AHEAD = 3  # ranges in flight while one is parsed: they hide S3's latency at 32 MiB of memory

# A redrive writes its files and its manifest to a folder of its own within that of the Map Run.
MANIFEST_KEY = re.compile(r"(?P<folder>.*?)(?:/Redrive-(?P<redrive>[1-9]\d*))?/manifest\.json")

# Where one entry ends and the next begins. An entry holds strings, numbers and flat objects only, and a quote
# within a JSON string is escaped, so `},{"` before a letter can only stand between two entries.
ENTRY_BOUNDARY = re.compile(rb'\},\{"(?=[A-Za-z])')


@dataclass(frozen=True, kw_only=True)
class ResultFile:
    """One result file as the manifest lists it; ``size`` in bytes."""

    key: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """``manifest.json`` of a Map Run: every status has its (possibly empty) files."""

    bucket: str
    key: str
    map_run_arn: str
    files: Mapping[str, tuple[ResultFile, ...]]

    def all_files(self) -> Iterator[ResultFile]:
        """Yield every file of every status."""
        for files in self.files.values():
            yield from files


def read_manifest(store: ObjectStore, *, bucket: str, key: str) -> Manifest:
    """Read the manifest at ``key``; a missing or malformed one is a ResultsError that names the object."""
    where = f"s3://{bucket}/{key}"
    try:
        raw = orjson.loads(bytes(obstore.get(store, key).bytes()))
        files = {
            status: tuple(ResultFile(key=entry["Key"], size=entry["Size"]) for entry in raw["ResultFiles"][status])
            for status in MANIFEST_STATUSES
        }
        return Manifest(bucket=raw["DestinationBucket"], key=key, map_run_arn=raw["MapRunArn"], files=files)
    except FileNotFoundError as error:
        raise ResultsError(f"there is no manifest at {where}: the Map Run wrote no results") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{where} is not the manifest of a Map Run: {error!r}") from error


def generations(store: ObjectStore, manifest: Manifest) -> tuple[Manifest, ...]:
    """Return the manifests of a Map Run's first run and of each redrive, the given one being the last.

    Each names all successes so far, but only its own failed and pending entries. One that was never written, as its
    run ended before, is left out.
    """
    folder, redrive = _place(manifest)
    found: list[Manifest] = []
    for earlier in range(redrive):
        key = f"{folder}/Redrive-{earlier}/manifest.json" if earlier else f"{folder}/manifest.json"
        try:
            obstore.head(store, key)
        except FileNotFoundError:
            continue
        found.append(read_manifest(store, bucket=manifest.bucket, key=key))
    return (*found, manifest)


def unlisted_keys(store: ObjectStore, manifest: Manifest) -> set[str]:
    """Return the keys within the Map Run's folder, redrives included, that none of its manifests lists."""
    folder, _ = _place(manifest)
    listed: set[str] = set()
    for each in generations(store, manifest):
        listed |= {each.key, *(file.key for file in each.all_files())}
    return {found["path"] for page in obstore.list(store, f"{folder}/") for found in page} - listed


def _place(manifest: Manifest) -> tuple[str, int]:
    """The Map Run's folder, and which redrive the manifest is of."""
    placed = MANIFEST_KEY.fullmatch(manifest.key)
    if placed is None:
        raise ResultsError(f"s3://{manifest.bucket}/{manifest.key} is no key of a Map Run's manifest")
    return placed["folder"], int(placed["redrive"] or 0)


def entries(store: ObjectStore, file: ResultFile) -> Iterator[dict[str, Any]]:
    """Yield the entries of one JSON result file in order, holding a few ranges of it at a time.

    The file is one compact JSON array of objects (OutputType JSON, Transformation NONE). A file that is
    missing, that has another size than the manifest says, or that is no such array is a ResultsError.
    """
    for number, text in enumerate(_entry_texts(store, file)):
        try:
            entry = orjson.loads(text)
        except ValueError as error:
            raise ResultsError(f"entry {number} of {file.key} is not JSON: {error}") from error
        if not isinstance(entry, dict):
            raise ResultsError(f"entry {number} of {file.key} is {type(entry).__name__}, not an object")
        yield entry


def _entry_texts(store: ObjectStore, file: ResultFile) -> Iterator[memoryview]:
    """Split the array into the texts of its entries."""
    pending = b""
    opened = False
    for block in _ranges(store, file):
        pending += block
        if not opened:
            if not pending.startswith(b"["):
                raise ResultsError(f"{file.key} does not start a JSON array")
            pending, opened = pending[1:], True
        start = 0
        view = memoryview(pending)
        for boundary in ENTRY_BOUNDARY.finditer(pending):
            yield view[start : boundary.start() + 1]
            start = boundary.start() + 2
        pending = pending[start:]
    if not pending.endswith(b"]"):
        raise ResultsError(f"{file.key} ends without closing its JSON array: it is not complete")
    if len(pending) > 1:
        yield memoryview(pending)[:-1]


def _ranges(store: ObjectStore, file: ResultFile) -> Iterator[bytes]:
    """Yield the object's bytes in order, reading ``RANGES_AHEAD`` ranges ahead."""
    try:
        stored = int(obstore.head(store, file.key)["size"])
    except FileNotFoundError as error:
        raise ResultsError(f"{file.key} is in the manifest but not in the bucket") from error
    if stored != file.size:
        raise ResultsError(f"{file.key} has {stored} bytes, and the manifest says {file.size}")
    starts = deque(range(0, file.size, RANGE_BYTES))
    in_flight: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(max_workers=RANGES_AHEAD) as pool:
        while starts or in_flight:
            while starts and len(in_flight) < RANGES_AHEAD:
                start = starts.popleft()
                end = min(start + RANGE_BYTES, file.size)
                in_flight.append(pool.submit(obstore.get_range, store, file.key, start=start, end=end))
            yield bytes(in_flight.popleft().result())
