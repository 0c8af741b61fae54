"""A run without a map: objects are uploaded, and each starts an execution of its own as it arrives."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import obstore

from operate import execution, text
from operate.data import location
from operate.errors import ExecutionError, InterruptedRunError, StackError, UsageError
from operate.execution import RUNNING, SUCCEEDED, Counts, Execution
from operate.report import Arrived, Report
from operate.usage import arrivals as usage
from operate.verification import ssn_arrivals
from operate.verification.generated import generated
from operate.verification.ssn_scan import planted_in
from usecases.parameters import MAX_CONCURRENCY, MAX_ITEMS_READ

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from operate.runs import RunRequest
    from operate.stacks import Stack
    from operate.verification.check import Check
    from operate.verification.ssn_scan import Found
    from operate.watch import Display

MAX_OBJECTS = 10_000  # each is described, at 15 a second on AWS ("Service quotas": DescribeExecution)
LOCAL_AT_ONCE, AWS_AT_ONCE = 8, 100
LOCAL_POLL_SECONDS, AWS_POLL_SECONDS = 0.05, 2.0
CLOCKS = timedelta(seconds=1)  # between this machine and AWS


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """What came of a run's uploads: every execution that ended, by the key of its object."""

    started: datetime
    stopped: datetime
    executions: Mapping[str, Sequence[Execution]]

    def all(self) -> Iterator[Execution]:
        """Yield every execution."""
        for each in self.executions.values():
            yield from each


def run(request: RunRequest, stack: Stack, display: Display) -> Report:
    """Upload the generated objects one by one, wait until each has been scanned, verify and price.

    StackError when the stack does not watch for arrivals; ExecutionError when objects are not scanned in time.
    """
    outputs = stack.outputs_of(request.use_case.name)
    check_watched(request, stack, outputs)
    planted = _planted(request, stack, outputs)
    folder = f"{outputs['arrivals_prefix']}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}/"
    display.step(f"uploading to s3://{outputs['input_bucket']}/{folder}")
    try:
        found = _upload_and_follow(request, stack, display, outputs, folder=folder, names=sorted(planted))
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            f"no more uploads to {folder}: what arrived is scanned, nothing is verified"
        ) from error
    finally:
        display.pause()
    began = time.monotonic()
    here = {f"{folder}{name}": numbers for name, numbers in planted.items()}
    checks = ssn_arrivals.check(stack, outputs, here, found.executions)
    display.step(f"verified in {text.seconds(time.monotonic() - began)}")
    return _report(request, stack, outputs, found, checks)


def check_watched(request: RunRequest, stack: Stack, outputs: Mapping[str, str]) -> None:
    """StackError when no execution would start, UsageError for more objects than are followed one by one."""
    if outputs["arrivals_watched"] != "true":
        raise StackError(
            f"stack {stack.name} does not watch for objects that arrive: set distmap:{request.use_case.name}"
            f"_on_object_created to true in Pulumi.{stack.name}.yaml and deploy again"
        )
    limit = int(request.parameters.get(MAX_ITEMS_READ.name, 0)) or request.count
    if min(limit, request.count) > MAX_OBJECTS:
        raise UsageError(
            f"mode arrivals follows {MAX_OBJECTS:,} objects at most, asked for {request.count:,}:"
            f" give --count or --set max_items={MAX_OBJECTS}"
        )


def _planted(request: RunRequest, stack: Stack, outputs: Mapping[str, str]) -> dict[str, Found]:
    """Return what the generator planted in each object, by its name; those of ``max_items`` come first in a listing."""
    inputs = stack.bucket(outputs["input_bucket"])
    planted = planted_in(generated(inputs, location(outputs)), inputs)
    first = sorted(planted, key=str.encode)[: int(request.parameters.get(MAX_ITEMS_READ.name, 0)) or None]
    return {name: planted[name] for name in first}


