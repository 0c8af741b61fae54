"""The page of a sweep: each point where it belongs, in both heat maps, on the front and in the table."""

from __future__ import annotations

import itertools
import json
from math import log10
from operator import itemgetter

import pytest

from operate.page import sweep_page
from operate.page.palette import HEAT_STEPS
from operate.page.sweep_chart import APART, HEIGHT, WIDTH, pareto
from operate.page.sweep_model import express_rows, front_letters, heat_maps, letters_of, rows, short_seconds, short_usd
from operate.sweep.result import Failure, Recommendation
from tests.unit.operate.page.runs import estimate, point, read, sweep


def test_cells_carry_the_numbers_of_their_point():
    result = sweep()
    standard, express = heat_maps(result)
    seconds_of, dollars_of = (lambda each: short_seconds(each.aws_seconds)), (lambda each: short_usd(each.aws_usd))
    for measure, shown in ((0, seconds_of), (1, dollars_of)):
        assert standard[measure].title == "STANDARD"
        assert (standard[measure].batches, standard[measure].columns) == (("1", "100"), ("10", "1,000"))
        cells = [cell.text for row in standard[measure].rows for cell in row]
        assert cells == [shown(each) for each in result.estimates[:4]]
        assert [cell.text for cell in express[measure].rows[1]] == ["failed", "not tried"]


def test_a_point_that_failed_and_one_that_was_not_tried_say_so():
    failure = Failure(point=point("EXPRESS", 100, 5), items=1, reason="r")
    (_, (seconds, dollars)) = heat_maps(sweep(failures=(failure,)))
    assert seconds.columns == ("5", "10", "1,000")
    for each in (seconds, dollars):
        assert [cell.text for cell in each.rows[1]] == ["failed", "not tried", "not tried"]
        assert each.rows[0][0].text == "not tried"
        assert {cell.step for cell in each.rows[1]} == {None}, "no number, no colour"


def test_colours_grow_with_the_value_over_all_maps_of_a_measure():
    result = sweep()
    by_value = [
        (value, cell.step)
        for (seconds, _), kind in zip(heat_maps(result), ("STANDARD", "EXPRESS"), strict=True)
        for cell, value in zip(
            (cell for row in seconds.rows for cell in row if cell.step is not None),
            (each.aws_seconds for each in result.estimates if each.point.execution_type == kind),
            strict=True,
        )
    ]
    steps = [step or 0 for _, step in sorted(by_value, key=itemgetter(0))]
    assert all(low <= high for low, high in itertools.pairwise(steps))
    assert (steps[0], steps[-1]) == (0, HEAT_STEPS - 1)


def test_memory_sizes_have_maps_of_their_own():
    found = tuple(estimate(point(memory=memory), seconds=memory, usd=1) for memory in (512, 1_769))
    maps = heat_maps(sweep(estimates=found, failures=(), front=(0,), recommendation=NONE))
    assert [seconds.title for seconds, _ in maps] == ["STANDARD, 512 MB", "STANDARD, 1,769 MB"]


NONE = Recommendation(index=None, sentence="no point keeps to it", constraint="at most 1 s: the fastest takes 10 s")


def test_the_front_is_lettered_from_the_fastest_on_and_heads_the_table():
    result = sweep()
    letters = front_letters(result)
    seconds = [result.estimates[index].aws_seconds for index in sorted(letters, key=letters.__getitem__)]
    assert seconds == sorted(seconds)
    assert list(letters.values()) == ["A", "B"]
    table = rows(result)
    assert [row.letter for row in table[:2]] == ["A", "B"]
    assert not any(row.letter for row in table[2:])
    assert len(table) == len(result.estimates)
    assert [row.recommended for row in table].count(True) == 1


@pytest.mark.parametrize(("number", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (52, "BA"), (701, "ZZ")])
def test_there_are_letters_for_any_number_of_points(number, letters):
    assert letters_of(number) == letters


def test_the_figure_has_every_point_and_letters_that_do_not_touch():
    found = tuple(estimate(point(batch=1 + each), seconds=100 - each, usd=1 + each / 50) for each in range(40))
    result = sweep(estimates=found, failures=(), front=tuple(range(40)))
    figure = pareto(result)
    line, *kinds = figure["data"]
    assert len(line["x"]) == 40
    assert sum(len(each["x"]) for each in kinds) == 40
    axes = [(figure["layout"][f"{name}axis"]["range"], size) for name, size in (("x", WIDTH), ("y", HEIGHT))]
    places = [
        [(log10(value) - low) / (high - low) * size for value, ((low, high), size) in zip(at, axes, strict=True)]
        for trace in kinds
        for *at, text in zip(trace["x"], trace["y"], trace["text"], strict=True)
        if text
    ]
    assert 2 <= len(places) < 40
    for number, (x, y) in enumerate(places):
        for other_x, other_y in places[:number]:
            assert abs(x - other_x) >= APART or abs(y - other_y) >= APART
    assert any(front_letters(result)[3] in trace["text"] for trace in kinds), "the recommended point keeps its letter"


def test_whether_children_may_be_express_is_judged_by_the_longest_child():
    found = (
        estimate(point(batch=10, width=10), seconds=5, usd=1, longest=30),
        estimate(point(batch=10, width=99), seconds=4, usd=1, longest=290),
        estimate(point(batch=5, width=10), seconds=3, usd=1, longest=3),
    )
    answers = express_rows(sweep(estimates=found, failures=(), front=(2,)))
    assert [(row.batch_size, row.answer.longest_seconds, row.answer.allowed) for row in answers] == [
        (5, 3, True),
        (10, 290, False),
    ]


def test_the_page_says_the_recommendation_and_what_is_local():
    words = read(sweep_page.render(sweep())).words
    assert "batch 100 it is" in words
    assert "Timed on this machine (local): these seconds are not those of AWS." in words
    assert "it timed out" in words
    assert "1.2 s ± 21 %" in words, "median and half the range of 1.0, 1.2 and 1.5"
    assert "(local)" not in read(sweep_page.render(sweep(stack="dev"))).words


def test_a_sweep_without_estimates_has_a_page_too():
    page = read(sweep_page.render(sweep(estimates=(), front=(), trials=(), recommendation=NONE)))
    assert "no point keeps to it at most 1 s: the fastest takes 10 s" in page.words
    assert "No point has an estimate." in page.words
    assert not [each for each in page.elements if "data-figure" in each.attributes]


def test_texts_of_a_sweep_are_escaped():
    bad = "</script><img src=x onerror=alert(1)>"
    result = sweep(
        use_case=bad,
        failures=(Failure(point=point(), items=1, reason=bad),),
        recommendation=Recommendation(index=0, sentence=bad, constraint=bad),
    )
    page = read(sweep_page.render(result))
    assert not page.all("img")
    assert page.words.count(bad) >= 4
    for each in page.all("script"):
        if each.attributes.get("type") == "application/json":
            assert json.loads(each.text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.42, "0.42 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (107.9, "107 s"),
        (181, "3.0 min"),
        (599, "10 min"),
        (9_000, "2.5 h"),
    ],
)
def test_durations_fit_into_a_cell(seconds, shown):
    assert short_seconds(seconds) == shown
