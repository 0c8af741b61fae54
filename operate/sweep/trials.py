"""Which trials a sweep makes, and making them: in rounds, each kept once it is done, a failing setting given up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from operate import text
from operate.sweep.runs import Run, Runner, TrialFailedError, children_words

if TYPE_CHECKING:
    from operate.sweep.fit import LocalModel
    from operate.sweep.grid import Setting
    from operate.sweep.store import Store

SMALL = 4  # the smaller trials have a quarter of the items


@dataclass(frozen=True, kw_only=True)
class Trials:
    """The runs that succeeded, and why the other settings have none."""

    runs: tuple[Run, ...]
    failures: dict[Setting, str]


def make(
    sizes: Iterable[tuple[Setting, int]],
    *,
    repeat: int,
    name: str,
    runner: Runner,
    store: Store,
    tell: Callable[[str], None],
) -> Trials:
    """Run every setting at its sizes until each has ``repeat`` runs, the kept ones counted.

    All are run once before any is run again, so that what disturbs the machine for a while does not fall on one of
    them alone. A setting whose trial fails is run no more.
    """
    wanted = list(dict.fromkeys(sizes))
    failures: dict[Setting, str] = {}
    for turn in range(repeat):
        for number, (setting, items) in enumerate(wanted, start=1):
            if setting in failures or len(store.of(setting, items)) > turn:
                continue
            label = f"{name} {turn * len(wanted) + number} of {repeat * len(wanted)}: {setting}, {items:,} items"
            try:
                run = runner.run(setting, items)
            except TrialFailedError as error:
                failures[setting] = str(error)
                tell(f"{label}: failed, this point is given up: {error}")
                continue
            store.add(run)
            tell(f"{label}: {text.seconds(run.seconds)}, {children_words(run.children)}")
    runs = [run for setting, items in wanted if setting not in failures for run in store.of(setting, items)[:repeat]]
    return Trials(runs=tuple(runs), failures=failures)


def sizes(settings: Sequence[Setting], trial_items: int) -> list[tuple[Setting, int]]:
    """Every setting with the items of a trial; each type and batch size with a quarter of them, one child at a time.

    The smaller ones tell the start of a run from its work, and what a function takes when nothing disturbs it.
    """
    alone = dict.fromkeys(replace(setting, max_concurrency=1) for setting in settings)
    quarter = max(1, trial_items // SMALL)
    return [(setting, quarter) for setting in alone] + [(setting, trial_items) for setting in settings]


def to_check(settings: Sequence[Setting], models: Mapping[str, LocalModel], items: int) -> list[Setting]:
    """For each execution type, the settings that are predicted to be the fastest and the slowest."""
    by_type: dict[str, list[Setting]] = {}
    for setting in sorted(settings, key=lambda setting: models[setting.execution_type].seconds(setting, items)):
        by_type.setdefault(setting.execution_type, []).append(setting)
    return [setting for own in by_type.values() for setting in dict.fromkeys((own[0], own[-1]))]
