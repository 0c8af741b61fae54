"""Handlers: cores alone, whole handlers against services that are a network away, and what that makes of the bill.

Ours and the usual code for the job do the same objects in one process, in turns; seconds are medians. Cores are
measured in seconds of one core, whole handlers by the clock: each object's first byte comes after 25 ms, as S3's does.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from bench.cases import claims, loans, noaa, ssn_scan
from bench.cases.case import Case, Handler
from bench.harness import REPETITIONS, Measurement, rates, table
from bench.slow_s3 import BUCKET, serving
from datagen import GenerateRequest, generate
from local.environment import client_environment
from operate.cost import model

CASES: Final = (noaa.CASE, claims.CASE, ssn_scan.CASE)
FIRST_BYTE_SECONDS: Final = 0.025
ARCHITECTURE: Final = "arm64"
OURS: Final = "ours"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How many times faster ours was (or how much ``unit`` it did), and how many it should be."""

    name: str
    target: float
    ratio: float
    unit: str = "x"


def main() -> None:
    """Run and print."""
    verdicts: list[Verdict] = []
    for case in CASES:
        # A process of its own: a function's clients are for one endpoint and stay for the life of their process.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            verdicts += process.submit(measure, case.name).result()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        verdicts += [
            Verdict(name=name, target=target, ratio=ratio)
            for name, target, ratio in process.submit(loans.measure).result()
        ]
    table(
        "Targets",
        ["", "target", "measured", ""],
        [
            [
                each.name,
                f"{each.target:,g}{each.unit}",
                f"{each.ratio:,.1f}{each.unit}",
                "met" if each.ratio >= each.target else "MISSED",
            ]
            for each in verdicts
        ],
    )


def measure(name: str) -> list[Verdict]:
    """Measure the case of that name, and print."""
    case = next(case for case in CASES if case.name == name)
    with tempfile.TemporaryDirectory(prefix="bench-handlers-") as folder:
        generate(GenerateRequest(dataset=case.dataset, to=f"file://{folder}/data", count=case.objects))
        directory = Path(folder, "data")
        bodies = {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}
        return [*_cores(case, bodies), _handlers(case, directory, bodies)]


def _cores(case: Case, bodies: Mapping[str, bytes]) -> list[Verdict]:
    if not all(case.same(case.core(body, name), case.usual_core(body, name)) for name, body in bodies.items()):
        raise RuntimeError(f"the cores of {case.name} do not agree")

    def seconds(core: Callable[[bytes, str], object]) -> Callable[[], float]:
        def work() -> float:
            began = time.process_time()
            for name, body in bodies.items():
                core(body, name)
            return time.process_time() - began

        return work

    units = sum(map(case.units_in, bodies.values()))
    usual, ours = _in_turns(units, {"usual": seconds(case.usual_core), OURS: seconds(case.core)})
    title = f"{case.name}: cores on {len(bodies)} objects, {sum(map(len, bodies.values())) / 1e6:,.0f} MB"
    rates(title, case.unit, [usual, ours], baseline=usual)
    verdicts = [Verdict(name=f"{case.name}, core", target=case.core_target, ratio=ours.rate / usual.rate)]
    if case.core_rate_target is not None:
        name, unit = f"{case.name}, core alone", f" million {case.unit}/s"
        verdicts.append(Verdict(name=name, target=case.core_rate_target / 1e6, ratio=ours.rate / 1e6, unit=unit))
    return verdicts


def _handlers(case: Case, directory: Path, bodies: Mapping[str, bytes]) -> Verdict:
    items = [{"Key": f"{case.prefix}{name}"} for name in bodies]
    event = {"BatchInput": {"bucket": BUCKET, "execution": "bench"}, "Items": items}
    with serving(directory, delay=FIRST_BYTE_SECONDS) as endpoint, _function_environment(endpoint), _quiet():
        handlers = {name: make() for name, make in {**case.usual_handlers, OURS: case.handler}.items()}
        works = {name: _work(handler, event) for name, handler in handlers.items()}
        measured = _in_turns(len(items), works)
    noted = [replace(found, note=f"{found.seconds[0]:.2f} s the first time") for found in measured]
    usual, *_others, ours = noted
    delay = f"{FIRST_BYTE_SECONDS * 1000:.0f} ms to each first byte"
    rates(f"{case.name}: whole handlers, one batch, {delay}", "objects", noted, baseline=usual)
    _bill(case, noted)
    return Verdict(name=f"{case.name}, whole handler", target=case.handler_target, ratio=ours.rate / usual.rate)


def _bill(case: Case, measured: list[Measurement]) -> None:
    rows = []
    for found in measured:
        batches = case.run_objects // found.units
        gb_seconds = batches * model.lambda_gb_seconds(billed_ms=found.median * 1000, memory_mb=case.memory_mb)
        cost = model.price(model.lambda_compute(requests=batches, gb_seconds=gb_seconds, architecture=ARCHITECTURE))
        rows.append([found.name, f"{batches}", f"{gb_seconds:.1f}", f"{cost.total_usd:.6f}"])
    title = f"{case.name}: Lambda for {case.run_objects:,} objects at {case.memory_mb:,} MB, {ARCHITECTURE}, list price"
    table(f"{title}, at this machine's speed", ["", "batches", "GB-seconds", "USD"], rows)


def _in_turns(units: int, works: Mapping[str, Callable[[], float]]) -> list[Measurement]:
    """Each work's repetitions, so spread that whatever else the machine does slows all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(REPETITIONS):
        for name, work in works.items():
            seconds[name].append(work())
    return [Measurement(name=name, units=units, seconds=tuple(taken)) for name, taken in seconds.items()]


def _work(handler: Handler, event: Mapping[str, Any]) -> Callable[[], float]:
    return lambda: _seconds(handler, event)


def _seconds(handler: Handler, event: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    answer = handler(event)
    seconds = time.perf_counter() - began
    if answer["items"] != len(event["Items"]) or answer.get("failed"):
        raise RuntimeError(f"not every item was done: {answer}")
    return seconds


@contextmanager
def _function_environment(endpoint: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(client_environment(endpoint), TABLE_NAME="stations", POWERTOOLS_TRACE_DISABLED="1")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """What functions print is their log: not for the tables."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield
