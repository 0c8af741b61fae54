"""Checks of `loans`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from datagen.checks.check import Check, Read, none_odd, same, share, within
from datagen.dataset import Spec

HEADER = b"AccountID,ZipCode,Rate,Payment,LoanAmount,LoanTerm,OriginationDate,GrossIncome\r\n"
SCHEMA = {
    "AccountID": pl.Int64,
    "ZipCode": pl.String,
    "Rate": pl.String,
    "Payment": pl.String,
    "LoanAmount": pl.Int64,
    "LoanTerm": pl.Int64,
    "OriginationDate": pl.String,
    "GrossIncome": pl.Int64,
}
SAMPLE_LOANS = 10_000
HALF_CENT = Decimal("0.005000001")  # a payment is rounded to whole cents


class _Checks:
    """Parses every loan, recomputes its payment with decimal numbers, and looks at the portfolio as a whole."""

    def facts(self, batch: Sequence[Read]) -> pl.DataFrame:
        """One row a loan."""
        bodies = [each.data.removeprefix(HEADER) for each in batch]
        table = pl.read_csv(b"".join(bodies), has_header=False, schema=SCHEMA, eol_char="\n")
        keys = [each.key for each, body in zip(batch, bodies, strict=True) for _ in range(body.count(b"\r\n"))]
        headless = {each.key for each in batch if not each.data.startswith(HEADER)}
        return table.with_columns(
            pl.Series("key", keys),
            pl.col("Rate").cast(pl.Float64),
            pl.col("Payment").cast(pl.Float64),
            pl.col("OriginationDate").str.to_date("%m/%d/%Y"),
            pl.Series("odd", [key in headless for key in keys]),
            pl.Series("off", [_off(*row) for row in table.select(IDENTITY).iter_rows()]),
        )

    def judge(self, spec: Spec, facts: pl.DataFrame, truth: Mapping[str, pl.DataFrame]) -> list[Check]:
        """The findings on all loans."""
        columns = dict(zip(facts.columns, TRUTH, strict=False))
        checks = [
            none_odd("objects have the header", facts.filter("odd")["key"].to_list(), len(facts)),
            none_odd("payment fits amount, rate and term", facts.filter("off")["key"].to_list(), len(facts)),
            none_odd(
                "zip codes have five characters",
                facts.filter(pl.col("ZipCode").str.len_chars() != 5)["key"].to_list(),
                len(facts),
            ),
            Check(
                name="account ids are unique",
                ok=facts["AccountID"].n_unique() == len(facts),
                detail=f"{facts['AccountID'].n_unique():,} of {len(facts):,}",
            ),
            same("fields are the truth", facts.rename(columns).select(TRUTH), truth["loans"], ["account_id"]),
        ]
        if len(facts) < SAMPLE_LOANS:
            return checks
        if spec.parameters["preset"] == "mortgage":
            return [*checks, share("360 months", len(facts.filter(LoanTerm=360)), len(facts), 0.923)]
        default = truth["loans"].select(pl.col("default_probability").mean()).item()
        return [
            *checks,
            share("60 months", len(facts.filter(LoanTerm=60)), len(facts), 0.27),
            within("median amount", float(facts["LoanAmount"].quantile(0.5) or 0), 12_300, 13_500),
            within("median income", float(facts["GrossIncome"].quantile(0.5) or 0), 68_500, 71_500),
            within("mean probability of default in percent", 100 * float(default), 4.8, 5.3),
        ]


IDENTITY = ("LoanAmount", "Rate", "LoanTerm", "Payment")
TRUTH = (
    *("account_id", "zip_code", "rate_percent", "payment", "amount", "term", "origination", "income"),
    "key",
)


def _off(amount: int, rate: str, term: int, payment: str) -> bool:
    """Whether a payment is not the one that pays the loan back."""
    monthly = Decimal(rate) / 1200
    exact = Decimal(amount) * monthly / (1 - (1 + monthly) ** -term)
    return abs(exact - Decimal(payment)) > HALF_CENT


CHECKS = _Checks()
