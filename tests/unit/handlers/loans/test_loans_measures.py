"""Measures of risk: against distributions whose answers are known, and their intervals against repetition."""

from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest

from handlers.loans.failures import DifferentRuns
from handlers.loans.measures import histogram, measures, ranks, value_at_risk
from handlers.loans.report import report
from handlers.loans.simulation import simulate
from handlers.loans.tally import Tally, Terms, pack, tally, unpack
from tests.unit.handlers.loans.portfolios import equal, exposed, taken

TERMS = Terms(seed=1, scenarios=2_000, as_of="2026-03")


def tallied(portfolio, terms: Terms = TERMS) -> Tally:
    return tally(terms, portfolio, simulate(portfolio, seed=terms.seed, scenarios=terms.scenarios))


def test_measures_of_the_numbers_from_one_to_ten_thousand_are_the_obvious_ones():
    found = measures(np.random.default_rng(1).permutation(np.arange(1, 10_001)))
    assert found.mean.value == 5_000.5
    assert found.standard_deviation.value == pytest.approx(10_000 / 12**0.5, rel=1e-6)
    assert [tail.value_at_risk.value for tail in found.tails] == [9_500, 9_900, 9_990]
    assert [tail.expected_shortfall.value for tail in found.tails] == [9_750.5, 9_950.5, 9_995.5]


def test_shortfall_takes_its_part_of_the_loss_at_the_boundary():
    found = measures(np.arange(1, 31))  # 1.5 losses are beyond 95 %
    assert found.tails[0].expected_shortfall.value == pytest.approx((30 + 29 / 2) / 1.5)
    assert found.tails[0].expected_shortfall.low is None, "one loss beyond says nothing of its spread"


@pytest.mark.parametrize(
    ("count", "probability", "expected"), [(100, 0.5, (40, 61)), (10, 0.5, (2, 9)), (10, 0.99, (9, 11))]
)
def test_ranks_around_a_quantile_are_those_of_the_binomial(count, probability, expected):
    assert ranks(count, probability) == expected


def test_an_unbounded_interval_says_so():
    assert value_at_risk(np.arange(1, 11), 990).high is None


def test_intervals_cover_the_truth_as_often_as_they_promise():
    normal, runs = NormalDist(1e6, 1e5), 400
    random = np.random.default_rng(2)
    density = NormalDist().pdf(NormalDist().inv_cdf(0.95)) / 0.05
    truths = {"mean": 1e6, "deviation": 1e5, "var": normal.inv_cdf(0.95), "shortfall": 1e6 + 1e5 * density}
    covered = dict.fromkeys(truths, 0)
    for _ in range(runs):
        found = measures(np.rint(random.normal(1e6, 1e5, 2_000)).astype(np.int64))
        tail = found.tails[0]
        estimates = (found.mean, found.standard_deviation, tail.value_at_risk, tail.expected_shortfall)
        for (name, truth), estimate in zip(truths.items(), estimates, strict=True):
            assert estimate.low is not None
            assert estimate.high is not None
            covered[name] += estimate.low <= truth <= estimate.high
    assert all(0.91 * runs <= times <= 0.985 * runs for times in covered.values()), covered


def test_a_histogram_counts_every_loss_once():
    losses = np.array([0, 0, 1, 99, 100, 12_345])
    bars = histogram(losses)
    assert sum(bars.counts) == len(losses)
    assert len(bars.edges) == len(bars.counts) + 1
    assert bars.edges[-1] > 12_345
    assert histogram(np.zeros(3, dtype=np.int64)).counts[0] == 3


def test_a_tally_comes_back_from_its_bytes_and_adds_up_in_any_order():
    portfolio = exposed(300)
    whole = tallied(portfolio)
    parts = [tallied(taken(portfolio, which)) for which in np.array_split(np.arange(300), 5)]
    for order in ([0, 1, 2, 3, 4], [3, 1, 4, 0, 2]):
        first, *others = [unpack(pack(parts[n])) for n in order]
        for other in others:
            first.add(other)
        assert pack(first) == pack(whole), "to the last bit"


def test_a_tally_of_no_loans_adds_nothing():
    whole, none = tallied(exposed(50)), tallied(taken(exposed(50), np.array([], dtype=int)))
    before = pack(whole)
    whole.add(unpack(pack(none)))
    assert pack(whole) == before


@pytest.mark.parametrize("terms", [{"seed": 2}, {"scenarios": 1_000}, {"as_of": "2026-02"}])
def test_results_of_different_runs_do_not_add_up(terms):
    other = Terms(**{"seed": 1, "scenarios": 2_000, "as_of": "2026-03", **terms})
    with pytest.raises(DifferentRuns):
        tallied(exposed(10)).add(tallied(exposed(10), other))


def test_the_report_agrees_with_closed_forms():
    made = report(tallied(equal(3_000, probability=0.05, correlation=0.15)))["portfolio"]
    assert made["expected_loss"] == 150.0
    assert made["mean_loss"]["low"] <= 150 <= made["mean_loss"]["high"]
    closed = [tail["asymptotic_value_at_risk"] / 3_000 for tail in made["tails"]]
    assert closed[1:] == pytest.approx([0.20988, 0.31351], abs=1e-5), "Vasicek's quantiles at 99 and 99.9 %"
    for tail in made["tails"][:2]:
        found = tail["value_at_risk"]
        assert found["low"] - 15 <= tail["asymptotic_value_at_risk"] <= found["high"] + 15, "15 dollars: half a percent"
        assert tail["expected_shortfall"]["value"] > found["value"]


def test_a_mixed_portfolio_loses_what_the_closed_form_says_in_all_and_by_segment():
    made = report(tallied(exposed(2_000)))
    for part in (made["portfolio"], *made["terms"].values(), *made["incomes"].values()):
        low, high = made["portfolio"]["mean_loss"]["low"], made["portfolio"]["mean_loss"]["high"]
        slack = (high - low) / 2 * part["expected_loss"] / made["portfolio"]["expected_loss"]
        assert part["mean_loss"]["low"] - slack <= part["expected_loss"] <= part["mean_loss"]["high"] + slack
    assert sum(part["loans"] for part in made["segments"].values()) == 2_000
    assert sum(part["loans"] for part in made["terms"].values()) == 2_000
    assert sum(made["histogram"]["counts"]) == 2_000
    share = made["portfolio"]["expected_loss"] / made["portfolio"]["balance"]
    assert 0.015 < share < 0.03
    json.dumps(made)
