"""`numbers`: the list of loan numbers from which the loan pipeline makes its loans, as one CSV object."""

from __future__ import annotations

import re

import polars as pl

from datagen.dataset import Body, DataSet, Part, Size, Spec

KEY = "numbers.csv"
HEADER = b"number\n"
SHARD = 1_000_000


def make(spec: Spec, first: int, last: int) -> Part:  # noqa: ARG001 - one signature for all data sets
    """The numbers first + 1 to last, one a line."""
    lines = pl.int_range(first + 1, last + 1, eager=True).cast(pl.String).str.join("\n").item().encode()
    return Part(bodies=[Body(KEY, (b"" if first else HEADER) + lines + b"\n", last - first)], truth={})


def _size(spec: Spec) -> Size:
    digits = sum(max(0, spec.count - 10**power + 1) for power in range(len(str(spec.count))))
    return Size(objects=1, rows=spec.count, bytes=len(HEADER) + digits + spec.count)


DATA_SET = DataSet(
    name="numbers",
    title="numbers 1 to N, one CSV object: the input of the loan pipeline",
    version=1,
    record="numbers",
    counts={"tiny": 100, "demo": 20_000, "full": 500_000},
    maximum=9_000_000,
    parameters=(),
    key_pattern=re.compile(re.escape(KEY)),
    single_object=KEY,
    parallel="threads",
    shard=lambda _: SHARD,
    size=_size,
    make=make,
)
