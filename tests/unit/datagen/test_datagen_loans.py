"""Loans satisfy the amortisation identity, and follow the portfolios that they stand for."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import numpy as np
import pytest

from datagen import loans, numbers
from datagen.dataset import Spec
from datagen.loan_terms import balance, default_probability, payment
from datagen.loan_terms import loans as drawn

COUNT = 40_000


def spec(count=COUNT, **parameters):
    return Spec(seed=1, count=count, parameters={"preset": "consumer", "batch": 1, **parameters})


def rows_of(body):
    return list(csv.DictReader(StringIO(body.data.decode(), newline="")))


@pytest.fixture(scope="module")
def consumer():
    return drawn(1, "consumer", 0, COUNT)


@pytest.fixture(scope="module")
def mortgage():
    return drawn(1, "mortgage", 0, COUNT)


def test_an_object_is_what_the_csv_module_writes():
    body = loans.make(spec(), 0, 1).bodies[0]
    (row,) = rows_of(body)
    written = StringIO(newline="")
    writer = csv.DictWriter(written, row)
    writer.writeheader()
    writer.writerow(row)
    assert body.data == written.getvalue().encode()
    assert list(row) == [
        *("AccountID", "ZipCode", "Rate", "Payment", "LoanAmount", "LoanTerm", "OriginationDate", "GrossIncome"),
    ]
    assert 120 < len(body.data) < 150, "the original has about 135 bytes"


def test_keys_are_numbered_from_one():
    assert [body.key for body in loans.make(spec(), 0, 2).bodies] == ["data-gen-000001.csv", "data-gen-000002.csv"]
    assert loans.make(spec(count=2_000_000), 999_999, 1_000_000).bodies[0].key == "data-gen-1000000.csv"


def test_the_check_values_of_the_identity():
    # Published examples: 15,046 at 13.09 % over 36 months, 300,000 at 6.5 % over 360.
    cents = payment(np.array([15_046, 300_000]), np.array([1_309, 650]), np.array([36, 360]))
    assert cents.tolist() == [50_761, 189_620]


@pytest.mark.parametrize("preset", ["consumer", "mortgage"])
def test_every_row_satisfies_the_identity_to_the_half_cent(preset):
    for body in loans.make(spec(preset=preset, batch=1_000), 0, 3_000).bodies:
        for row in rows_of(body):
            monthly = Decimal(row["Rate"]) / 1200
            exact = Decimal(row["LoanAmount"]) * monthly / (1 - (1 + monthly) ** -int(row["LoanTerm"]))
            assert abs(exact - Decimal(row["Payment"])) <= Decimal("0.0050001"), row


def test_the_balance_is_what_month_by_month_book_keeping_leaves(consumer):
    left = balance(consumer)
    for number in range(200):
        owed = Decimal(int(consumer.amount[number]))
        for _ in range(int(consumer.age[number])):
            owed += owed * Decimal(int(consumer.rate[number])) / 120_000
            owed -= Decimal(int(consumer.payment[number])) / 100
        assert float(owed) == pytest.approx(left[number], abs=1e-4)


def test_account_ids_are_unique_and_have_seven_digits(consumer):
    assert len(np.unique(consumer.account)) == COUNT
    assert consumer.account.min() >= 1_000_000
    assert consumer.account.max() <= 9_999_999


def test_zip_codes_keep_their_leading_zeros():
    rows = [row for body in loans.make(spec(batch=1_000), 0, 2_000).bodies for row in rows_of(body)]
    assert all(len(row["ZipCode"]) == 5 and 501 <= int(row["ZipCode"]) <= 99_950 for row in rows)
    assert any(row["ZipCode"].startswith("0") for row in rows)


def test_loans_are_still_running_at_the_day_of_the_data(consumer):
    assert (consumer.age < consumer.term).all()
    assert consumer.age.min() == 0
    rows = rows_of(loans.make(spec(batch=1_000), 0, 1_000).bodies[0])
    for row in rows:
        month, day, year = map(int, row["OriginationDate"].split("/"))
        assert date(year, month, day) <= date(2026, 3, 31)
        assert row["OriginationDate"] == f"{month:02d}/{day:02d}/{year}"


def test_consumer_amounts_follow_lendingclub(consumer):
    amount = consumer.amount
    assert amount.min() >= 500
    assert amount.max() <= 40_000
    assert (amount % 25 == 0).all()
    quantiles = {0.05: 3_250, 0.1: 5_000, 0.25: 8_000, 0.5: 12_900, 0.75: 20_000, 0.9: 30_000, 0.95: 35_000}
    for probability, value in quantiles.items():
        assert np.quantile(amount, probability) == pytest.approx(value, rel=0.03), probability
    assert np.mean(amount == 10_000) == pytest.approx(0.083, abs=0.01), "the mode"
    assert amount.mean() == pytest.approx(15_047, rel=0.03)


def test_consumer_incomes_rates_and_terms_follow_lendingclub(consumer):
    assert np.median(consumer.income) == pytest.approx(69_959, rel=0.02)
    assert consumer.income.mean() == pytest.approx(79_563, rel=0.02)
    assert np.quantile(consumer.income, 0.01) == pytest.approx(20_000, rel=0.15)
    assert np.median(consumer.rate) / 10_000 == pytest.approx(0.12, abs=0.002)
    assert consumer.rate.mean() / 10_000 == pytest.approx(0.13, abs=0.004)
    assert np.quantile(consumer.rate, 0.01) / 10_000 == pytest.approx(0.05, abs=0.007)
    assert np.quantile(consumer.rate, 0.99) / 10_000 == pytest.approx(0.27, abs=0.01)
    assert np.mean(consumer.term == 60) == pytest.approx(0.27, abs=0.012)
    assert set(consumer.term.tolist()) == {36, 60}
    burden = consumer.payment * 12 / 100 / consumer.income
    assert burden.mean() == pytest.approx(0.079, abs=0.005)


def test_income_goes_with_amount_as_in_a_gaussian_copula_of_045(consumer):
    def ranks(values):
        return np.argsort(np.argsort(values, kind="stable"), kind="stable")

    spearman = np.corrcoef(ranks(consumer.amount), ranks(consumer.income))[0, 1]
    # Closed form: 6 / pi * asin(rho / 2).
    assert spearman == pytest.approx(6 / np.pi * np.arcsin(0.45 / 2), abs=0.02)


def test_mortgages_follow_the_purchase_loans_of_2024(mortgage):
    assert mortgage.amount.mean() == pytest.approx(385_886, rel=0.02)
    assert np.std(np.log(mortgage.amount)) == pytest.approx(0.6, abs=0.02)
    assert np.mean(mortgage.term == 360) == pytest.approx(0.923, abs=0.007)
    assert mortgage.rate.min() >= 600
    assert mortgage.rate.max() <= 750
    assert np.allclose(mortgage.income, mortgage.amount / 3.2, atol=0.51)


def test_probabilities_of_default_average_five_percent(consumer):
    probability = default_probability(consumer)
    # Solved for on 200,000 loans: mean 5 %, quantiles 2.7, 4.4 and 11.1 %.
    assert probability.mean() == pytest.approx(0.05, abs=0.001)
    assert np.quantile(probability, [0.01, 0.5, 0.99]) == pytest.approx([0.027, 0.044, 0.111], rel=0.06)


def test_truth_has_the_fields_of_the_objects():
    part = loans.make(spec(), 0, 300)
    for body, known in zip(part.bodies, part.truth["loans"].to_dicts(), strict=True):
        (row,) = rows_of(body)
        month, day, year = map(int, row["OriginationDate"].split("/"))
        assert known["key"] == body.key
        assert (known["account_id"], known["zip_code"]) == (int(row["AccountID"]), row["ZipCode"])
        assert (known["rate_percent"], known["payment"]) == (float(row["Rate"]), float(row["Payment"]))
        assert (known["amount"], known["term"]) == (int(row["LoanAmount"]), int(row["LoanTerm"]))
        assert (known["origination"], known["income"]) == (date(year, month, day), int(row["GrossIncome"]))
        assert 0 < known["default_probability"] < 1
        assert 0 < known["balance"] <= known["amount"]


def test_batches_hold_the_same_loans():
    single = loans.make(spec(count=25), 0, 25).bodies
    batched = loans.make(spec(count=25, batch=10), 0, 25)
    assert [body.key for body in batched.bodies] == [
        "data-gen-000001-000010.csv",
        "data-gen-000011-000020.csv",
        "data-gen-000021-000025.csv",
    ]
    assert [row for body in batched.bodies for row in rows_of(body)] == [rows_of(body)[0] for body in single]
    assert batched.truth["loans"]["key"].to_list()[9:11] == ["data-gen-000001-000010.csv", "data-gen-000011-000020.csv"]


def test_numbers_are_one_a_line_from_one_on():
    assert numbers.make(spec(3), 0, 3).bodies[0].data == b"number\n1\n2\n3\n"
    assert numbers.make(spec(5), 3, 5).bodies[0].data == b"4\n5\n"
