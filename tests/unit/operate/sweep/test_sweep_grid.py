"""The points of a sweep: every combination once, and every mistake named before the first trial."""

from __future__ import annotations

import itertools

import pytest

from operate.errors import UsageError
from operate.sweep import grid
from usecases.registry import HELLO, NOAA

BOTH = ("STANDARD", "EXPRESS")
NO_AXES = {"batch": (), "concurrency": (), "type": (), "memory": ()}


def axes(**given: str) -> grid.Axes:
    return grid.Axes(**{**NO_AXES, **{name: grid.split(text) for name, text in given.items()}})


def test_the_grid_is_every_combination_once():
    found = grid.grid(
        NOAA, axes(batch="1,10, 10", concurrency="5,0", type="EXPRESS", memory="512,1769"), own_types=BOTH
    )
    expected = {("EXPRESS", b, c, m) for b, c, m in itertools.product((1, 10), (5, 0), (512, 1769))}
    settings = [
        (one.setting.execution_type, one.setting.batch_size, one.setting.max_concurrency, one.memory_mb)
        for one in found
    ]
    assert set(settings) == expected
    assert len(settings) == len(expected), "a value given twice is tried once"


def test_axes_that_are_not_given_take_their_defaults():
    found = grid.grid(NOAA, axes(), own_types=BOTH)
    assert len(found) == len(BOTH) * len(grid.BATCHES) * len(grid.CONCURRENCIES)
    assert {one.memory_mb for one in found} == {None}, "the memory that the function has"


def test_a_trial_sets_only_knobs_that_the_use_case_has():
    (only,) = grid.points(HELLO, ["batch=10,concurrency=5"], own_types=("EXPRESS",))
    assert only.setting.knobs(HELLO) == {"batch_size": 10, "max_concurrency": 5}
    assert only.setting.execution_type == "EXPRESS", "the one that its machine has"
    (only,) = grid.points(NOAA, ["batch=10,concurrency=5,type=STANDARD"], own_types=BOTH)
    assert only.setting.knobs(NOAA) == {"batch_size": 10, "max_concurrency": 5, "execution_type": "STANDARD"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"batch": "0"}, r"batch '0': batch_size must be 1 or more, got 0"),
        ({"batch": "ten"}, r"batch_size must be a whole number, got 'ten'"),
        ({"concurrency": "10001"}, r"max_concurrency must be 0 to 10,000, got 10,001"),
        ({"type": "FAST"}, r"execution_type must be STANDARD or EXPRESS, got 'FAST'"),
        ({"memory": "127"}, r"memory '127': memory_mb must be 128 to 10,240, got 127"),
        ({"memory": "1.5"}, r"memory_mb must be a whole number, got '1.5'"),
    ],
)
def test_a_value_that_does_not_exist_is_named_with_its_limits(given, said):
    with pytest.raises(UsageError, match=said):
        grid.grid(NOAA, axes(**given), own_types=BOTH)


def test_a_use_case_of_one_type_takes_no_type():
    with pytest.raises(UsageError, match="hello has no parameter execution_type, its children are EXPRESS"):
        grid.grid(HELLO, axes(type="STANDARD"), own_types=("EXPRESS",))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("batch=1", "gives no concurrency"),
        ("concurrency=1", "gives no batch"),
        ("batch=1,concurrency=1", "gives no type: add type=STANDARD or type=EXPRESS"),
        ("batch=1,concurrency=1,batch=2", "gives batch twice"),
        ("batch=1,speed=1", "got 'speed=1'"),
        ("batch 1", "got 'batch 1'"),
    ],
)
def test_a_point_that_is_written_wrongly_is_refused(line, said):
    with pytest.raises(UsageError, match=said):
        grid.points(NOAA, [line], own_types=BOTH)


def test_points_are_taken_once_and_blank_lines_are_none():
    lines = ["batch=1,concurrency=2,type=EXPRESS", "", " concurrency=2 , type=EXPRESS,batch=1\n"]
    assert len(grid.points(NOAA, lines, own_types=BOTH)) == 1
    with pytest.raises(UsageError, match="no point is given"):
        grid.points(NOAA, ["", "  "], own_types=BOTH)
