"""`loans`: one CSV object a loan (or a batch of them), with a payment that fits amount, rate and term.

Truth: the same fields as numbers, the balance that is left, and a probability of default.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import repeat

import numpy as np
import polars as pl

from datagen.dataset import Body, DataSet, Parameter, Part, Size, Spec
from datagen.loan_terms import (
    ACCOUNTS,
    AS_OF,
    BLOCK,
    CENTS,
    DAYS_OF_MONTH,
    Loans,
    balance,
    default_probability,
    loans,
)

HEADER = "AccountID,ZipCode,Rate,Payment,LoanAmount,LoanTerm,OriginationDate,GrossIncome\r\n"
BYTES_A_LOAN = 55.0
MONTHS_BACK = 512  # terms are shorter
FIRST_MONTH = AS_OF - MONTHS_BACK
MOST_IN_OBJECT = 100_000


@cache
def _hundredths() -> pl.Series:
    """0.00 to 99.99."""
    return pl.Series([f"{number // 100}.{number % 100:02d}" for number in range(10_000)])


@cache
def _cents() -> pl.Series:
    return pl.Series([f".{number:02d}" for number in range(CENTS)])


@cache
def _zip_codes() -> pl.Series:
    return pl.Series([f"{number:05d}" for number in range(100_000)])


@cache
def _dates() -> pl.Series:
    """Month by month, as many days each as a loan may begin on, in the American order."""
    months = [FIRST_MONTH + number for number in range(MONTHS_BACK + 1)]
    return pl.Series(
        [f"{str(month)[5:]}/{day:02d}/{str(month)[:4]}" for month in months for day in range(1, DAYS_OF_MONTH + 1)]
    )


def to_csv(made: Loans, header: str) -> list[bytes]:
    """Each loan as a line of CSV after the header, with the line ends that Python's csv module writes."""
    date = (made.month - FIRST_MONTH).astype(np.int64) * DAYS_OF_MONTH + made.day - 1
    table = pl.DataFrame(
        [
            pl.Series("account", made.account),
            _zip_codes().gather(made.zip_code).alias("zip"),
            _hundredths().gather(made.rate).alias("rate"),
            pl.Series("dollars", made.payment // CENTS),
            _cents().gather(made.payment % CENTS).alias("cents"),
            pl.Series("amount", made.amount),
            pl.Series("term", made.term),
            _dates().gather(date).alias("date"),
            pl.Series("income", made.income),
        ]
    )
    line = pl.format(header + "{},{},{},{}{},{},{},{},{}\r\n", *table.columns)
    lines: list[bytes] = table.select(line.cast(pl.Binary)).to_series().to_list()
    return lines


def key_of(first: int, last: int) -> str:
    """The key of a batch with the loans [first, last), counted from one."""
    return f"data-gen-{first + 1:06d}-{last:06d}.csv"


def make(spec: Spec, first: int, last: int) -> Part:
    """The objects of the loans [first, last)."""
    made = loans(spec.seed, str(spec.parameters["preset"]), first, last)
    step = int(spec.parameters["batch"])
    if step == 1:
        keys = pl.format("data-gen-{}.csv", pl.int_range(first + 1, last + 1).cast(pl.String).str.zfill(6))
        names = pl.select(keys).to_series()
        bodies = list(map(Body, names.to_list(), to_csv(made, HEADER), repeat(1)))
    else:
        lines, header = to_csv(made, ""), HEADER.encode()
        starts = range(0, len(lines), step)
        batches = [lines[start : start + step] for start in starts]
        bodies = [
            Body(key_of(first + start, first + start + len(batch)), header + b"".join(batch), len(batch))
            for start, batch in zip(starts, batches, strict=True)
        ]
        names = pl.Series([body.key for body in bodies for _ in range(body.rows)])
    return Part(bodies=bodies, truth={"loans": _truth(names, made)})


def _truth(keys: pl.Series, made: Loans) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": keys,
            "account_id": made.account,
            "zip_code": _zip_codes().gather(made.zip_code),
            "rate_percent": made.rate / 100,
            "payment": made.payment / CENTS,
            "amount": made.amount,
            "term": made.term,
            "origination": (made.month.astype("datetime64[D]") + (made.day - 1)).astype("datetime64[D]"),
            "income": made.income,
            "age_months": made.age,
            "balance": balance(made).round(2),
            "default_probability": default_probability(made),
        }
    )


def _size(spec: Spec) -> Size:
    objects = -(-spec.count // int(spec.parameters["batch"]))
    return Size(objects=objects, rows=spec.count, bytes=int(spec.count * BYTES_A_LOAN) + objects * len(HEADER))


def _shard(spec: Spec) -> int:
    """Whole batches, about a block of random bits."""
    batch = int(spec.parameters["batch"])
    return -(-BLOCK // batch) * batch


DATA_SET = DataSet(
    name="loans",
    title="loans, one CSV object each",
    version=1,
    record="loans",
    counts={"tiny": 100, "demo": 20_000, "full": 500_000},
    maximum=ACCOUNTS,
    parameters=(
        Parameter(
            name="preset",
            default="consumer",
            choices=("consumer", "mortgage"),
            help="Kind of loan: consumer or mortgage.",
        ),
        Parameter(name="batch", default=1, minimum=1, maximum=MOST_IN_OBJECT, help="Loans in an object."),
    ),
    key_pattern=re.compile(r"data-gen-\d{6,7}(-\d{6,7})?\.csv"),
    single_object=None,
    parallel="processes",
    shard=_shard,
    size=_size,
    make=make,
)
