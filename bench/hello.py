"""hello at full size on localhost: from the start of the execution to SUCCEEDED with every result file in S3.

Then ten times the rows, for how time and the engine's memory grow. ministack's own Step Functions service cannot run
this job (it has no ItemBatcher and writes no result files), so ``bench engine`` compares it on one that it can.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.harness import REPETITIONS, peak_rss, table
from local import server
from local.state import StateDir
from operate import data, evidence, execution, local_aws, stacks
from operate.console import THEME
from operate.verification import verify_run
from operate.watch import QuietDisplay
from usecases.registry import USE_CASES

HELLO: Final = USE_CASES["hello"]
WAIT_SECONDS: Final = 600.0
MIB: Final = 1024**2


def main() -> None:
    """Run and print."""
    rows = HELLO.counts["full"]
    with tempfile.TemporaryDirectory() as folder:
        state = StateDir(path=Path(folder) / "local")
        display = QuietDisplay(Console(file=StringIO(), theme=THEME))
        with local_aws.deployed(state, display, port=0) as stack:
            engine = server.running(state).engine_pid
            _make(stack, rows)
            timed = [_run(stack) for _ in range(REPETITIONS)]
            peak = peak_rss(engine)
            _make(stack, 10 * rows)
            long, _verifying = _run(stack, verify=False)
            peak_long = peak_rss(engine)
    seconds = statistics.median(run for run, _verified in timed)
    verified = statistics.median(verified for _run, verified in timed)
    table(
        f"hello, median of {REPETITIONS}",
        ["rows", "seconds", "items/s", "verified in s", "engine peak MiB"],
        [
            [f"{rows:,}", f"{seconds:.2f}", f"{rows / seconds:,.0f}", f"{verified:.2f}", f"{peak / MIB:.0f}"],
            [f"{10 * rows:,}", f"{long:.2f}", f"{10 * rows / long:,.0f}", "-", f"{peak_long / MIB:.0f}"],
        ],
    )
    print(f"\n  ten times the rows take {long / seconds:.1f} times as long")


def _make(stack: stacks.Stack, rows: int) -> None:
    data.ensure(stack, HELLO, count=rows, seed=1, progress=lambda _progress: None)


def _run(stack: stacks.Stack, *, verify: bool = True) -> tuple[float, float]:
    """Seconds of an execution, and of its verification; the results are deleted afterwards."""
    sfn = stack.client("stepfunctions")
    outputs = stack.outputs_of("hello")
    arn = execution.start(
        sfn, state_machine_arn=outputs["state_machine_arn"], execution_input=HELLO.execution_input(outputs, {})
    )
    *_before, last = execution.follow(sfn, arn, every=0.1, at_most=WAIT_SECONDS)
    if last.execution.status != execution.SUCCEEDED or last.execution.seconds is None:
        raise RuntimeError(f"hello ended {last.execution.status}: {last.execution.error}: {last.execution.cause}")
    began = time.monotonic()
    if verify:
        failed = [check for check in verify_run("hello", evidence.gather(stack, arn)) if not check.ok]
        if failed:
            raise RuntimeError(f"hello is not verified: {failed}")
    verified = time.monotonic() - began
    _empty(stack, outputs["results_bucket"])
    return last.execution.seconds, verified


def _empty(stack: stacks.Stack, bucket: str) -> None:
    s3 = stack.client("s3")
    for version in s3.list_object_versions(Bucket=bucket).get("Versions", ()):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
