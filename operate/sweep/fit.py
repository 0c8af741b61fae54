"""What trials say of larger runs: time as a sum of parts that are never negative, by least squares."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from operate.plan.workload import MAX_CHILDREN
from operate.sweep.result import Calibration
from operate.sweep.runs import Run, children_of, grouped, lanes_of

if TYPE_CHECKING:
    from operate.sweep.grid import Setting

Floats: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

MS = 1_000
SAME = 1e-9  # of the columns scaled to length 1: less than this is no gain, and no coefficient
MAX_STEPS = 3  # a column; the method ends by itself, but for rounding


def nonnegative_least_squares(columns: Floats, observed: Floats) -> Floats:
    """Coefficients of 0 or more that bring ``columns @ coefficients`` closest to ``observed``, relative to it.

    ``columns`` has a row for each observation, all of which are above 0. The active-set method of Lawson and Hanson
    ("Solving Least Squares Problems", chapter 23): a column that adds nothing to those that are in keeps 0.
    """
    weighted, target = columns / observed[:, None], np.ones(len(observed))
    weighted = weighted / (scale := np.where((norms := np.linalg.norm(weighted, axis=0)) > 0, norms, 1.0))
    found: Floats = np.zeros(weighted.shape[1])
    inside = np.zeros(weighted.shape[1], dtype=bool)
    for _ in range(MAX_STEPS * len(found)):
        gradient = np.where(inside, -np.inf, weighted.T @ (target - weighted @ found))
        if inside.all() or gradient.max() <= SAME:
            break
        inside[gradient.argmax()] = True
        while (wanted := _unbounded(weighted, target, inside))[inside].min() <= 0:
            shrinking = inside & (wanted <= 0)
            share = (found[shrinking] / (found[shrinking] - wanted[shrinking])).min()
            found = found + share * (wanted - found)
            inside &= found > SAME
            found[~inside] = 0.0
            if not inside.any():
                break
        else:
            found = wanted
    return found / scale


def _unbounded(columns: Floats, target: Floats, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    """The least squares of the columns that are in, the others 0."""
    found = np.zeros(columns.shape[1])
    found[inside] = np.linalg.lstsq(columns[:, inside], target, rcond=None)[0]
    return found


@dataclass(frozen=True, kw_only=True)
class LocalModel:
    """Seconds of a run on the stack that the trials ran on, for one execution type.

    seconds = start + items x a + waves x b, where waves are the children that run one after the other. ``start`` is
    the same for all batch sizes; ``by_batch`` has for each one a, b, and the items that a full batch holds in fact.
    """

    start: float
    by_batch: Mapping[int, tuple[float, float, float]]

    @classmethod
    def of(cls, runs: Sequence[Run]) -> LocalModel:
        """Fit the medians of the trials of one execution type."""
        groups = grouped(runs)
        observed = np.array([statistics.median(run.seconds for run in each) for each in groups.values()])
        batches = sorted({setting.batch_size for setting, _ in groups})
        full = {batch: _batch_in_fact([run for run in runs if run.setting.batch_size == batch]) for batch in batches}
        columns = np.zeros((len(groups), 1 + 2 * len(batches)))
        columns[:, 0] = 1.0
        for row, (setting, items) in enumerate(groups):
            first = 1 + 2 * batches.index(setting.batch_size)
            columns[row, first : first + 2] = items, _waves(full[setting.batch_size], setting, items)
        found = nonnegative_least_squares(columns, observed).tolist()
        by_batch = {
            batch: (found[1 + 2 * index], found[2 + 2 * index], full[batch]) for index, batch in enumerate(batches)
        }
        return cls(start=found[0], by_batch=by_batch)

    def seconds(self, setting: Setting, items: int) -> float:
        """What a run of ``items`` items takes, with a batch size that the trials had."""
        per_item, per_wave, full = self.by_batch[setting.batch_size]
        return self.start + items * per_item + _waves(full, setting, items) * per_wave


def local_models(runs: Sequence[Run]) -> dict[str, LocalModel]:
    """A model for each execution type that has trials."""
    types = dict.fromkeys(run.setting.execution_type for run in runs)
    return {type_: LocalModel.of([run for run in runs if run.setting.execution_type == type_]) for type_ in types}


def _batch_in_fact(runs: Sequence[Run]) -> float:
    """The items of a full batch: the batch size, unless the payload quota ended batches before."""
    ended_early = [run.items / run.children for run in runs if run.children > children_of(run.setting, run.items)]
    return max(ended_early, default=float(runs[0].setting.batch_size))


def _waves(batch: float, setting: Setting, items: int) -> int:
    children = math.ceil(items / batch)
    return math.ceil(children / min(children, setting.max_concurrency or MAX_CHILDREN))


def calibrate(runs: Sequence[Run]) -> Calibration | None:
    """Fit the function's time to batches and items; None when no function ran.

    The trials with the fewest calls at once count, for calls disturb each other. If all their batches had the same
    number of items, batches cannot be told from items: all time is then the items'.
    """
    called = [run for run in runs if run.invocations]
    if not called:
        return None
    fewest = min(lanes_of(run.setting, run.items) for run in called)
    groups: dict[float, list[Run]] = {}
    for run in called:
        if lanes_of(run.setting, run.items) == fewest:
            groups.setdefault(run.items / run.invocations, []).append(run)
    sizes = np.array(list(groups))
    observed = np.array(
        [MS * statistics.median(run.function_seconds / run.invocations for run in each) for each in groups.values()]
    )
    columns = np.column_stack([np.full_like(sizes, len(sizes) > 1), sizes])
    fixed_ms, item_ms = nonnegative_least_squares(columns, observed).tolist()
    return Calibration(
        fixed_ms=fixed_ms,
        item_ms=item_ms,
        error=float(np.abs(columns @ (fixed_ms, item_ms) / observed - 1).mean()),
        source=f"batches of {', '.join(f'{size:,.3g}' for size in sorted(groups))} items, {at_once(fewest)}",
    )


def at_once(calls: int) -> str:
    """Say how many calls are under way."""
    return "one at a time" if calls == 1 else f"{calls:,} at once"
