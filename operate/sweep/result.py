"""What a sweep found, as one value: for people, for the page, and as JSON both ways."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from operate.plan.assumptions import Assumption
from operate.plan.workload import Point

VERSION = 1
EXPRESS_LIMIT_SECONDS = 300.0  # "Choosing workflow type": an EXPRESS execution runs for five minutes at most


class ResultVersionError(ValueError):
    """The JSON of a sweep is not of the version that this code reads."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Runs of one point on the first ``items`` items, timed on the stack itself.

    ``seconds`` has one entry a run. Per run and as medians: ``children``, ``billed_seconds`` of the function (0 without
    one) and ``cost_usd`` on AWS with the durations as measured. ``child_seconds_max`` is the longest child of all runs.
    """

    point: Point
    items: int
    seconds: tuple[float, ...]
    children: int
    child_seconds_max: float
    billed_seconds: float
    cost_usd: float
    executions: tuple[str, ...]

    @property
    def median_seconds(self) -> float:
        """The median of the runs."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Half of the range of the runs, relative to their median."""
        return (max(self.seconds) - min(self.seconds)) / 2 / self.median_seconds if self.median_seconds else 0.0


@dataclass(frozen=True, kw_only=True)
class ExpressAnswer:
    """May the children be EXPRESS? ``margin`` is the share of the limit that the longest child leaves unused."""

    allowed: bool
    longest_seconds: float
    margin: float
    limit_seconds: float = EXPRESS_LIMIT_SECONDS


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a point means for ``items`` items: extrapolated on this stack, and projected to AWS.

    ``local_error`` is relative: how far the extrapolation was off at most when it was checked for this execution type;
    None when the larger trial failed. ``longest_child_seconds`` is on AWS.
    """

    point: Point
    items: int
    local_seconds: float
    local_error: float | None
    aws_seconds: float
    aws_usd: float
    bottleneck: str
    longest_child_seconds: float
    express: ExpressAnswer


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A point that has no estimate, and why."""

    point: Point
    items: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A larger trial, predicted from the smaller ones before it was looked at."""

    point: Point
    items: int
    predicted_seconds: float
    measured_seconds: float

    @property
    def error(self) -> float:
        """How far the prediction was off, relative to what was measured; above 0 it was too long."""
        return self.predicted_seconds / self.measured_seconds - 1


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the trials say of the function: milliseconds = fixed_ms x batches + item_ms x items.

    ``error`` is the mean relative deviation of the trials from that line; ``source`` names the trials.
    """

    fixed_ms: float
    item_ms: float
    error: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The point to take (its index among the estimates, None when no point fits) and why, in one sentence.

    ``constraint`` says what was asked for, or when nothing fits what failed and by how much; empty without any.
    """

    index: int | None
    sentence: str
    constraint: str


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """A finished sweep for ``items`` items, each of them a ``noun``.

    ``front`` are the indices of the estimates that no other beats in seconds and dollars on AWS. ``stack`` names where
    the trials ran: "local" means that their seconds are those of this machine.
    """

    use_case: str
    stack: str
    created: str  # ISO 8601, UTC
    items: int
    noun: str
    trials: tuple[Trial, ...]
    checks: tuple[Check, ...]
    failures: tuple[Failure, ...]
    calibration: Calibration | None
    estimates: tuple[Estimate, ...]
    front: tuple[int, ...]
    recommendation: Recommendation
    assumptions: Mapping[str, Assumption] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the sweep, with its version."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SweepResult:
        """Read what ``to_json`` gave, also after a trip through text; ResultVersionError for another version."""
        if value.get("version") != VERSION:
            raise ResultVersionError(f"a sweep of version {value.get('version')!r}: this reads version {VERSION}")
        return cls(
            use_case=value["use_case"],
            stack=value["stack"],
            created=value["created"],
            items=value["items"],
            noun=value["noun"],
            trials=tuple(trial_from_json(each) for each in value["trials"]),
            checks=tuple(Check(**_with_point(each)) for each in value["checks"]),
            failures=tuple(Failure(**_with_point(each)) for each in value["failures"]),
            calibration=None if value["calibration"] is None else Calibration(**value["calibration"]),
            estimates=tuple(_estimate(each) for each in value["estimates"]),
            front=tuple(value["front"]),
            recommendation=Recommendation(**value["recommendation"]),
            assumptions={name: Assumption(**each) for name, each in value["assumptions"].items()},
        )


def trial_from_json(value: Mapping[str, Any]) -> Trial:
    """Read the JSON object of one trial."""
    lists = {name: tuple(value[name]) for name in ("seconds", "executions")}
    return Trial(**{**_with_point(value), **lists})


def _estimate(value: Mapping[str, Any]) -> Estimate:
    return Estimate(**{**_with_point(value), "express": ExpressAnswer(**value["express"])})


def _with_point(value: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, "point": Point(**value["point"])}
