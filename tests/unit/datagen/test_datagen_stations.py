"""The weather has the form of GHCN-Daily and the statistics measured on real stations."""

import math
from io import BytesIO

import numpy as np
import polars as pl
import pytest

from datagen import stations
from datagen.dataset import Spec
from datagen.distributions import gamma_amounts, normal, spell_lengths
from datagen.station_facts import Edge, station

HEADER = "ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME"
STATIONS = 120


def spec(seed=1, **parameters):
    return Spec(seed=seed, count=STATIONS, parameters={"years": 10.0, "precipitation_only": 0.55, **parameters})


def parsed(data):
    return pl.read_csv(BytesIO(data), infer_schema_length=0).with_columns(pl.col("DATA_VALUE").cast(pl.Int64))


@pytest.fixture(scope="module")
def part():
    return stations.make(spec(), 0, STATIONS)


@pytest.fixture(scope="module")
def frames(part):
    return {body.key: parsed(body.data) for body in part.bodies}


@pytest.fixture(scope="module")
def rows(frames):
    # The stations that are planted edge cases are looked at on their own.
    usual = [frame for number, frame in enumerate(frames.values()) if number % 100 not in {3, 5, 7, 8}]
    return pl.concat(usual)


def test_rows_have_the_columns_and_codes_of_ghcn_daily(part, rows):
    assert all(body.data.startswith(f"{HEADER}\n".encode()) for body in part.bodies)
    patterns = {
        "ID": r"^[A-Z]{2}[01CENMW][A-Z0-9]{8}$",
        "DATE": r"^(18|19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$",
        "ELEMENT": r"^(PRCP|SNOW|SNWD|TMAX|TMIN|TOBS|TAVG|WT01|MDPR|DAPR)$",
        "M_FLAG": r"^T$",
        "Q_FLAG": r"^[ISOLW]$",
        "S_FLAG": r"^[7NWCaES]$",
        "OBS_TIME": r"^(0700|0800|1700|1800|2400)$",
    }
    for column, pattern in patterns.items():
        odd = rows.filter(~pl.col(column).str.contains(pattern))
        assert odd.is_empty(), f"{column} holds {odd[column].to_list()[:3]}"
    assert rows["DATE"].str.to_date("%Y%m%d").null_count() == 0, "every date is in the calendar"
    assert rows.filter(pl.col("OBS_TIME").is_not_null())["S_FLAG"].unique().to_list() == ["7"]


def test_keys_are_the_ids_and_unique(part, frames):
    assert len(frames) == len(part.bodies)
    assert all((frame["ID"] == key.removesuffix(".csv")).all() for key, frame in frames.items())


def test_a_day_has_each_element_once(frames):
    for frame in frames.values():
        assert frame.select("DATE", "ELEMENT").is_unique().all()


def test_rows_are_ordered_by_date_at_some_stations_and_by_element_at_others(frames):
    by_date = [frame["DATE"].is_sorted() for frame in frames.values() if frame["ELEMENT"].n_unique() > 1]
    assert 0.3 < np.mean(by_date) < 0.7


def test_elements_have_the_shares_of_the_whole_archive(rows):
    # 3.0 billion rows of 2022: PRCP 34.8, TMAX 14.9, TMIN 14.8, SNOW 11.4, SNWD 9.7 %.
    shares = dict(rows["ELEMENT"].value_counts(normalize=True).iter_rows())
    expected = {"PRCP": 0.348, "TMAX": 0.149, "TMIN": 0.148, "SNOW": 0.114, "SNWD": 0.097}
    for element, share in expected.items():
        assert shares[element] == pytest.approx(share, abs=0.05), element


def test_about_half_of_the_stations_report_precipitation_only(frames):
    only = [set(frame["ELEMENT"]) <= {"PRCP", "SNOW", "SNWD", "MDPR", "DAPR"} for frame in frames.values()]
    # Five standard errors of a share of 0.55 among 120.
    assert np.mean(only) == pytest.approx(0.55, abs=5 * math.sqrt(0.55 * 0.45 / STATIONS))