def _upload_and_follow(
    request: RunRequest,
    stack: Stack,
    display: Display,
    outputs: Mapping[str, str],
    *,
    folder: str,
    names: Sequence[str],
) -> Arrivals:
    """Upload as fast as objects are scanned, so that no more than ``max_concurrency`` are under way."""
    at_once = int(request.parameters.get(MAX_CONCURRENCY.name, 0)) or (LOCAL_AT_ONCE if stack.is_local else AWS_AT_ONCE)
    follower = Follower(stack.client("stepfunctions"), outputs["object_state_machine_arn"], folder)
    inputs = stack.bucket(outputs["input_bucket"])
    source = location(outputs).partition(outputs["input_bucket"])[2].strip("/")
    deadline = time.monotonic() + request.timeout
    uploaded = 0

    def upload(name: str) -> None:
        obstore.put(inputs, f"{folder}{name}", obstore.get(inputs, f"{source}/{name}").bytes())

    with ThreadPoolExecutor(min(at_once, AWS_AT_ONCE), thread_name_prefix="upload") as pool:
        while True:
            room = at_once - (uploaded - len(follower.ended))
            batch = names[uploaded : uploaded + max(0, room)]
            list(pool.map(upload, batch))
            uploaded += len(batch)
            follower.look()
            display.objects("arrivals", len(follower.ended), len(names))
            if len(follower.ended) == len(names) and not follower.running:
                return follower.found()
            if time.monotonic() >= deadline:
                raise ExecutionError(
                    f"{len(follower.ended):,} of {len(names):,} objects are scanned after {request.timeout:g} s:"
                    f" see the executions of {outputs['object_state_machine_arn']}, or wait longer with --timeout"
                )
            time.sleep(LOCAL_POLL_SECONDS if stack.is_local else AWS_POLL_SECONDS)


class Follower:
    """The executions of a machine that began since now for objects in a folder."""

    def __init__(self, sfn: Any, machine_arn: str, folder: str) -> None:
        self._sfn, self._machine, self._folder = sfn, machine_arn, folder
        self._started = datetime.now(UTC)
        self._others: set[str] = set()
        self._known: set[str] = set()
        self.ended: dict[str, list[Execution]] = {}  # by key
        self.running = 0

    def look(self) -> None:
        """Take in the executions that have ended since the last look."""
        self.running = 0
        for row in execution.of_machine(self._sfn, self._machine):
            if row["startDate"] < self._started - CLOCKS:
                return
            arn = row["executionArn"]
            if arn in self._known or arn in self._others:
                continue
            if row["status"] == RUNNING:
                self.running += 1
                continue
            self._take(arn)

    def _take(self, arn: str) -> None:
        found = execution.describe_alone(self._sfn, arn)
        key = _key_of(found)
        if key is None or not key.startswith(self._folder):
            self._others.add(arn)
            return
        self._known.add(arn)
        self.ended.setdefault(key, []).append(found)

    def found(self) -> Arrivals:
        """Return what was taken in."""
        stops = [each.stopped for found in self.ended.values() for each in found if each.stopped is not None]
        return Arrivals(started=self._started, stopped=max([*stops, self._started]), executions=self.ended)


def _key_of(found: Execution) -> str | None:
    """Return the key that the S3 event of an execution names; None when its input is none."""
    try:
        return str(found.input["detail"]["object"]["key"])
    except (KeyError, TypeError):
        return None


def _report(
    request: RunRequest,
    stack: Stack,
    outputs: Mapping[str, str],
    found: Arrivals,
    checks: Sequence[Check],
) -> Report:
    succeeded = sum(any(each.status == SUCCEEDED for each in of) for of in found.executions.values())
    total = len(found.executions)
    every = list(found.all())
    ended = sum(each.status == SUCCEEDED for each in every)
    last = every[-1]
    return Report(
        use_case=request.use_case.name,
        stack=stack.name,
        execution=replace(
            last,
            arn=outputs["object_state_machine_arn"],
            status=SUCCEEDED if succeeded == total else "FAILED",
            started=found.started,
            stopped=found.stopped,
            input=None,
            output=None,
        ),
        map_runs=(),
        cost=usage.cost_of(stack, outputs, found),
        checks=tuple(checks),
        arrived=Arrived(
            objects=Counts(total=total, succeeded=succeeded, failed=total - succeeded),
            executions=Counts(total=len(every), succeeded=ended, failed=len(every) - ended),
        ),
    )
