"""Data sets: how fast they are made, how near writing them comes to the raw write rate, and the memory it takes.

Each generator runs on all cores, beside the usual way to make the same records on one: random numbers, dicts and the
csv, json and gzip modules. Generation is of objects in memory; ETags are made where the floor includes them.
"""

from __future__ import annotations

import csv
import gzip
import json
import multiprocessing
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import md5
from io import StringIO
from pathlib import Path
from typing import Final

import boto3

from bench.harness import REPETITIONS, median_of, table
from datagen import GenerateRequest, InventoryRequest, generate, loans, reviews
from datagen.claim_text import ENCOUNTERS, PROCEDURES
from datagen.dataset import Body
from datagen.inventory import write_listing
from datagen.loan_terms import loans as drawn_loans
from datagen.location import Location
from datagen.request import Job, job_for
from datagen.sinks import Listed, S3Sink
from datagen.vocabulary import WORDS
from local import server
from local.environment import ACCESS_KEY, REGION, SECRET_KEY
from local.state import StateDir

CORES: Final = os.cpu_count() or 1
MIB: Final = 1024**2
INVENTORY_KEYS: Final = 500_000
S3_COUNTS: Final = {"reviews": None, "stations": 40, "claims": 200, "texts": 150, "loans": 3_000}
SHORT: Final = 20  # naive records are this many times fewer, the rates are compared


@dataclass(frozen=True, kw_only=True)
class Contest:
    """A generator against the usual code; both count the same units."""

    dataset: str
    count: int
    unit: str
    floor: float
    units_of: Callable[[Job, int], float]
    naive: Callable[[int], float]
    naive_count: int


def main() -> None:
    """Run and print."""
    _generation()
    _inventory()
    _writing()
    _memory()


# --- generation -----------------------------------------------------------------------------------------------------


def _rows(job: Job, shard: int) -> float:
    return sum(body.rows for body in job.dataset.make(job.spec, *job.records(shard)).bodies)


def _megabytes(job: Job, shard: int) -> float:
    return sum(len(body.data) for body in job.dataset.make(job.spec, *job.records(shard)).bodies) / 1e6


def _review_rows(job: Job, shard: int) -> float:
    first, last = job.records(shard)
    reviews.to_csv(job.spec.seed, reviews.reviews(job.spec, first, last), header=first == 0)
    return last - first


def _loan_bodies(job: Job, shard: int) -> float:
    first, last = job.records(shard)
    bodies = loans.to_csv(drawn_loans(job.spec.seed, "consumer", first, last), loans.HEADER)
    etags = [md5(body, usedforsecurity=False).hexdigest() for body in bodies]
    return len(etags)


def _naive_reviews(count: int) -> float:
    written = StringIO(newline="")
    writer = csv.DictWriter(written, reviews.COLUMNS)
    for _ in range(count):
        writer.writerow(
            {
                "item_id": random.randrange(9_560),
                "user_id": random.randrange(1_157_633),
                "rating": random.choice(("5.0", "4.0", "3.0", "2.0", "1.0")),
                "timestamp": f"{random.randint(1999, 2018)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}",
                "model_attr": random.choice(("Female", "Female&Male", "Male")),
                "category": random.choice(("Headphones", "Home Audio", "Camera & Photo")),
                "brand": random.choice(("", "", "", "Bose")),
                "year": random.randint(1999, 2018),
                "user_attr": random.choice(("", "Female", "Male")),
                "split": random.randrange(3),
            }
        )
    return count


def _naive_stations(count: int) -> float:
    written = StringIO(newline="")
    writer = csv.writer(written)
    for number in range(count):
        wet = random.random() < 0.37
        value = max(1, round(random.gammavariate(0.75, 90))) if wet else 0
        writer.writerow(("USC00991234", 19_000_101 + number, "PRCP", value, "", "", "7", "0700"))
    return count


def _naive_claims(count: int) -> float:
    for _ in range(count):
        items = []
        for sequence in range(1, random.choice((1, 1, 2, 2, 3, 4)) + 1):
            code, display = random.choice(PROCEDURES if sequence > 1 else ENCOUNTERS)
            product = {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}]}
            items.append({"sequence": sequence, "productOrService": product | {"text": display}})
        claim = {
            "resourceType": "Claim",
            "id": f"{random.getrandbits(128):032x}",
            "status": "active",
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "pharmacy"}]},
            "use": "claim",
            "patient": {"reference": f"urn:uuid:{random.getrandbits(128):032x}", "display": "Orla91 Testman20"},
            "billablePeriod": {"start": "2019-04-02T09:15:00+00:00", "end": "2019-04-02T09:45:00+00:00"},
            "created": "2019-04-02T09:45:00+00:00",
            "provider": {"reference": f"urn:uuid:{random.getrandbits(128):032x}", "display": "EXAMPLE CLINIC"},
            "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "Medicaid"}}],
            "item": items,
            "total": {"value": round(random.lognormvariate(6.5, 2), 2), "currency": "USD"},
        }
        json.dumps(claim, indent=4)
    return count