def test_wet_days_follow_the_chain(rows):
    rain = rows.filter(pl.col("ELEMENT") == "PRCP").sort("ID", "DATE")
    day = rain["DATE"].str.to_date("%Y%m%d")
    wet = (rain["DATA_VALUE"] > 0).to_numpy()
    follows = ((day.diff().dt.total_days() == 1) & (rain["ID"] == rain["ID"].shift(1))).fill_null(False).to_numpy()
    after_wet, after_dry = (wet[1:][follows[1:] & (wet[:-1] == before)].mean() for before in (True, False))
    # Measured at three stations: 0.46 to 0.54, and 0.28 to 0.33; the chain has 0.48 and 0.31.
    assert after_wet == pytest.approx(0.48, abs=0.02)
    assert after_dry == pytest.approx(0.31, abs=0.02)
    assert wet.mean() == pytest.approx(0.31 / (1 - 0.48 + 0.31), abs=0.02)


def test_wet_amounts_are_gamma_like(rows):
    amounts = rows.filter((pl.col("ELEMENT") == "PRCP") & (pl.col("DATA_VALUE") > 0))["DATA_VALUE"].to_numpy()
    # Three stations: mean 58 to 87, median 27 to 41, 90 % quantile 149 to 229, 99 % quantile 361 to 589.
    assert 55 < amounts.mean() < 90
    assert 25 < np.quantile(amounts, 0.5) < 45
    assert 145 < np.quantile(amounts, 0.9) < 235
    assert 320 < np.quantile(amounts, 0.99) < 600


def test_traces_have_the_value_zero(rows):
    trace = rows.filter(pl.col("M_FLAG") == "T")
    assert (trace["DATA_VALUE"] == 0).all()
    of_rain = trace.filter(pl.col("ELEMENT") == "PRCP")
    # Measured: 8.0 to 11.7 % of the PRCP rows.
    assert 0.07 < len(of_rain) / len(rows.filter(pl.col("ELEMENT") == "PRCP")) < 0.13


def test_few_values_fail_their_quality_check(rows):
    assert 0.0001 < rows["Q_FLAG"].is_not_null().mean() < 0.0006, "measured: 0.01 to 0.04 %"


def test_temperatures_remember_the_day_before_and_keep_their_order(rows):
    pairs = (
        rows.filter(pl.col("ELEMENT").is_in(["TMAX", "TMIN"]))
        .pivot("ELEMENT", index=["ID", "DATE"], values="DATA_VALUE")
        .drop_nulls()
        .sort("ID", "DATE")
        .with_columns(pl.col("DATE").str.to_date("%Y%m%d").alias("day"))
        .with_columns(
            (pl.col("TMAX") - pl.col("TMAX").mean().over("ID", pl.col("day").dt.month())).alias("anomaly"),
        )
    )
    spread = pairs["TMAX"] - pairs["TMIN"]
    assert spread.min() > 0
    assert spread.mean() == pytest.approx(100, abs=8), "measured: 82 to 101"
    assert spread.std() == pytest.approx(42, abs=8), "measured: 29 to 47"
    next_day = pairs.with_columns(
        pl.col("anomaly").shift(-1).over("ID").alias("next"), pl.col("day").diff().shift(-1).over("ID").alias("step")
    ).filter(pl.col("step").dt.total_days() == 1)
    # Measured: 0.61 to 0.65. The season within a month adds a little.
    assert next_day.select(pl.corr("anomaly", "next")).item() == pytest.approx(0.65, abs=0.05)
    assert (pairs["TMIN"] < 0).any(), "a handler must read negative values"


