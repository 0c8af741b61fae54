"""Map Runs of Pass children on the local server: items a second, from 10,000 to a million, and the memory they take.

Ministack's own Step Functions service runs beside it what it can: children for each item, without result files.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import boto3
from botocore.config import Config

from bench.harness import Measurement, median_of, peak_rss, rates, table
from local.environment import ACCESS_KEY, REGION, SECRET_KEY, server_environment
from local.ports import HOST, listen
from local.server import serving
from local.state import StateDir

Kind = Literal["STANDARD", "EXPRESS"]

SIZES: Final = (10_000, 100_000, 1_000_000)
BATCH: Final = 1_000
PEER_ITEMS: Final = 10_000
EVEN: Final = 0.20
"""Seconds per item may differ by this share between the sizes."""
TARGETS: Final = {"one": 15_000, "batched": 200_000}
RUN_SECONDS: Final = 240.0
START_SECONDS: Final = 30.0
_DATA: Final = "bench-data"
_RESULTS: Final = "bench-results"
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_ALL: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def definition(kind: Kind, *, items: int, batch: int | None, files: bool) -> dict[str, Any]:
    """A map over the rows of an object; each child passes its input on, or a 1 where the state's output takes it."""
    state: dict[str, Any] = {
        "Type": "Map",
        "Label": "Rows",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {"Bucket": _DATA, "Key": f"{items}.jsonl"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": "Keep",
            "States": {"Keep": {"Type": "Pass", "End": True, **({} if files else {"Result": 1})}},
        },
        "ResultPath": None,
        "End": True,
    }
    if batch is not None:
        state["ItemBatcher"] = {"MaxItemsPerBatch": batch}
    if files:
        parameters = {"Bucket": _RESULTS, "Prefix": "run"}
        state["ResultWriter"] = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": parameters}
    return {"StartAt": "Rows", "States": {"Rows": state}}


