"""Runs cases against one fresh server and judges each."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.conformance import changes, scope
from tests.conformance.answers import answer
from tests.conformance.compare import Difference, differences
from tests.conformance.placeholders import Bindings
from tests.conformance.replay import Replay, ReplayError
from tests.conformance.world import World, world

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.cases import Case

WORKERS = 16  # most of a case's time is waiting

Verdict = Literal["passed", "failed", "out of scope"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The verdict on one case. ``differences`` tell why a case failed, and of one out of scope how it answers."""

    case: Case
    verdict: Verdict
    differences: tuple[Difference, ...]
    reason: str | None
    seconds: float


def run(cases: list[Case], *, done: Callable[[Result], None] = lambda result: None) -> list[Result]:
    """Replay all cases against a fresh server, several at a time; results in the order of the cases."""
    with world() as here, ThreadPoolExecutor(WORKERS) as pool:

        def judged(case: Case) -> Result:
            result = judge(case, here)
            done(result)
            return result

        return list(pool.map(judged, cases))


def judge(case: Case, world: World) -> Result:
    """Replay one case and compare each of its answers."""
    begin = time.monotonic()
    found = tuple(_differences(case, world))
    reason = scope.reason(case.title)
    return Result(
        case=case,
        verdict="out of scope" if reason else "failed" if found else "passed",
        differences=found,
        reason=reason,
        seconds=time.monotonic() - begin,
    )


def _differences(case: Case, world: World) -> list[Difference]:
    replay = Replay(case, world)
    bindings = Bindings()
    found: list[Difference] = []
    for name, recorded in case.answers.items():
        try:
            got = answer(replay, name, recorded)
        except ReplayError as error:
            return [*found, Difference(path=name, expected="an answer", got=str(error))]
        expected, got = changes.of_today(case, name, recorded, got)
        found += differences(expected, got, bindings, name)
    replay.clean_up()
    return found
