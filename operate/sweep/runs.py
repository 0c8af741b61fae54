"""One run of a trial as figures, and how the same trial run several times is summed up."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from operate.errors import OperateError
from operate.plan.workload import MAX_CHILDREN, Point
from operate.sweep.grid import Setting
from operate.sweep.result import Trial


class TrialFailedError(OperateError):
    """A trial did not end SUCCEEDED; the message says how it ended."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution with ``items`` as its MaxItems; what no function did is 0, as is the memory of none."""

    setting: Setting
    items: int
    execution: str
    seconds: float
    children: int
    child_seconds_max: float
    child_seconds_mean: float
    invocations: int
    function_seconds: float
    billed_seconds: float
    memory_mb: int
    s3_gets: int
    s3_bytes: int
    write_units: float
    cost_usd: float

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that ``from_json`` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Run:
        """Read what ``to_json`` gave."""
        return cls(**{**value, "setting": Setting(**value["setting"])})


class Runner(Protocol):
    """Who runs a trial."""

    def run(self, setting: Setting, items: int) -> Run:
        """Run once on the first ``items`` items and measure; TrialFailedError when it does not succeed."""


def children_of(setting: Setting, items: int) -> int:
    """How many children a map over ``items`` items starts."""
    return math.ceil(items / setting.batch_size)


def lanes_of(setting: Setting, items: int) -> int:
    """How many of them run at once."""
    return min(children_of(setting, items), setting.max_concurrency or MAX_CHILDREN)


def children_words(number: int) -> str:
    """Put a number before the noun."""
    return "1 child" if number == 1 else f"{number:,} children"


def grouped(runs: Sequence[Run]) -> dict[tuple[Setting, int], list[Run]]:
    """The runs of each setting and size, in the order of their first."""
    groups: dict[tuple[Setting, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.setting, run.items), []).append(run)
    return groups


def trial_of(runs: Sequence[Run]) -> Trial:
    """Sum up the runs of one setting and size: medians, and the longest child of all."""
    first = runs[0]
    return Trial(
        point=Point(
            execution_type=first.setting.execution_type,
            batch_size=first.setting.batch_size,
            max_concurrency=first.setting.max_concurrency,
            memory_mb=first.memory_mb,
        ),
        items=first.items,
        seconds=tuple(run.seconds for run in runs),
        children=round(statistics.median(run.children for run in runs)),
        child_seconds_max=max(run.child_seconds_max for run in runs),
        billed_seconds=statistics.median(run.billed_seconds for run in runs),
        cost_usd=statistics.median(run.cost_usd for run in runs),
        executions=tuple(run.execution for run in runs),
    )
