"""Draws the plots of these pages from freshly made data: python -m docs.data.plots."""
# ruff: noqa: INP001 - a script beside its pages, not a package

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from math import ceil, log10
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from datagen import claims, reviews, stations, texts
from datagen.dataset import DataSet, Spec
from datagen.loan_terms import default_probability, loans
from datagen.reviews_catalogue import ORIGINAL_REVIEWS
from datagen.station_facts import station
from datagen.station_weather import weather

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 34, 44
UPPER_RIGHT, LOWER_RIGHT, LOWER_MIDDLE, LOWER_LEFT = (396, 38), (396, 200), (240, 190), (80, 220)  # legends
MADE, KNOWN = "#2f6db3", "#d9822b"
INK, GRID = "#333333", "#dddddd"


class Series(NamedTuple):
    """Points to draw as bars, a line or dots."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


class Axis(NamedTuple):
    """A range of values on one side of the plot, logarithmic or not."""

    low: float
    high: float
    logarithmic: bool
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies in the drawing."""
        low, high, here = (log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return self.start + (here - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values to mark."""
        if self.logarithmic:
            powers = range(int(log10(self.low) - 1e-9), int(log10(self.high) + 1e-9) + 1)
            return [10.0**power for power in powers if self.low <= 10.0**power <= self.high * 1.0001]
        step = 10.0 ** int(log10(self.high - self.low) // 1)
        step = next(step * part for part in (0.1, 0.2, 0.25, 0.5, 1, 2) if (self.high - self.low) / (step * part) <= 7)
        return [step * number for number in range(ceil(self.low / step - 1e-9), int(self.high / step + 1e-9) + 1)]


def label(value: float) -> str:
    """A value in few characters."""
    if value >= 1_000_000:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 10_000 else f"{value:g}"


def frame(
    title: str,
    x: Axis,
    y: Axis,
    x_name: str,
    names: Sequence[tuple[str, str]],
    *,
    labels: Sequence[str] = (),
    legend: tuple[int, int] = UPPER_RIGHT,
) -> list[str]:
    """Background, axes, grid and legend."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-size="13" fill="{INK}">{title}</text>',
    ]
    for tick in y.ticks():
        at = y.at(tick)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{at + 4:.1f}" text-anchor="end" fill="{INK}">{label(tick)}</text>')
    marks = enumerate(labels) if labels else ((tick, label(tick)) for tick in x.ticks())
    for value, text in marks:
        parts.append(
            f'<text x="{x.at(value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="{INK}">{text}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle" fill="{INK}">{x_name}</text>'
    )
    for number, (name, colour) in enumerate(names):
        at, top = legend[0], legend[1] + 15 * number
        parts.append(f'<rect x="{at}" y="{top}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{at + 15}" y="{top + 9}" fill="{INK}">{name}</text>')
    return parts


def bars(file: str, title: str, x_name: str, labels: Sequence[str], series: Sequence[Series]) -> None:
    """Groups of bars, one for each label."""
    x = Axis(-0.6, len(labels) - 0.4, False, LEFT, WIDTH - RIGHT)
    y = Axis(0, 1.25 * max(max(each.y) for each in series), False, HEIGHT - BOTTOM, TOP)
    colours = (MADE, KNOWN)
    parts = frame(title, x, y, x_name, [(s.name, c) for s, c in zip(series, colours, strict=False)], labels=labels)
    width = 0.8 / len(series)
    for number, (each, colour) in enumerate(zip(series, colours, strict=False)):
        for place, value in enumerate(each.y):
            left, right = (x.at(place - 0.4 + width * (number + edge)) for edge in (0, 1))
            parts.append(
                f'<rect x="{left:.1f}" y="{y.at(value):.1f}" width="{right - left - 1:.1f}"'
                f' height="{y.at(0) - y.at(value):.1f}" fill="{colour}"/>'
            )
    save(file, parts)


def curve(
    file: str,
    title: str,
    x_name: str,
    made: Sequence[Series],
    known: Series | None,
    *,
    logs: str = "",
    legend: tuple[int, int] = LOWER_RIGHT,
) -> None:
    """Lines of what was made, and dots of what is known; `logs` names the logarithmic axes."""
    everything = [*made, *([known] if known else [])]
    xs, ys = [value for each in everything for value in each.x], [value for each in everything for value in each.y]
    x = Axis(min(xs), max(xs), "x" in logs, LEFT, WIDTH - RIGHT)
    y = Axis(min(ys) if "y" in logs else min(0, *ys), max(ys), "y" in logs, HEIGHT - BOTTOM, TOP)
    shades = (MADE, "#7aa6d6", "#9b59b6")
    names = [(s.name, c) for s, c in zip(made, shades, strict=False)] + ([(known.name, KNOWN)] if known else [])
    parts = frame(title, x, y, x_name, names, legend=legend)
    for each, colour in zip(made, shades, strict=False):
        points = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in zip(each.x, each.y, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
    if known is not None:
        parts += [
            f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="4" fill="{KNOWN}"/>'
            for a, b in zip(known.x, known.y, strict=True)
        ]
    save(file, parts)


def save(file: str, parts: list[str]) -> None:
    """Write the drawing."""
    (FOLDER / file).write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")
    print(f"{FOLDER.name}/{file}")


def spec_of(made: DataSet, count: int, **parameters: float | str) -> Spec:
    """Seed 1 and the default parameters, but for those given."""
    defaults = {each.name: each.default for each in made.parameters}
    return Spec(seed=1, count=count, parameters=defaults | parameters)


def distribution(values: NDArray[np.float64], points: int = 240) -> tuple[list[float], list[float]]:
    """Quantiles and their probabilities."""
    at = np.linspace(0.002, 0.998, points)
    return np.quantile(values, at).tolist(), at.tolist()


def draw_reviews() -> None:
    """Ratings, years, popularity."""
    count = ORIGINAL_REVIEWS
    spec = spec_of(reviews.DATA_SET, count)
    parts = [
        reviews.reviews(spec, first, min(first + reviews.SHARD, count)) for first in range(0, count, reviews.SHARD)
    ]
    rating = np.concatenate([part.rating for part in parts])
    shares = (np.bincount(rating, minlength=5) / count).tolist()
    bars(
        "reviews-ratings.svg",
        "Share of ratings",
        "rating",
        ("5.0", "4.0", "3.0", "2.0", "1.0"),
        [Series("made", (), shares), Series("expected", (), (0.58, 0.18, 0.085, 0.055, 0.10))],
    )
    years = Counter((1999 + np.concatenate([part.day for part in parts]) // 365.25).astype(int).tolist())
    names = [str(year)[2:] for year in sorted(years)]
    bars("reviews-years.svg", "Reviews a year", "year", names, [Series("made", (), [years[y] for y in sorted(years)])])
    popularity = np.sort(np.bincount(np.concatenate([part.item for part in parts])))[::-1]
    ranks = np.unique(np.geomspace(1, len(popularity), 200).astype(int))
    line = Series("made", ranks.tolist(), popularity[ranks - 1].tolist())
    curve(
        "reviews-popularity.svg",
        "Reviews of an item by its rank",
        "rank of the item",
        [line],
        None,
        logs="xy",
        legend=LOWER_LEFT,
    )


def draw_stations() -> None:
    """Wet amounts and the year's course of temperature."""
    part = stations.make(spec_of(stations.DATA_SET, 60), 0, 60)
    rows = pl.concat(pl.read_csv(BytesIO(body.data), infer_schema_length=0) for body in part.bodies)
    rows = rows.with_columns(pl.col("DATA_VALUE").cast(pl.Int64), pl.col("DATE").str.slice(4, 2).cast(pl.Int64))
    rain = rows.filter((pl.col("ELEMENT") == "PRCP") & (pl.col("DATA_VALUE") > 0) & pl.col("Q_FLAG").is_null())
    x, y = distribution(rain["DATA_VALUE"].to_numpy())
    known = Series(
        "three real stations", (33, 27, 41, 152, 149, 229, 361, 392, 589), (0.5,) * 3 + (0.9,) * 3 + (0.99,) * 3
    )
    curve("stations-rain.svg", "Wet amounts: share of days up to", "0.1 mm", [Series("made", x, y)], known, logs="x")
    monthly = [
        weather(1, station(spec_of(stations.DATA_SET, 60), n)._replace(climate=climate, offset=0))
        for n, climate in ((0, 0), (0, 1), (0, 2))
    ]
    place = station(spec_of(stations.DATA_SET, 60), 0)
    days = np.arange(place.first_day, place.first_day + place.days).astype("datetime64[D]")
    month = days.astype("datetime64[M]").astype(int) % 12
    curve(
        "stations-temperature.svg",
        "Mean TMAX by month in three climates",
        "month",
        [
            Series(name, range(1, 13), [float(sky.highest[month == m].mean()) for m in range(12)])
            for name, sky in zip(("cold", "temperate", "warm"), monthly, strict=True)
        ],
        Series("Ottawa", range(1, 13), (-60, -46, 15, 108, 190, 242, 267, 254, 205, 132, 48, -32)),
        legend=LOWER_MIDDLE,
    )


def draw_claims() -> None:
    """Totals and numbers of items."""
    part = claims.make(spec_of(claims.DATA_SET, 240), 0, 240)
    every = [claim for body in part.bodies for claim in orjson.loads(body.data)]
    totals = np.array([claim["total"]["value"] for claim in every if "value" in claim["total"]])
    x, y = distribution(totals)
    known = Series(
        "published export",
        (125, 266, 1_922, 14_381, 18_012, 45_031),
        (0.25, 0.5, 0.75, 0.9, 0.95, 0.99),
    )
    curve("claims-totals.svg", "Totals: share of claims up to", "USD", [Series("made", x, y)], known, logs="x")
    items = np.array([min(len(claim["item"]), 6) for claim in every])
    made = [float(np.mean(items == number)) for number in range(1, 7)]
    bars(
        "claims-items.svg",
        "Items of a claim",
        "items",
        ("1", "2", "3", "4", "5", "6+"),
        [Series("made", (), made), Series("published export", (), (0.374, 0.334, 0.178, 0.055, 0.026, 0.032))],
    )


def draw_texts() -> None:
    """Numbers in dirty objects."""
    count = 40_000
    part = texts.make(spec_of(texts.DATA_SET, count, words=10), 0, count)
    found = part.truth["texts"]["count"].to_numpy()
    made = [float(np.mean(found[found > 0] == number)) for number in range(1, 9)]
    bars(
        "texts-numbers.svg",
        f"Numbers in the {np.mean(found > 0):.1%} of objects that have any",
        "numbers",
        [str(number) for number in range(1, 9)],
        [Series("made", (), made), Series("expected", (), [1 / 8] * 8)],
    )


def draw_loans() -> None:
    """Amounts and probabilities of default."""
    made = loans(1, "consumer", 0, 200_000)
    x, y = distribution(made.amount.astype(np.float64))
    known = Series(
        "LendingClub",
        (3_250, 5_000, 8_000, 12_900, 20_000, 30_000, 35_000),
        (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95),
    )
    curve("loans-amounts.svg", "Amounts: share of loans up to", "USD", [Series("made", x, y)], known)
    x, y = distribution(100 * default_probability(made))
    solved = Series("solved for", (2.7, 4.4, 11.1), (0.01, 0.5, 0.99))
    curve("loans-defaults.svg", "Probability of default: share of loans up to", "%", [Series("made", x, y)], solved)


def main() -> None:
    """Draw them all."""
    for draw in (draw_reviews, draw_stations, draw_claims, draw_texts, draw_loans):
        draw()


if __name__ == "__main__":
    main()
