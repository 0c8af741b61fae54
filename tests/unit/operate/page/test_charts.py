"""The figures of a Map Run: right for each child, and of bounded size."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta

import numpy as np
import orjson
import pytest

from operate.page import charts
from operate.page.axes import MAX_TICKS, log_scale
from tests.unit.operate.answers import STARTED
from tests.unit.operate.page.runs import child, children


def spans_of(found, seconds=None):
    return charts.spans(found, STARTED, None if seconds is None else STARTED + timedelta(seconds=seconds))


def running_at(found, moment):
    """How many children run just after a moment: the plain way."""
    return sum(
        (each.started - STARTED).total_seconds() <= moment
        and (each.stopped is None or (each.stopped - STARTED).total_seconds() > moment)
        for each in found
    )


@pytest.mark.parametrize("seed", range(5))
def test_concurrency_is_the_most_that_ran_at_once_in_each_interval(seed):
    rng = random.Random(seed)
    found = [
        child(number, start=rng.randrange(100) / 10, seconds=rng.choice([None, rng.randrange(1, 40) / 10]))
        for number in range(60)
    ]
    spans = spans_of(found)
    edges = np.linspace(0, 14, 29)
    moments = sorted({0.0, *spans.start.tolist(), *spans.stop[spans.over].tolist(), *edges.tolist()})
    expected = [
        max(running_at(found, moment) for moment in moments if low <= moment < high)
        for low, high in itertools.pairwise(edges)
    ]
    assert charts.concurrency(spans, edges).tolist() == expected


def test_a_child_that_starts_as_another_stops_does_not_run_beside_it():
    spans = spans_of([child(1, start=0, seconds=1), child(2, start=1, seconds=1)])
    assert charts.concurrency(spans, np.linspace(0, 2, 3)).tolist() == [1, 1]


@pytest.mark.parametrize("longest", [0.001, 1.5, 400.0], ids=["all alike", "narrow", "wide"])
def test_every_child_that_is_over_is_in_the_histogram(longest):
    found = [
        *children(500),
        child(501, start=0, seconds=longest),
        child(502, start=0, seconds=None, status="RUNNING"),
    ]
    if longest == 0.001:
        found = [child(number, start=0, seconds=longest) for number in range(501)]
    figure = charts.durations(spans_of(found))
    assert sum(sum(trace["y"]) for trace in figure["data"]) == 501, "501 are over"


def test_a_wide_spread_of_durations_gets_a_logarithmic_axis():
    wide = charts.durations(spans_of([*children(50), child(51, start=0, seconds=400)]))
    assert wide["layout"]["xaxis"]["type"] == "log"
    assert "type" not in charts.durations(spans_of(children(50)))["layout"]["xaxis"]


def test_few_children_are_drawn_one_by_one_by_their_status():
    figure = charts.timeline(spans_of([*children(100), child(100, start=2, seconds=None, status="RUNNING")], 5))
    drawn = {trace["line"]["color"]: len(trace["x"]) // 3 for trace in figure["data"]}
    assert drawn == {"palette:succeeded": 98, "palette:failed": 2, "palette:running": 1}
    assert max(x for trace in figure["data"] for x in trace["x"] if x is not None) == 5, "a running child has no end"


def test_many_children_make_a_figure_of_the_same_size():
    small, large = (orjson.dumps(charts.timeline(spans_of(children(count)))) for count in (8_000, 40_000))
    assert len(large) < 1.3 * len(small)


def test_of_many_children_the_slowest_are_drawn():
    found = (*children(1_000), child(1_000, start=5, seconds=77, name="slow one"))
    figure = charts.timeline(spans_of(found))
    bars = [trace for trace in figure["data"] if trace.get("yaxis") == "y3"]
    assert sum(len(trace["x"]) for trace in bars) == 3 * charts.SLOWEST_DRAWN
    assert any("slow one" in text for trace in bars for text in trace["text"] if text)


def test_rates_add_up_to_the_children():
    figure = charts.timeline(spans_of(children(1_000)))
    started = next(trace for trace in figure["data"] if trace.get("yaxis") == "y2")
    width = started["x"][1] - started["x"][0]
    assert sum(started["y"]) * width == pytest.approx(1_000, rel=0.02), "rounded to milliseconds"


def test_names_in_hover_texts_are_escaped():
    figure = charts.timeline(spans_of([child(1, start=0, seconds=1, name="<a href='javascript:1'>")]))
    assert "<a" not in figure["data"][0]["text"][0]


@pytest.mark.parametrize(("low", "high"), [(0.001, 0.004), (0.2, 13), (1, 1e6), (3e-6, 40)])
def test_logarithmic_axes_have_few_round_ticks(low, high):
    axis = log_scale(low, high, "{:,g} s")
    assert all(low <= tick <= high for tick in axis["tickvals"])
    assert 1 <= len(axis["tickvals"]) <= max(MAX_TICKS, np.log10(high / low) + 1)
    assert len(axis["tickvals"]) == len(axis["ticktext"])


def test_children_within_a_few_milliseconds_have_a_bar_for_each_millisecond():
    found = [child(number, start=0, seconds=0.003 if number % 3 else 0.005) for number in range(9)]
    (bars,) = charts.durations(spans_of(found))["data"]
    assert (bars["x"], bars["y"], bars["customdata"]) == ([0.003, 0.005], [6, 3], ["0.003 s", "0.005 s"])
    assert bars["width"] == [0.001, 0.001], "a bar of no width cannot be seen"


def test_an_axis_that_counts_few_has_whole_numbers_only():
    assert charts.durations(spans_of(children(2)))["layout"]["yaxis"]["dtick"] == 1
    assert "dtick" not in charts.durations(spans_of(children(200)))["layout"]["yaxis"]