def test_snow_falls_only_in_the_cold_and_lies_after_it_fell(rows):
    wide = rows.filter(pl.col("ELEMENT").is_in(["SNOW", "SNWD", "TMAX"])).pivot(
        "ELEMENT", index=["ID", "DATE"], values="DATA_VALUE"
    )
    fell = wide.filter(pl.col("SNOW") > 0)
    assert len(fell) > 100
    assert fell["TMAX"].drop_nulls().max() < 20
    lying = wide.filter((pl.col("SNWD") > 0) & pl.col("TMAX").is_not_null())
    assert lying["TMAX"].mean() < wide["TMAX"].mean()


def test_the_length_of_records_is_log_normal_with_the_median_asked_for():
    places = [station(spec(years=25.0), number) for number in range(400)]
    median = np.median([place.days for place in places]) / 365.25
    # A standard error of the log of a median is 1.25 * 0.6 / sqrt(400).
    assert abs(math.log(median / 25)) < 5 * 1.25 * 0.6 / math.sqrt(400)


def test_truth_is_the_greatest_precipitation_by_a_plain_reading(part, frames):
    for known in part.truth["stations"].to_dicts():
        rain = [row for row in frames[known["key"]].iter_rows(named=True) if row["ELEMENT"] == "PRCP"]
        values = [row["DATA_VALUE"] for row in rain]
        passed = [row["DATA_VALUE"] for row in rain if row["Q_FLAG"] is None]
        assert known["rows"] == len(frames[known["key"]])
        assert known["prcp_rows"] == len(values)
        assert known["max_prcp"] == max(values, default=None)
        assert known["max_prcp_passed"] == max(passed, default=None)


def test_truth_names_the_edge_stations(part):
    edges = part.truth["stations"]["edge"].to_list()
    assert {number: edge for number, edge in enumerate(edges) if edge is not None} == {
        number + hundred: edge.name.lower()
        for edge in Edge
        if edge is not Edge.NONE
        for number in (edge.value,)
        for hundred in (0, 100)
        if number + hundred < STATIONS
    }


def of_edge(frames, edge):
    return list(frames.values())[edge.value]


def test_edge_stations_are_there(frames):
    without = of_edge(frames, Edge.NO_PRECIPITATION)
    assert "PRCP" not in without["ELEMENT"].to_list()
    assert "TMAX" in without["ELEMENT"].to_list()
    assert of_edge(frames, Edge.EMPTY).is_empty()
    flagged = of_edge(frames, Edge.HUGE_FLAGGED).filter(pl.col("Q_FLAG") == "X").to_dicts()
    assert [(row["ELEMENT"], row["DATA_VALUE"]) for row in flagged] == [("PRCP", 95_000)]
    several = of_edge(frames, Edge.MULTIDAY)
    greatest = {
        element: several.filter(pl.col("ELEMENT") == element)["DATA_VALUE"].max() for element in ("PRCP", "MDPR")
    }
    assert greatest["MDPR"] > greatest["PRCP"], "a prefix or substring match of the element would go wrong"
    assert several.filter(pl.col("ELEMENT") == "DAPR")["DATA_VALUE"].is_between(2, 6).all()


def test_the_normal_table_has_the_moments_and_quantiles_of_the_normal_distribution():
    deviates = normal() / 4096
    assert abs(deviates.mean()) < 1e-9
    assert deviates.std() == pytest.approx(1, abs=1e-3)
    assert deviates[int(0.975 * 65_536)] == pytest.approx(1.959964, abs=1e-3)


def test_the_gamma_table_has_the_moments_of_the_gamma_distribution():
    amounts = gamma_amounts(0.75, 90, 2_500)
    # Mean 67.5 and variance 0.75 * 90**2; rounding up small amounts to 1 adds a little.
    assert amounts.mean() == pytest.approx(67.5, rel=0.01)
    assert amounts.var() == pytest.approx(0.75 * 90**2, rel=0.02)


def test_spells_are_geometric():
    lengths = spell_lengths(0.48, 60)
    assert lengths.mean() == pytest.approx(1 / (1 - 0.48), rel=0.001)
    assert (lengths == 1).mean() == pytest.approx(0.52, abs=1e-4)