def _naive_texts(count: int) -> float:
    size = 0
    for _ in range(count):
        words = random.choices(WORDS, k=50_000)
        random.shuffle(words)
        size += len(" ".join(words).encode())
    return size / 1e6


def _naive_loans(count: int) -> float:
    columns = loans.HEADER.strip().split(",")
    for _ in range(count):
        written = StringIO(newline="")
        writer = csv.DictWriter(written, columns)
        writer.writeheader()
        amount, rate, term = random.randint(500, 40_000), random.uniform(5, 30) / 1200, random.choice((36, 60))
        paid = round(amount * rate / (1 - (1 + rate) ** -term), 2)
        values = (
            random.randint(10**6, 10**7),
            random.randint(10_000, 99_999),
            round(rate * 1200, 2),
            paid,
            amount,
            term,
        )
        writer.writerow(dict(zip(columns, (*values, "04/02/2024", random.randint(20_000, 300_000)), strict=True)))
        md5(written.getvalue().encode(), usedforsecurity=False).hexdigest()
    return count


CONTESTS: Final = (
    Contest(
        dataset="reviews",
        count=1_292_954,
        unit="rows",
        floor=3_000_000,
        units_of=_review_rows,
        naive=_naive_reviews,
        naive_count=1_292_954 // SHORT,
    ),
    Contest(
        dataset="stations",
        count=160,
        unit="rows",
        floor=2_000_000,
        units_of=_rows,
        naive=_naive_stations,
        naive_count=200_000,
    ),
    Contest(
        dataset="claims",
        count=1_026,
        unit="claims",
        floor=60_000,
        units_of=_rows,
        naive=_naive_claims,
        naive_count=60_000 // SHORT,
    ),
    Contest(
        dataset="texts",
        count=1_000,
        unit="MB",
        floor=300,
        units_of=_megabytes,
        naive=_naive_texts,
        naive_count=1_000 // SHORT,
    ),
    Contest(
        dataset="loans",
        count=500_000,
        unit="bodies with ETag",
        floor=800_000,
        units_of=_loan_bodies,
        naive=_naive_loans,
        naive_count=500_000 // SHORT,
    ),
)


def _generation() -> None:
    rows = []
    for contest in CONTESTS:
        job = job_for(GenerateRequest(dataset=contest.dataset, to="s3://unused", count=contest.count))
        work = partial(contest.units_of, job)
        with _crew(job.dataset.parallel) as crew:
            list(crew.map(work, range(min(2 * CORES, job.shards))))  # starts the crew, and fills its caches
            ours = statistics.median(_rate(partial(_all, crew, work, job.shards)) for _ in range(REPETITIONS))
        naive = statistics.median(_rate(partial(contest.naive, contest.naive_count)) for _ in range(REPETITIONS))
        rows.append(
            [
                contest.dataset,
                contest.unit,
                f"{ours:,.0f}",
                f"{contest.floor:,.0f}",
                f"{ours / contest.floor:.1f}x",
                f"{naive:,.0f}",
                f"{ours / naive:.0f}x",
            ]
        )
    headings = ["", "unit", "units/s", "floor", "of floor", "usual code", "ratio"]
    table(f"made in memory on {CORES} cores, median of {REPETITIONS}", headings, rows)


def _crew(parallel: str) -> Executor:
    if parallel == "processes":
        return ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn"))
    return ThreadPoolExecutor(CORES)


def _all(crew: Executor, work: Callable[[int], float], shards: int) -> float:
    return sum(crew.map(work, range(shards), chunksize=4))


def _rate(work: Callable[[], float]) -> float:
    began = time.perf_counter()
    units = work()
    return units / (time.perf_counter() - began)


# --- inventory ------------------------------------------------------------------------------------------------------


def _inventory() -> None:
    """An inventory of keys that were listed before, to memory-backed files."""
    listed = [
        Listed(f"data-gen-{n:06d}.csv", 135, f"{n * 2**90:032x}", 1_774_940_352_000) for n in range(INVENTORY_KEYS)
    ]
    source = Location.parse("s3://loans/data")
    with _scratch() as folder:
        request = InventoryRequest(source=source.url, to=Path(folder).as_uri(), at=datetime(2026, 3, 31, tzinfo=UTC))
        ours = median_of("inventory", INVENTORY_KEYS, lambda: _seconds(partial(write_listing, request, source, listed)))
        naive = median_of("naive", INVENTORY_KEYS, lambda: _seconds(partial(_naive_inventory, listed)))
    table(
        f"inventory of {INVENTORY_KEYS:,} keys with its manifest, median of {REPETITIONS}",
        ["", "seconds", "floor", "usual code", "ratio"],
        [["CSV", f"{ours.median:.2f}", "2.00", f"{naive.median:.2f}", f"{naive.median / ours.median:.0f}x"]],
    )


