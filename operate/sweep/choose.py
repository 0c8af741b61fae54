"""Which point to take: the Pareto front of seconds and dollars on AWS, and one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operate import text
from operate.sweep.grid import Setting
from operate.sweep.result import Estimate, Recommendation
from operate.sweep.runs import children_words, lanes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

EXPRESS = "EXPRESS"
WORTH_NAMING = 0.99  # of the seconds or dollars: a point that saves less is as good


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """What a run may take and cost on AWS, and how many children may run at once; None is no limit.

    ``account_concurrency`` is what the account lets functions run at once, ``downstream_limit`` how many callers at
    once the services behind the children take.
    """

    max_seconds: float | None = None
    max_usd: float | None = None
    account_concurrency: int | None = None
    downstream_limit: int | None = None

    def words(self) -> str:
        """Say what was asked for; empty without any constraint."""
        said = [rule.asked for rule in _rules(self) if rule.asked]
        return ", ".join(said)


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """One thing that a point must keep; ``asked`` is empty for what holds in any case."""

    asked: str
    measure: Callable[[Estimate], float]
    limit: float
    short: Callable[[Estimate], str]

    def keeps(self, estimate: Estimate) -> bool:
        return self.measure(estimate) <= self.limit


def front(estimates: Sequence[Estimate]) -> tuple[int, ...]:
    """The indices of the estimates that no other one beats, in their order.

    One beats another when it takes no longer, costs no more, and is better in one of the two. EXPRESS children that
    may not end within their five minutes take no part.
    """
    able = [index for index, estimate in enumerate(estimates) if _able(estimate)]
    by_seconds = sorted(able, key=lambda index: (estimates[index].aws_seconds, estimates[index].aws_usd))
    kept: list[int] = []
    for index in by_seconds:
        each = estimates[index]
        if not kept or each.aws_usd < estimates[kept[-1]].aws_usd or _same(each, estimates[kept[-1]]):
            kept.append(index)
    return tuple(sorted(kept))


def recommend(estimates: Sequence[Estimate], constraints: Constraints, *, noun: str) -> Recommendation:
    """Choose a point: the cheapest within ``max_seconds``, else the fastest within ``max_usd``.

    Without either it is the point with the least product of seconds and dollars: one that is k times faster costs
    at least k times as much, and one that is k times cheaper takes at least k times as long. Of points within 1 %
    of it in both, the one with the fewest children at once is taken. ``noun`` is what the items are: `object`.
    """
    left = list(range(len(estimates)))
    for rule in _rules(constraints):
        kept = [index for index in left if rule.keeps(estimates[index])]
        if not kept:
            return _none_fits(estimates, left, rule, constraints)
        left = kept
    best = _narrowest(estimates, left, min(left, key=_preference(estimates, constraints)))
    able = [index for index, each in enumerate(estimates) if all(rule.keeps(each) for rule in _hard(constraints))]
    chosen = estimates[best]
    sentence = (
        f"{point_words(chosen)}: {text.seconds(chosen.aws_seconds)}, {text.usd(chosen.aws_usd)}"
        f" for {text.counted(chosen.items, noun)}; {_next_best([estimates[index] for index in able], chosen)}"
    )
    return Recommendation(index=best, sentence=sentence, constraint=constraints.words())


def point_words(estimate: Estimate) -> str:
    """Say a point as a person would: `batch 500, concurrency 200, EXPRESS, 1,769 MB`."""
    point = estimate.point
    at_once = f"concurrency {point.max_concurrency:,}" if point.max_concurrency else "no concurrency limit"
    memory = f", {point.memory_mb:,} MB" if point.memory_mb else ""
    return f"batch {point.batch_size:,}, {at_once}, {point.execution_type}{memory}"


def children_at_once(estimate: Estimate) -> int:
    """How many children run at the same time."""
    point = estimate.point
    setting = Setting(
        execution_type=point.execution_type, batch_size=point.batch_size, max_concurrency=point.max_concurrency
    )
    return lanes_of(setting, estimate.items)


def _preference(estimates: Sequence[Estimate], constraints: Constraints) -> Callable[[int], tuple[float, float]]:
    """The less the better."""

    def of(index: int) -> tuple[float, float]:
        each = estimates[index]
        if constraints.max_seconds is not None:
            return each.aws_usd, each.aws_seconds
        if constraints.max_usd is not None:
            return each.aws_seconds, each.aws_usd
        return each.aws_seconds * each.aws_usd, each.aws_seconds

    return of


def _narrowest(estimates: Sequence[Estimate], among: Sequence[int], best: int) -> int:
    """Of the points that are as good as the best one, the one that runs the fewest children at once."""
    seconds, usd = estimates[best].aws_seconds / WORTH_NAMING, estimates[best].aws_usd / WORTH_NAMING
    equal = [index for index in among if estimates[index].aws_seconds <= seconds and estimates[index].aws_usd <= usd]
    return min(equal, key=lambda index: children_at_once(estimates[index]))


def _next_best(able: Iterable[Estimate], chosen: Estimate) -> str:
    others = list(able)
    cheaper = [each for each in others if each.aws_usd < WORTH_NAMING * chosen.aws_usd]
    if cheaper:
        other = min(cheaper, key=lambda each: each.aws_seconds)
        times = other.aws_seconds / chosen.aws_seconds
        return f"the next cheaper ({text.usd(other.aws_usd)}) takes {_times(times)} the time"
    faster = [each for each in others if each.aws_seconds < WORTH_NAMING * chosen.aws_seconds]
    if faster:
        other = min(faster, key=lambda each: each.aws_usd)
        times = other.aws_usd / chosen.aws_usd
        return f"nothing is clearly cheaper, the next faster ({text.seconds(other.aws_seconds)}) costs {_times(times)}"
    return "nothing is clearly faster or cheaper"


def _times(ratio: float) -> str:
    return f"{ratio:.1f}x" if ratio >= 1.1 else f"{ratio:.2f}x"


def _none_fits(
    estimates: Sequence[Estimate], left: Sequence[int], rule: _Rule, constraints: Constraints
) -> Recommendation:
    """Say which constraint leaves no point, and how far the nearest one is from it."""
    nearest = min((estimates[index] for index in left), key=rule.measure)
    before = (
        ""
        if len(left) == len(estimates)
        else f", of the {len(left)} (of {len(estimates)}) points that keep the other limits"
    )
    sentence = f"no point fits: {rule.short(nearest)}{before} ({point_words(nearest)})"
    return Recommendation(index=None, sentence=sentence, constraint=rule.asked or constraints.words())


def _able(estimate: Estimate) -> bool:
    return _EXPRESS_ENDS.keeps(estimate)


def _same(one: Estimate, other: Estimate) -> bool:
    return (one.aws_seconds, one.aws_usd) == (other.aws_seconds, other.aws_usd)


_EXPRESS_ENDS = _Rule(
    asked="",
    measure=lambda each: (
        0.0 if each.point.execution_type != EXPRESS or each.express.allowed else each.express.longest_seconds
    ),
    limit=0.0,
    short=lambda each: (
        f"the shortest EXPRESS children may take {text.seconds(each.longest_child_seconds)},"
        f" too near to their limit of 5 min"
    ),
)


def _hard(constraints: Constraints) -> list[_Rule]:
    """What makes a point wrong, not only slow or dear."""
    rules = [_EXPRESS_ENDS]
    for limit, option in (
        (constraints.account_concurrency, "account concurrency"),
        (constraints.downstream_limit, "downstream limit"),
    ):
        if limit is not None:
            rules.append(_at_once(limit, option))
    return rules


def _at_once(limit: int, name: str) -> _Rule:
    return _Rule(
        asked=f"{name} {limit:,}",
        measure=children_at_once,
        limit=limit,
        short=lambda each: (
            f"the least that run at once are {children_words(children_at_once(each))}, {name} {limit:,}"
            f" is exceeded by {children_at_once(each) - limit:,}"
        ),
    )


def _rules(constraints: Constraints) -> list[_Rule]:
    rules = _hard(constraints)
    if constraints.max_seconds is not None:
        seconds = constraints.max_seconds
        rules.append(
            _Rule(
                asked=f"{text.seconds(seconds)} at most",
                measure=lambda each: each.aws_seconds,
                limit=seconds,
                short=lambda each: (
                    f"the fastest takes {text.seconds(each.aws_seconds)},"
                    f" {text.seconds(each.aws_seconds - seconds)} more than {text.seconds(seconds)}"
                ),
            )
        )
    if constraints.max_usd is not None:
        usd = constraints.max_usd
        rules.append(
            _Rule(
                asked=f"{text.usd(usd)} at most",
                measure=lambda each: each.aws_usd,
                limit=usd,
                short=lambda each: (
                    f"the cheapest costs {text.usd(each.aws_usd)},"
                    f" {text.usd(each.aws_usd - usd)} more than {text.usd(usd)}"
                ),
            )
        )
    return rules
