"""Progress: rates, remaining time, one line of a log, and a picture that fits the terminal."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from operate import watch
from operate.execution import Counts, Progress
from operate.watch import Gauge, MovingDisplay, QuietDisplay, RateMeter, children_note, picture
from tests.unit.operate.answers import execution, map_run

GAUGE = Gauge(
    label="Reviews",
    unit="items",
    done=790_000,
    total=1_292_954,
    per_second=151_234.0,
    remaining=3.33,
    note="children 790 succeeded, 10 running, 493 pending, 0 failed",
)


def test_the_rate_is_that_of_the_last_seconds():
    meter = RateMeter(window=5.0)
    for second in range(10):
        meter.observe(float(second), 100 * second)
    for second in range(10, 16):
        meter.observe(float(second), 900 + 10 * (second - 9))
    assert meter.per_second == pytest.approx(10.0), "what was faster lies outside of the window"
    assert meter.remaining_seconds(1_000) == pytest.approx((1_000 - 960) / 10)


@pytest.mark.parametrize("observed", [[], [(1.0, 5)], [(1.0, 5), (1.0, 9)], [(1.0, 5), (2.0, 5)]])
def test_without_an_advance_nothing_is_promised(observed):
    meter = RateMeter()
    for at, done in observed:
        meter.observe(at, done)
    assert meter.per_second == 0.0
    assert meter.remaining_seconds(10) is None


def test_one_line_says_it_all():
    assert GAUGE.line() == (
        "Reviews: 790,000 of 1,292,954 items (61%), 151,234/s, 3.3 s left;"
        " children 790 succeeded, 10 running, 493 pending, 0 failed"
    )


def test_rare_states_are_named_only_when_a_child_is_in_them():
    assert children_note(Counts(succeeded=2)) == "children 2 succeeded, 0 running, 0 pending, 0 failed"
    assert children_note(Counts(timed_out=1, aborted=2)).endswith("0 failed, 1 timed out, 2 aborted")


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_the_picture_fits_the_terminal(columns):
    stream = StringIO()
    Console(file=stream, width=columns, force_terminal=True, color_system=None).print(
        picture([GAUGE], wide=columns >= watch.WIDE_COLUMNS)
    )
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2, "a bar and its note"
    assert max(map(len, lines)) <= columns
    for part in ("Reviews", "61%", "151,234 items/s", "3.3 s left"):
        assert part in lines[0]
    assert ("790,000 of 1,292,954" in lines[0]) == (columns >= watch.WIDE_COLUMNS)


def test_a_log_gets_a_line_every_two_seconds(monkeypatch):
    now = 100.0
    monkeypatch.setattr("operate.watch.time.monotonic", lambda: now)
    stream = StringIO()
    display = MovingDisplay(Console(file=stream, width=120))
    for step in range(9):
        now = 100.0 + step * 0.5
        running = map_run(status="RUNNING", items=Counts(total=400, succeeded=100 * step, running=400 - 100 * step))
        display.map_runs(Progress(execution=execution("RUNNING"), map_runs=(running,)), 1_000)
    assert stream.getvalue().splitlines() == [
        ("Reviews: 400 of 1,000 items (40%), 200/s, 3.0 s left; children 2 succeeded, 0 running, 0 pending, 0 failed"),
        ("Reviews: 800 of 1,000 items (80%), 200/s, 1.0 s left; children 2 succeeded, 0 running, 0 pending, 0 failed"),
    ], "the first after two seconds; what the map is expected to read counts while it runs"


def test_a_terminal_is_drawn_on_and_wiped():
    stream = StringIO()
    display = MovingDisplay(Console(file=stream, width=80, force_terminal=True))
    display.map_runs(Progress(execution=execution("RUNNING"), map_runs=(map_run(status="RUNNING"),)), 0)
    display.busy("deploying hello-input-bucket")
    display.step("done [not markup]")
    assert stream.getvalue().rstrip().endswith("done [not markup]"), "brackets of a message are no markup"


def test_without_watching_only_what_is_done_is_said():
    stream = StringIO()
    display = QuietDisplay(Console(file=stream, width=80))
    display.map_runs(Progress(execution=execution("RUNNING"), map_runs=(map_run(),)), 0)
    display.busy("deploying")
    display.step("deployed")
    assert stream.getvalue() == "deployed\n"