def _naive_inventory(listed: Sequence[Listed]) -> None:
    written = StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    for each in listed:
        at = datetime.fromtimestamp(each.modified_ms / 1000, UTC).isoformat(timespec="milliseconds")
        writer.writerow(("loans", f"data/{each.key}", each.size, at, each.etag, "STANDARD"))
    md5(gzip.compress(written.getvalue().encode(), mtime=0), usedforsecurity=False).hexdigest()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- writing --------------------------------------------------------------------------------------------------------


def _writing() -> None:
    """Making and writing against writing alone: the same objects, ready in memory, to the same place."""
    rows = []
    for name in S3_COUNTS:
        bodies = _bodies(job_for(GenerateRequest(dataset=name, to="s3://unused", scale="demo")))
        made, raw = [], []
        for _ in range(REPETITIONS):
            with _scratch() as folder:
                raw.append(_seconds(partial(_write_plainly, bodies, Path(folder))))
            with _scratch() as folder:
                request = GenerateRequest(dataset=name, to=Path(folder, name).as_uri(), scale="demo")
                made.append(_seconds(partial(generate, request)))
        rows.append(_share(name, "memory-backed files", bodies, made, raw))
    with tempfile.TemporaryDirectory() as folder, server.serving(state=StateDir(path=Path(folder) / "s3")) as running:
        os.environ |= {
            "AWS_ENDPOINT_URL": running.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
        }
        boto3.client("s3").create_bucket(Bucket="bench-datagen")
        for name, count in S3_COUNTS.items():
            bodies = _bodies(job_for(GenerateRequest(dataset=name, to="s3://unused", scale="demo", count=count)))
            raw = [_seconds(partial(_upload, bodies, f"raw-{name}")) for _ in range(REPETITIONS)]
            made = [
                _seconds(
                    partial(
                        generate,
                        GenerateRequest(
                            dataset=name, to=f"s3://bench-datagen/{name}", scale="demo", count=count, overwrite=True
                        ),
                    )
                )
                for _ in range(REPETITIONS)
            ]
            rows.append(_share(name, "S3 on localhost", bodies, made, raw))
    headings = ["", "to", "objects", "MB", "made and written in s", "written alone in s", "share of raw rate"]
    table(f"writing, truth included, median of {REPETITIONS}", headings, rows)


def _share(name: str, to: str, bodies: Sequence[Body], made: Sequence[float], raw: Sequence[float]) -> list[str]:
    ours, alone = statistics.median(made), statistics.median(raw)
    size = sum(len(body.data) for body in bodies) / 1e6
    return [name, to, f"{len(bodies):,}", f"{size:,.1f}", f"{ours:.2f}", f"{alone:.2f}", f"{100 * alone / ours:.0f} %"]


def _bodies(job: Job) -> list[Body]:
    """The objects; the pieces of a single object joined."""
    parts = [job.dataset.make(job.spec, *job.records(shard)).bodies for shard in range(job.shards)]
    if job.dataset.single_object is None:
        return [body for part in parts for body in part]
    return [Body(job.dataset.single_object, b"".join(body.data for part in parts for body in part), job.spec.count)]


def _write_plainly(bodies: Sequence[Body], folder: Path) -> None:
    for body in bodies:
        (folder / body.key).write_bytes(body.data)


def _upload(bodies: Sequence[Body], prefix: str) -> None:
    S3Sink("bench-datagen", prefix).put_all(bodies)


# --- memory ---------------------------------------------------------------------------------------------------------


def _memory() -> None:
    """The most memory that one process of a run held, at demo scale and at ten times that."""
    rows = []
    for name in S3_COUNTS:
        demo = job_for(GenerateRequest(dataset=name, to="s3://unused", scale="demo")).spec.count
        small, large = (_peak(name, count) for count in (demo, 10 * demo))
        rows.append([name, f"{demo:,}", f"{small / MIB:.0f}", f"{10 * demo:,}", f"{large / MIB:.0f}"])
    table("peak memory of a process", ["", "records", "MiB", "records", "MiB"], rows)


def _peak(name: str, count: int) -> int:
    with _scratch() as folder:
        command = [sys.executable, "-m", "datagen", name, "--count", str(count), "--to", Path(folder, name).as_uri()]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
        return usage.ru_maxrss * 1024


def _scratch() -> tempfile.TemporaryDirectory[str]:
    """A directory in memory where the system has one."""
    shared = Path("/dev/shm")
    fits = shared.is_dir() and shutil.disk_usage(shared).free > 4 * 1024**3
    return tempfile.TemporaryDirectory(prefix="bench-datagen-", dir=shared if fits else None)
