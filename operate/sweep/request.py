"""What a sweep is asked for, checked before anything runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from operate import runs
from operate.errors import UsageError
from operate.plan import AssumptionError, Assumptions
from operate.sweep import grid

if TYPE_CHECKING:
    from pathlib import Path

    from operate.sweep.choose import Constraints
    from operate.sweep.grid import Axes, Wanted
    from usecases.registry import UseCase

FULL = "full"
LARGE = 4  # the extrapolation is checked on four times the items of a trial, or on all that there are
ENOUGH = 2  # below twice the items it would be no check


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """A sweep of a use case: which points, on which data, for how many items under which constraints."""

    use_case: UseCase
    axes: Axes
    lines: tuple[str, ...]
    items: int
    count: int
    seed: int
    trial_items: int | None
    repeat: int
    constraints: Constraints
    assumptions: Assumptions
    fresh: bool
    timeout: float

    def points(self, own_types: Sequence[str]) -> tuple[Wanted, ...]:
        """The points, given that the deployed machine has children of these types; UsageError for a wrong one."""
        if self.lines:
            return grid.points(self.use_case, self.lines, own_types=own_types)
        return grid.grid(self.use_case, self.axes, own_types=own_types)

    def trial_sizes(self, data_items: int) -> tuple[int, int]:
        """The items of a trial and of the larger one that checks the extrapolation, of the items that there are."""
        trial = max(1, data_items // LARGE) if self.trial_items is None else self.trial_items
        if trial * ENOUGH > data_items:
            raise UsageError(
                f"--trial-items {trial:,} of {data_items:,} items leaves too few for the larger trial that checks the"
                f" extrapolation: give {data_items // ENOUGH:,} at most, or more data with --scale or --count"
            )
        return trial, min(LARGE * trial, data_items)


def request_for(
    name: str,
    *,
    axes: Axes,
    points: Sequence[str],
    points_file: Path | None,
    items: int | None,
    scale: str,
    count: int | None,
    seed: int,
    trial_items: int | None,
    repeat: int,
    constraints: Constraints,
    overrides: Sequence[str],
    fresh: bool,
    timeout: float,
) -> SweepRequest:
    """Check what the command line asks for; UsageError names the value, its limit and what is known."""
    run = runs.request_for(name, scale=scale, count=count, seed=seed, assignments=[], timeout=timeout)
    grid.check_sweepable(run.use_case)
    for option, given in (("--items", items), ("--trial-items", trial_items), ("--repeat", repeat)):
        if given is not None and given < 1:
            raise UsageError(f"{option} must be 1 or more, got {given}")
    for each in fields(constraints):
        limit = getattr(constraints, each.name)
        if limit is not None and not (math.isfinite(limit) and limit > 0):
            raise UsageError(f"--{each.name.replace('_', '-')} must be more than 0, got {limit:g}")
    return SweepRequest(
        use_case=run.use_case,
        axes=axes,
        lines=_lines(axes, points, points_file),
        items=run.use_case.counts[FULL] if items is None else items,
        count=run.count,
        seed=seed,
        trial_items=trial_items,
        repeat=repeat,
        constraints=constraints,
        assumptions=_assumptions(overrides, constraints),
        fresh=fresh,
        timeout=timeout,
    )


def _lines(axes: Axes, points: Sequence[str], file: Path | None) -> tuple[str, ...]:
    if not points and file is None:
        return ()
    if axes.given:
        raise UsageError("give either points (--point, --points) or a grid (--batch, --concurrency, --type, --memory)")
    if file is None:
        return tuple(points)
    try:
        read = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--points {file} cannot be read: {error}") from error
    return (*points, *(read.splitlines() or [""]))


def _assumptions(overrides: Sequence[str], constraints: Constraints) -> Assumptions:
    assigned = list(overrides)
    if constraints.account_concurrency is not None:
        assigned.append(f"account_concurrency={constraints.account_concurrency}")
    try:
        return Assumptions().with_overrides(assigned)
    except AssumptionError as error:
        raise UsageError(f"--assume: {error}") from error
