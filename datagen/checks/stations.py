"""Checks of `stations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import polars as pl

from datagen.checks.check import Check, Read, none_odd, same, share, within
from datagen.dataset import Spec

HEADER = b"ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"
ELEMENTS = ("PRCP", "TMAX", "TMIN", "SNOW", "SNWD", "TOBS", "TAVG", "WT01", "MDPR", "DAPR")
WET = 0.31 / (0.31 + 0.52)  # share of wet days of a chain that turns wet with 0.31 and dry with 0.52
SAMPLE_STATIONS = 30  # below, the lengths of records differ too much for a share
SCHEMA = {
    "ID": pl.String,
    "DATE": pl.String,
    "ELEMENT": pl.String,
    "DATA_VALUE": pl.Int64,
    "M_FLAG": pl.String,
    "Q_FLAG": pl.String,
    "S_FLAG": pl.String,
    "OBS_TIME": pl.String,
}


class _Checks:
    """Parses every object, recomputes the greatest PRCP, and looks at the weather as a whole."""

    def facts(self, batch: Sequence[Read]) -> pl.DataFrame:
        """One row an object."""
        return pl.DataFrame([_of(each) for each in batch], schema=FACTS)

    def judge(self, spec: Spec, facts: pl.DataFrame, truth: Mapping[str, pl.DataFrame]) -> list[Check]:
        """The findings on all stations."""
        columns = ["key", "rows", "prcp_rows", "max_prcp", "max_prcp_passed"]
        checks = [
            none_odd("objects have header, own ID and real dates", facts.filter("odd")["key"].to_list(), len(facts)),
            none_odd("TMIN is below TMAX", facts.filter(pl.col("inverted") > 0)["key"].to_list(), len(facts)),
            same("greatest precipitation is the truth", facts.select(columns), truth["stations"], ["key"]),
        ]
        if spec.count < SAMPLE_STATIONS:
            return checks
        rain, wet = int(facts["prcp_rows"].sum()), int(facts["wet"].sum())
        rows = int(facts["rows"].sum())
        return [
            *checks,
            share("wet days", wet, rain, WET, slack=0.01),
            within("mean wet amount in 0.1 mm", float(facts["wet_sum"].sum()) / max(wet, 1), 55, 95),
            share("PRCP among all rows", rain, rows, 0.348, slack=0.08),
        ]


def _of(each: Read) -> dict[str, object]:
    table = pl.read_csv(BytesIO(each.data), schema=SCHEMA)
    rain = table.filter(pl.col("ELEMENT") == "PRCP")
    wet = rain.filter((pl.col("DATA_VALUE") > 0) & pl.col("Q_FLAG").is_null())["DATA_VALUE"]
    wide = table.filter(pl.col("ELEMENT").is_in(["TMAX", "TMIN"])).pivot("ELEMENT", index="DATE", values="DATA_VALUE")
    inverted = len(wide.filter(pl.col("TMIN") >= pl.col("TMAX"))) if {"TMAX", "TMIN"} <= set(wide.columns) else 0
    dates = table["DATE"].str.to_date("%Y%m%d", strict=False)
    odd = (
        not each.data.startswith(HEADER)
        or not table["ELEMENT"].is_in(ELEMENTS).all()
        or not (table["ID"] == each.key.removesuffix(".csv")).all()
        or dates.null_count() > 0
        or not table["DATA_VALUE"].is_between(-9_999, 99_999).all()
    )
    return {
        "key": each.key,
        "odd": odd,
        "inverted": inverted,
        "rows": len(table),
        "prcp_rows": len(rain),
        "max_prcp": rain["DATA_VALUE"].max(),
        "max_prcp_passed": rain.filter(pl.col("Q_FLAG").is_null())["DATA_VALUE"].max(),
        "wet": len(wet),
        "wet_sum": wet.sum(),
    }


FACTS = {
    "key": pl.String,
    "odd": pl.Boolean,
    **dict.fromkeys(("inverted", "rows", "prcp_rows", "max_prcp", "max_prcp_passed", "wet", "wet_sum"), pl.Int64),
}
CHECKS = _Checks()
