"""What trials say of larger runs: time as a sum of parts that are never negative, by least squares."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from operate.plan.workload import MAX_CHILDREN
from operate.sweep.result import Calibration
from operate.sweep.runs import Run, children_of, grouped

if TYPE_CHECKING:
    from operate.sweep.grid import Setting

Floats: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

MS = 1_000
SAME = 1e-9  # relative squared residuals that differ by less are equally good


def nonnegative_least_squares(columns: Floats, observed: Floats) -> Floats:
    """Coefficients of 0 or more that bring ``columns @ coefficients`` closest to ``observed``, relative to it.

    ``columns`` has a row for each observation (all above 0) and few columns: every subset of them is tried, and of
    equally good ones the smallest is taken, so that what cannot be told apart is not split at will.
    """
    rows, width = columns.shape
    weighted, target = columns / observed[:, None], np.ones(rows)
    best, best_residual = np.zeros(width), float(rows)
    for size in range(1, min(rows, width) + 1):
        for chosen in itertools.combinations(range(width), size):
            part = weighted[:, chosen]
            found, _, rank, _ = np.linalg.lstsq(part, target, rcond=None)
            if rank < size or (found < 0).any():
                continue
            residual = float(((part @ found - target) ** 2).sum())
            if residual < best_residual - SAME:
                best, best_residual = np.zeros(width), residual
                best[list(chosen)] = found
    return best


@dataclass(frozen=True, kw_only=True)
class LocalModel:
    """Seconds of a run on the stack that the trials ran on, for one execution type and batch size.

    seconds = start + items x a + waves x b, where waves are the children that run one after the other, each of
    ``batch`` items at most.
    """

    coefficients: tuple[float, ...]
    batch: float

    @classmethod
    def of(cls, runs: Sequence[Run]) -> LocalModel:
        """Fit the medians of the trials of one execution type and batch size."""
        batch = _batch_in_fact(runs)
        groups = grouped(runs)
        observed = np.array([statistics.median(run.seconds for run in each) for each in groups.values()])
        columns = np.array([_terms(batch, setting, items) for setting, items in groups])
        return cls(coefficients=tuple(nonnegative_least_squares(columns, observed).tolist()), batch=batch)

    def seconds(self, setting: Setting, items: int) -> float:
        """What a run of ``items`` items takes."""
        terms = _terms(self.batch, setting, items)
        return sum(each * term for each, term in zip(self.coefficients, terms, strict=True))


def local_models(runs: Sequence[Run]) -> dict[tuple[str, int], LocalModel]:
    """A model for each execution type and batch size that has trials."""
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault(model_key(run.setting), []).append(run)
    return {key: LocalModel.of(each) for key, each in groups.items()}


def model_key(setting: Setting) -> tuple[str, int]:
    """Which model speaks of a setting."""
    return setting.execution_type, setting.batch_size


def _batch_in_fact(runs: Sequence[Run]) -> float:
    """The items of a full batch: the batch size, unless the payload quota ended batches before."""
    ended_early = [run.items / run.children for run in runs if run.children > children_of(run.setting, run.items)]
    return max(ended_early, default=float(runs[0].setting.batch_size))


def _terms(batch: float, setting: Setting, items: int) -> tuple[float, ...]:
    children = math.ceil(items / batch)
    lanes = min(children, setting.max_concurrency or MAX_CHILDREN)
    return 1.0, float(items), float(math.ceil(children / lanes))


def calibrate(runs: Sequence[Run]) -> Calibration | None:
    """Fit the function's time to batches and items; None when no function ran.

    Of the trials with the same batch size the one with the least concurrency counts, where calls least disturb
    each other. One batch size alone cannot tell batches from items: all time is then the items'.
    """
    groups = [each for each in grouped(runs).values() if each[0].invocations]
    if not groups:
        return None
    sizes: dict[float, list[Run]] = {}
    for each in sorted(groups, key=lambda each: each[0].setting.max_concurrency or MAX_CHILDREN):
        sizes.setdefault(each[0].items / each[0].invocations, each)
    observed = np.array(
        [MS * statistics.median(run.function_seconds / run.invocations for run in each) for each in sizes.values()]
    )
    per_batch = np.array(list(sizes))
    columns = np.column_stack([np.ones_like(per_batch), per_batch]) if len(sizes) > 1 else per_batch[:, None]
    found = nonnegative_least_squares(columns, observed)
    deviation = np.abs(columns @ found / observed - 1).mean()
    return Calibration(
        fixed_ms=float(found[0]) if len(sizes) > 1 else 0.0,
        item_ms=float(found[-1]),
        error=float(deviation),
        source="batches of " + ", ".join(f"{size:,.3g}" for size in sorted(sizes)) + " items",
    )
