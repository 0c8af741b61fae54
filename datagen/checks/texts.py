"""Checks of `texts`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from datagen.checks.check import Check, Read, none_odd, same
from datagen.dataset import Spec

TOKEN = re.compile(rb"(?:^|\s)ssn=(\d{3}-\d{2}-\d{4})")
NUMBER = re.compile(rb"(?<!\d)(\d{3})-(\d{2})-(\d{4})(?!\d)")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "key": pl.String,
    "count": pl.Int64,
    "last_four": pl.List(pl.String),
    "assignable": pl.Boolean,
}


class _Checks:
    """Scans every object again, and looks at every number that could be someone's."""

    def facts(self, batch: Sequence[Read]) -> pl.DataFrame:
        """One row an object."""
        rows = []
        for each in batch:
            found = [token[-4:].decode() for token in TOKEN.findall(each.data)]
            rows.append(
                (each.key, len(found), found, any(_assignable(*map(int, n)) for n in NUMBER.findall(each.data)))
            )
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")

    def judge(
        self,
        spec: Spec,
        facts: pl.DataFrame,
        truth: Mapping[str, pl.DataFrame],
    ) -> list[Check]:
        """The findings on all objects."""
        dirty = -(-spec.count * float(spec.parameters["dirty"]) // 1)
        return [
            none_odd("no number can be a person's", facts.filter("assignable")["key"].to_list(), len(facts)),
            same("numbers and last four digits are the truth", facts.drop("assignable"), truth["texts"], ["key"]),
            Check(
                name="objects with numbers",
                ok=bool(spec.parameters["adversarial"]) or len(facts.filter(pl.col("count") > 0)) == dirty,
                detail=f"{len(facts.filter(pl.col('count') > 0)):,} of {len(facts):,}",
            ),
        ]


def _assignable(area: int, group: int, serial: int) -> bool:
    """Whether a number could be a person's, as social security or taxpayer number: all but 9xx-01 to 9xx-49 may."""
    return not (area >= 900 and 1 <= group <= 49 and serial >= 1)


CHECKS = _Checks()
