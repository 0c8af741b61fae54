"""Checks of `reviews`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from datagen.checks.check import Check, none_odd, share
from datagen.dataset import Spec

HEADER = b"item_id,user_id,rating,timestamp,model_attr,category,brand,year,user_attr,split\n"
COLUMNS = HEADER.decode().strip().split(",")
PATTERNS = {
    "item_id": r"^\d{1,4}$",
    "user_id": r"^\d+$",
    "rating": r"^[1-5]\.0$",
    "timestamp": r"^(1999|200\d|201[0-8])-\d\d-\d\d$",
    "model_attr": r"^(Female|Female&Male|Male)$",
    "year": r"^(1999|200\d|201[0-8])$",
    "user_attr": r"^(Female|Male|)$",
    "split": r"^[012]$",
}
RATINGS = {"5.0": 0.58, "4.0": 0.18, "3.0": 0.085, "2.0": 0.055, "1.0": 0.10}
ORIGINAL, ITEMS, USERS = 1_292_954, 9_560, 1_157_633


class _Checks:
    """Compares the rows with the truth in their order, and counts while they stream by."""

    def judge(self, spec: Spec, pieces: Iterator[bytes], truth: Mapping[str, pl.DataFrame]) -> list[Check]:
        """The findings on the object."""
        expected = truth["highly_rated"]
        first = next(pieces, b"")
        header = first[: len(HEADER)]
        ratings: Counter[str] = Counter()
        odd: list[str] = []
        rows = high = unbranded = different = 0
        users: list[pl.Series] = []
        items: set[str] = set()
        for piece in _each(first.removeprefix(HEADER), pieces):
            table = pl.read_csv(piece, has_header=False, new_columns=COLUMNS, infer_schema_length=0).fill_null("")
            odd += [
                f"{column} {value!r}"
                for column, pattern in PATTERNS.items()
                for value in table.filter(~pl.col(column).str.contains(pattern))[column].head(3)
            ]
            kept = table.filter(pl.col("rating").is_in(["4.0", "5.0"]))
            different += not kept.equals(expected.slice(high, len(kept)))
            rows, high = rows + len(table), high + len(kept)
            unbranded += int((table["brand"] == "").sum())
            ratings.update(dict(table["rating"].value_counts().iter_rows()))
            users.append(table["user_id"].unique())
            items.update(table["item_id"].unique())
        return [
            Check(name="header", ok=header == HEADER, detail=header.decode(errors="replace").strip()),
            Check(name="rows", ok=rows == spec.count, detail=f"{rows:,}, expected {spec.count:,}"),
            none_odd("values have their form", odd, rows),
            Check(
                name="highly rated rows are the truth, in order",
                ok=not different and high == len(expected),
                detail=f"{high:,} rows, {len(expected):,} in the truth",
            ),
            *(share(f"rating {rating}", ratings[rating], rows, expected) for rating, expected in RATINGS.items()),
            share("rows without a brand", unbranded, rows, 0.74, slack=0.05),
            *_distinct(spec.count, len(items), users),
        ]


def _each(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from others


def _distinct(count: int, items: int, users: list[pl.Series]) -> list[Check]:
    """The counts of the original, which every whole multiple of its size reaches."""
    cycles, rest = divmod(count, ORIGINAL)
    if rest or not cycles:
        return []
    writers = pl.concat(users).n_unique()
    return [
        Check(name="distinct items", ok=items == ITEMS, detail=f"{items:,}, expected {ITEMS:,}"),
        Check(name="distinct users", ok=writers == cycles * USERS, detail=f"{writers:,}, expected {cycles * USERS:,}"),
    ]


CHECKS = _Checks()