def rows(number: int) -> bytes:
    """JSON lines of about 45 bytes."""
    return b"".join(b'{"id":%d,"station":"ST-%05d","value":%d}\n' % (n, n % 9973, n * 7 % 1013) for n in range(number))


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """An endpoint with a role that may do everything, and the data sets in a bucket."""

    s3: Any
    states: Any
    role: str

    @classmethod
    def prepare(cls, endpoint: str, sizes: tuple[int, ...]) -> Cloud:
        """Make buckets, data and role."""
        s3, states, iam = (_client(service, endpoint) for service in ("s3", "stepfunctions", "iam"))
        for bucket in (_DATA, _RESULTS):
            s3.create_bucket(Bucket=bucket)
        for size in sizes:
            s3.put_object(Bucket=_DATA, Key=f"{size}.jsonl", Body=rows(size))
        role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName="bench", PolicyName="all", PolicyDocument=json.dumps(_ALL))
        return cls(s3=s3, states=states, role=role)

    def run(self, name: str, machine: dict[str, Any], items: int) -> float:
        """Run the machine once; the seconds from its start to its end, as the service tells them."""
        arn = self.states.create_state_machine(name=name, definition=json.dumps(machine), roleArn=self.role)[
            "stateMachineArn"
        ]
        started = self.states.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
        deadline = time.monotonic() + RUN_SECONDS
        while (found := self.states.describe_execution(executionArn=started))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was still running after {RUN_SECONDS:.0f} s")
            time.sleep(0.05)
        (map_run,) = self.states.list_map_runs(executionArn=started)["mapRuns"]
        counts = self.states.describe_map_run(mapRunArn=map_run["mapRunArn"])["itemCounts"]
        if found["status"] != "SUCCEEDED" or counts["succeeded"] != items:
            raise RuntimeError(f"{name} ended {found['status']} with {counts}: {found.get('cause')}")
        self._forget_results()
        self.states.delete_state_machine(stateMachineArn=arn)
        seconds: float = (found["stopDate"] - found["startDate"]).total_seconds()
        return seconds

    def _forget_results(self) -> None:
        for entry in self.s3.list_objects_v2(Bucket=_RESULTS).get("Contents", ()):
            self.s3.delete_object(Bucket=_RESULTS, Key=entry["Key"])

    def measure(
        self, name: str, kind: Kind, items: int, *, batch: int | None = None, files: bool = True, **more: Any
    ) -> Measurement:
        """The median of some runs."""
        machine = definition(kind, items=items, batch=batch, files=files)
        label = f"{kind.lower()}-{items}-{batch or 1}"
        return median_of(name, items, lambda: self.run(label, machine, items), **more)


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(read_timeout=60, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@contextlib.contextmanager
def peer() -> Iterator[str]:
    """A ministack of its own, with its own Step Functions service; its endpoint."""
    with tempfile.TemporaryDirectory(prefix="bench-peer-") as folder:
        with listen(0) as probe:
            port = probe.getsockname()[1]
        endpoint = f"http://{HOST}:{port}"
        environment = server_environment(os.environ, endpoint=endpoint, port=port, scratch=Path(folder))
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _await(f"{endpoint}/_ministack/health", process)
            yield endpoint
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ministack did not answer at {url} within {START_SECONDS:.0f} s") from error
            time.sleep(0.1)


def main() -> None:
    """Measure, and print the tables."""
    small, middle, large = SIZES
    with (
        tempfile.TemporaryDirectory(prefix="bench-engine-") as folder,
        serving(state=StateDir(path=Path(folder) / "state")) as server,
    ):
        cloud = Cloud.prepare(server.endpoint, SIZES)
        idle = peak_rss(server.engine_pid)
        plain = cloud.measure("no result files, EXPRESS", "EXPRESS", PEER_ITEMS, files=False)
        plain_standard = cloud.measure("no result files, STANDARD", "STANDARD", PEER_ITEMS, files=False)
        batched = [
            cloud.measure("batched, EXPRESS", "EXPRESS", large, batch=BATCH),
            cloud.measure("batched, STANDARD", "STANDARD", large, batch=BATCH),
        ]
        standard = [
            cloud.measure("one by one, STANDARD", "STANDARD", small, repetitions=5),
            cloud.measure("one by one, STANDARD", "STANDARD", middle),
        ]
        express = [
            cloud.measure("one by one, EXPRESS", "EXPRESS", small, repetitions=5),
            cloud.measure("one by one, EXPRESS", "EXPRESS", middle),
        ]
        before = peak_rss(server.engine_pid)
        express.append(cloud.measure("one by one, EXPRESS", "EXPRESS", large, repetitions=1))
        after = peak_rss(server.engine_pid)
    with peer() as endpoint:
        other = Cloud.prepare(endpoint, (PEER_ITEMS,)).measure(
            "ministack's own service", "STANDARD", PEER_ITEMS, files=False, note="has neither batching nor result files"
        )
    rates("Pass children, result files on S3, one child an item", "items", [*standard, *express])
    rates(f"Pass children, result files on S3, {BATCH:,} items a child", "items", batched)
    rates("Beside a peer: no result files", "items", [other, plain_standard, plain], baseline=other)
    _judge(express, standard, batched)
    table(
        "Peak memory of the engine (RSS)",
        ["", "MB"],
        [
            ["idle", f"{idle / 1e6:.0f}"],
            ["after runs of up to 100,000 children", f"{before / 1e6:.0f}"],
            ["after 1,000,000 children", f"{after / 1e6:.0f}"],
        ],
    )


def _judge(express: list[Measurement], standard: list[Measurement], batched: list[Measurement]) -> None:
    slowest_one = min(found.rate for found in [*standard, *express])
    slowest_batched = min(found.rate for found in batched)
    per_item = [1e6 / found.rate for found in express]
    spread = max(per_item) / min(per_item) - 1
    shown = ", ".join(f"{value:.1f}" for value in per_item)

    one, many = TARGETS["one"], TARGETS["batched"]
    table(
        "Targets",
        ["", "target", "measured", ""],
        [
            ["one by one, slowest", f"{one:,} items/s", f"{slowest_one:,.0f} items/s", _verdict(slowest_one >= one)],
            [
                "batched, slowest",
                f"{many:,} items/s",
                f"{slowest_batched:,.0f} items/s",
                _verdict(slowest_batched >= many),
            ],
            [
                "10^4 to 10^6 items",
                f"{EVEN:.0%} apart",
                f"{spread:.0%} apart ({shown} us an item)",
                _verdict(spread <= EVEN),
            ],
        ],
    )


def _verdict(kept: bool) -> str:
    return "kept" if kept else "missed"
