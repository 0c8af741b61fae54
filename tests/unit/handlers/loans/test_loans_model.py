"""The model against the generator's truth, closed forms and a plain second implementation."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.common.failures import EmptyObject, NotCsv
from handlers.loans.draws import Fortunes, common_factor
from handlers.loans.failures import InvalidLoan
from handlers.loans.loan import loans_of
from handlers.loans.portfolio import PARTS, balance, exposures, retail_correlation
from handlers.loans.simulation import simulate
from tests.unit.handlers.loans.portfolios import AS_OF, equal, exposed, generated, taken

NORMAL = NormalDist()
HEADER = b"AccountID,ZipCode,Rate,Payment,LoanAmount,LoanTerm,OriginationDate,GrossIncome\r\n"
ROW = b"4100023,00614,12.99,505.34,15000,36,04/02/2024,70000\r\n"


@pytest.mark.parametrize("preset", ["consumer", "mortgage"])
def test_probabilities_and_balances_are_those_of_the_generated_truth(preset):
    loans, truth = generated(5_000, preset)
    found = exposures(loans, AS_OF)
    assert (found.default_parts / PARTS == truth["default_probability"].to_numpy()).all()
    apart = np.abs(found.balance - np.rint(truth["balance"].to_numpy() * 100))
    assert apart.max() <= 1, "half a cent may be rounded up or down, no more"
    assert (apart == 0).mean() > 0.99
    assert (found.account == truth["account_id"].to_numpy()).all()


def test_a_loan_is_paid_back_at_the_end_of_its_term_and_free_loans_by_equal_parts():
    columns = {"rate": [1309, 0], "payment": [50_761, 10_000], "amount": [1_504_600, 360_000], "term": [36, 36]}
    given_ = {name: np.array(value) for name, value in columns.items()}
    assert balance(**given_, paid=np.array([36, 36])).tolist() == [0, 0]
    assert balance(**given_, paid=np.array([0, 12])).tolist() == [1_504_600, 240_000]
    assert abs(int(balance(**given_, paid=np.array([35, 35]))[0]) - 50_761 / (1 + 0.1309 / 12)) < 50


def test_correlations_are_basels():
    found = retail_correlation(np.array([0.001, 0.01, 0.05, 0.19]))
    assert found.round(4).tolist() == [0.1555, 0.1216, 0.0526, 0.0302]


def test_defaults_are_those_of_a_plain_implementation():
    some, scenarios = exposed(30), 3_000
    factor, fortunes = common_factor(5, scenarios), Fortunes(5, scenarios)
    losses = np.zeros(scenarios, dtype=np.int64)
    counts = []
    for n in range(30):
        account, rho = int(some.account[n]), float(some.correlation[n])
        high = fortunes.leading(account).tolist()
        level = NORMAL.inv_cdf(int(some.default_parts[n]) / PARTS)
        defaults = [
            (high[s] << 48 | fortunes.following(account, s)) / 2**64
            < NORMAL.cdf((level - sqrt(rho) * float(factor[s])) / sqrt(1 - rho))
            for s in range(scenarios)
        ]
        counts.append(sum(defaults))
        losses += int(some.loss[n]) * np.array(defaults)
    found = simulate(some, seed=5, scenarios=scenarios)
    assert found.defaults.tolist() == counts
    assert found.by_segment.sum(axis=0).tolist() == losses.tolist()


@pytest.mark.parametrize("scenario", [0, 17, 1_999])
def test_the_bits_that_follow_decide_where_the_leading_ones_are_on_the_limit(scenario):
    """A probability half way between two values of 16 bits: which side the loan is on is said by the next bit."""
    fortunes = Fortunes(3, 2_000)
    high, rest = int(fortunes.leading(1)[scenario]), fortunes.following(1, scenario)
    for share, expected in ((rest / 2**48 + 1e-4, True), (rest / 2**48 - 1e-4, False)):
        one = equal(1, probability=(high + share) / 2**16, correlation=0.0)
        defaulted = bool(simulate(one, seed=3, scenarios=2_000).by_segment[0][scenario])
        assert defaulted is expected


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_batches_of_any_size_in_any_order_add_up_to_the_whole(data):
    portfolio = equal(90, probability=0.05, correlation=0.1)._replace(loss=np.arange(90) * 977 + 1)
    order = np.array(data.draw(st.permutations(range(90))))
    cuts = sorted(data.draw(st.sets(st.integers(1, 89), max_size=8)))
    whole = simulate(portfolio, seed=9, scenarios=400)
    total, counts = np.zeros_like(whole.by_segment), np.zeros(90, dtype=np.int64)
    for which in np.split(order, cuts):
        found = simulate(taken(portfolio, which), seed=9, scenarios=400)
        total += found.by_segment
        counts[which] = found.defaults
    assert (total == whole.by_segment).all()
    assert (counts == whole.defaults).all()


def test_fewer_scenarios_are_the_first_of_more_and_seeds_differ():
    some = exposed(100)
    more = simulate(some, seed=1, scenarios=1_000).by_segment
    assert (more[:, :250] == simulate(some, seed=1, scenarios=250).by_segment).all()
    assert (more != simulate(some, seed=2, scenarios=1_000).by_segment).any()


@pytest.mark.parametrize(
    ("probability", "correlation", "closed"),
    [
        (0.05, 0.15, (0.03720, 0.10643, 0.20988)),
        (0.05, 0.04, (0.04660, 0.07822, 0.11431)),
        (0.01, 0.15, (0.00581, 0.02358, 0.06105)),
    ],
)
def test_quantiles_of_equal_loans_are_vasiceks(probability, correlation, closed):
    loans, scenarios = 2_000, 4_000
    found = simulate(equal(loans, probability=probability, correlation=correlation), seed=4, scenarios=scenarios)
    rates = np.sort(found.by_segment.sum(axis=0)) / (100 * loans)
    for quantile, expected in zip((0.5, 0.9, 0.99), closed, strict=True):
        spread = 4 * sqrt(quantile * (1 - quantile) / scenarios)  # of ranks: four deviations
        low, high = (rates[int(scenarios * min(max(quantile + side, 0), 0.9999))] for side in (-spread, spread))
        lumps = 3 * sqrt(expected / loans) / 4  # of a portfolio that is not infinitely fine
        assert low - lumps <= expected <= high + lumps
    assert abs(found.defaults.mean() / scenarios - probability) < 0.15 * probability


def test_a_factor_that_is_not_shared_keeps_the_mean_and_loses_the_tail():
    """What workers with a common factor each of their own would find: the tail test sees it."""
    portfolio = equal(2_000, probability=0.05, correlation=0.15)
    shared = np.sort(simulate(portfolio, seed=4, scenarios=2_000).by_segment.sum(axis=0)) / 200_000
    batches = [simulate(taken(portfolio, np.arange(n, n + 100)), seed=n, scenarios=2_000) for n in range(0, 2_000, 100)]
    apart = np.sort(sum(batch.by_segment.sum(axis=0) for batch in batches)) / 200_000
    assert abs(apart.mean() - shared.mean()) < 0.005
    assert apart[1_980] < 0.12 < 0.17 < shared[1_980], "the closed form is 20.988 % at 99 %"


def test_a_simulation_can_be_ended_between_blocks():
    class Ended(Exception):
        pass

    def end() -> None:
        raise Ended

    with pytest.raises(Ended):
        simulate(equal(65, probability=0.05, correlation=0.1), seed=1, scenarios=10, after_block=end)


def test_a_loan_is_read_whatever_the_order_of_the_columns():
    (plain,) = loans_of(HEADER + ROW)
    assert plain == (4_100_023, 1_299, 50_534, 1_500_000, 36, 2024 * 12 + 3, 7_000_000)
    turned = b"\n".join(b",".join(reversed(line.split(b","))) for line in (HEADER + ROW).splitlines())
    assert loans_of(turned) == [plain]
    assert loans_of(HEADER) == []


@pytest.mark.parametrize(
    ("data", "failure", "told"),
    [
        (b"", EmptyObject, "no bytes"),
        (b"\xff\xfe", NotCsv, "0xff"),
        (b"AccountID,Rate\n1,2\n", NotCsv, "names no column Payment"),
        (HEADER + b"1,2\n", NotCsv, "line 2 has 2 fields, the header 8"),
        (HEADER + ROW.replace(b"36", b"0"), InvalidLoan, "line 2: LoanTerm '0'"),
        (HEADER + ROW.replace(b"12.99", b"nan"), InvalidLoan, "Rate 'nan'"),
        (HEADER + ROW.replace(b"12.99", b"100.01"), InvalidLoan, "0 to 100"),
        (HEADER + ROW.replace(b",70000", b",0"), InvalidLoan, "GrossIncome '0'"),
        (HEADER + ROW.replace(b"04/02", b"13/02"), InvalidLoan, "OriginationDate '13/02/2024'"),
        (HEADER + ROW.replace(b"4100023", b"-1"), InvalidLoan, "AccountID '-1'"),
    ],
)
def test_what_is_no_loan_is_named_with_its_line(data, failure, told):
    with pytest.raises(failure, match=told):
        loans_of(data)
