"""The record of one Map Run: what DescribeMapRun and ListMapRuns answer."""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from local.stepfunctions.arns import Place
from local.stepfunctions.definition.nodes import ExecutionType
from local.stepfunctions.errors import RuntimeFailure
from local.stepfunctions.limits import MAX_MAP_RUN_REDRIVES
from local.stepfunctions.maprun.counts import ChildStatus, Counts
from local.stepfunctions.maprun.settings import Limits

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]

_LABELS = uuid.UUID("6f1c1f0a-5d0e-4a53-9a1c-2f0a9d8d6c11")


def generated_label(machine_arn: str, pointer: str) -> str:
    """The label of a map that has none: the same for the same state of the same machine."""
    return str(uuid.uuid3(_LABELS, machine_arn + pointer))


def _uuid_text(digits: str, version: int) -> str:
    """A UUID of the version from 32 hexadecimal digits, as ``str(uuid.UUID(digits, version=version))``, but quicker."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


@dataclass(slots=True, kw_only=True)
class MapRun:
    """One Map Run, from its start on."""

    arn: str
    run_id: str
    label: str
    machine_name: str
    execution_arn: str
    execution_type: ExecutionType
    limits: Limits
    place: Place
    started: float = field(default_factory=time.time)
    stopped: float | None = None
    status: Status = "RUNNING"
    items: Counts = field(default_factory=Counts)
    executions: Counts = field(default_factory=Counts)
    total_known: bool = False
    redrives: int = 0
    redriven: float | None = None
    machine_arn: str = field(init=False)
    """The labelled machine that the children are executions of."""

    def __post_init__(self) -> None:
        self.machine_arn = self.place.state_machine(f"{self.machine_name}/{self.label}")

    def child_name(self, index: int) -> str:
        """The name of a child execution: name-based (``uuid.uuid3``), so that a child keeps it."""
        name = b"%b%b:%d" % (_LABELS.bytes, self.run_id.encode(), index)
        return _uuid_text(hashlib.md5(name, usedforsecurity=False).hexdigest(), 3)

    def child_arn(self, name: str) -> str:
        """The ARN of a child execution."""
        machine = f"{self.machine_name}/{self.label}"
        if self.execution_type == "EXPRESS":
            return self.place.express(machine, name, _uuid_text(f"{random.getrandbits(128):032x}", 4))
        return self.place.execution(machine, name)

    def exceeded(self) -> bool:
        """Whether more items failed than are tolerated, as far as that can be known now."""
        failed = self.items.failed + self.items.timedOut
        return self.limits.exceeded(failed=failed, total=self.items.total if self.total_known else None)

    def child_started(self, items: int, *, again: bool = False) -> None:
        """A pending child began, or one began again."""
        self.items.started(items, again=again)
        self.executions.started(1, again=again)

    def redrive(self) -> None:
        """The Map Run goes on.

        Raises:
            RuntimeFailure: it has been redriven as often as it may.
        """
        if self.redrives >= MAX_MAP_RUN_REDRIVES:
            raise RuntimeFailure(f"A Map Run cannot be redriven more than {MAX_MAP_RUN_REDRIVES} times.")
        self.redrives += 1
        self.redriven = time.time()
        self.status, self.stopped = "RUNNING", None
        self.items.redriven()
        self.executions.redriven()

    def child_ended(self, items: int, status: ChildStatus) -> None:
        """A running child ended."""
        self.items.ended(items, status)
        self.executions.ended(1, status)

    def end(self, status: Status) -> None:
        """The Map Run ended."""
        self.status = status
        self.stopped = time.time()

    def written(self) -> None:
        """All results are written: AWS counts every item, also those that never started."""
        self.items.resultsWritten = self.items.total
        self.executions.resultsWritten = self.executions.total

    def describe(self) -> dict[str, Any]:
        """The answer of DescribeMapRun."""
        shown: dict[str, Any] = {
            "mapRunArn": self.arn,
            "executionArn": self.execution_arn,
            "status": self.status,
            "startDate": self.started,
            "maxConcurrency": self.limits.max_concurrency,
            "toleratedFailurePercentage": self.limits.tolerated_failure_percentage or 0.0,
            "toleratedFailureCount": self.limits.tolerated_failure_count or 0,
            "itemCounts": self.items.describe(),
            "executionCounts": self.executions.describe(),
            "redriveCount": self.redrives,
        }
        if self.redriven is not None:
            shown["redriveDate"] = self.redriven
        if self.stopped is not None:
            shown["stopDate"] = self.stopped
        return shown

    def summary(self) -> dict[str, Any]:
        """The row of ListMapRuns."""
        row: dict[str, Any] = {
            "executionArn": self.execution_arn,
            "mapRunArn": self.arn,
            "stateMachineArn": self.machine_arn,
            "startDate": self.started,
        }
        if self.stopped is not None:
            row["stopDate"] = self.stopped
        return row
