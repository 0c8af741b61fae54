"""loans: simulating a batch, against reading and writing its objects one after the other as a worker usually does."""

from __future__ import annotations

import csv
import os
import random
import tempfile
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, Final

import boto3

from bench.harness import Measurement, median_of, rates, table
from bench.slow_s3 import BUCKET, serving
from datagen import GenerateRequest, generate
from handlers.common.meter import Meter
from handlers.loans.batch import simulate_batch
from handlers.loans.loan import loans_of, month_number
from handlers.loans.portfolio import Exposures, exposures
from handlers.loans.simulation import SCENARIOS, simulate
from local.environment import client_environment

LOANS: Final = 400
FIRST_BYTE_SECONDS: Final = 0.025
AS_OF: Final = "2026-03"
SHARE_OF_DEFAULTS: Final = 0.05
SIMULATION_TARGET, BATCH_TARGET = 1.0, 5.0


def measure() -> list[tuple[str, float, float]]:
    """Measure and print; by name the target, and how many times the usual takes as long. Sets the environment."""
    with tempfile.TemporaryDirectory(prefix="bench-loans-") as folder:
        generate(GenerateRequest(dataset="loans", to=f"file://{folder}/data", count=LOANS))
        directory = Path(folder, "data")
        bodies = [path.read_bytes() for path in sorted(directory.glob("*.csv"))]
        keys = [f"data/{path.name}" for path in sorted(directory.glob("*.csv"))]
        with serving(directory, delay=FIRST_BYTE_SECONDS) as endpoint:
            os.environ.update(client_environment(endpoint), POWERTOOLS_TRACE_DISABLED="1")
            usual = median_of("usual: read, write", LOANS, lambda: _seconds(lambda: _usual(keys)), repetitions=1)
            whole = median_of("ours: read, simulate, write", LOANS, lambda: _seconds(lambda: _batch(keys)))
    month = month_number(*map(int, AS_OF.split("-")))
    portfolio = exposures([loan for body in bodies for loan in loans_of(body)], month)
    simulation = median_of("ours: simulate only", LOANS, lambda: _seconds(lambda: _simulated(portfolio)))
    core = median_of("simulation", LOANS * SCENARIOS, lambda: _core_seconds(portfolio), repetitions=9)
    delay = f"{FIRST_BYTE_SECONDS * 1000:.0f} ms to each first byte"
    rates(f"loans: one batch, {SCENARIOS:,} scenarios, {delay}", "loans", [usual, whole, simulation], baseline=usual)
    rows = [[core.name, f"{core.units:,}", f"{core.median * 1000:.1f}", f"{core.rate / 1e6:,.0f}"]]
    table("loans: one core", ["", "scenarios x loans", "median ms", "millions/s"], rows)
    return [
        ("loans, simulating against reading and writing", SIMULATION_TARGET, _times(usual, simulation)),
        ("loans, whole batch", BATCH_TARGET, _times(usual, whole)),
    ]


def _times(usual: Measurement, ours: Measurement) -> float:
    return usual.median / ours.median


def _usual(keys: list[str]) -> None:
    """One object after the other: GET, DictReader, a coin, PUT."""
    s3 = boto3.client("s3")
    for key in keys:
        (row,) = csv.DictReader(StringIO(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()))
        row["WillDefault"] = "YES" if random.random() < SHARE_OF_DEFAULTS else "NO"
        written = StringIO()
        writer = csv.DictWriter(written, fieldnames=list(row))
        writer.writeheader()
        writer.writerow(row)
        s3.put_object(Bucket=BUCKET, Key=f"usual/{key}", Body=written.getvalue().encode())


def _batch(keys: list[str]) -> None:
    shared = {"srcbkt": BUCKET, "dstbkt": BUCKET, "dstkey": "ours", "as_of": AS_OF, "scenarios": SCENARIOS}
    event = {"BatchInput": shared, "Items": [{"Bucket": BUCKET, "Key": key} for key in keys]}
    answer = simulate_batch(event, Meter(), lambda: None)
    if answer["outcomes"] != {"simulated": LOANS}:
        raise RuntimeError(f"not every loan was done: {answer}")


def _simulated(portfolio: Exposures) -> Any:
    return simulate(portfolio, seed=0)


def _core_seconds(portfolio: Exposures) -> float:
    began = time.process_time()
    _simulated(portfolio)
    return time.process_time() - began


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
