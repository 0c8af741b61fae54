"""Trials: in rounds, repeated, kept as they end, taken up again, and given up where they fail."""

from __future__ import annotations

import pytest

from operate.sweep import trials
from operate.sweep.fit import LocalModel
from operate.sweep.runs import trial_of
from operate.sweep.store import Store, StoreError
from tests.unit.operate.sweep.making import FakeRunner, run, setting

A, B = setting(batch=1), setting(batch=10)
SIZES = [(A, 100), (B, 100)]
IDENTITY = {"use_case": "hello", "seed": 1}


def make(runner, store, *, repeat=2, told=None):
    tell = (lambda _: None) if told is None else told.append
    return trials.make(SIZES, repeat=repeat, name="trial", runner=runner, store=store, tell=tell)


def test_all_are_run_once_before_any_is_run_again(tmp_path):
    runner = FakeRunner()
    made = make(runner, Store(tmp_path, IDENTITY))
    assert runner.calls == [(A, 100), (B, 100), (A, 100), (B, 100)]
    assert [one.setting for one in made.runs] == [A, A, B, B]


@pytest.mark.parametrize("done", range(4))
def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path, done):
    with pytest.raises(KeyboardInterrupt):
        make(FakeRunner(calls_left=done), Store(tmp_path, IDENTITY))
    again, store = FakeRunner(), Store(tmp_path, IDENTITY)
    store.read()
    made = make(again, store)
    assert len(again.calls) == 4 - done, "what was done is not done again"
    assert made == make(FakeRunner(), Store(tmp_path / "other", IDENTITY)), "and the outcome is the same"


def test_more_points_or_repeats_run_only_what_is_new(tmp_path):
    store = Store(tmp_path, IDENTITY)
    make(FakeRunner(), store)
    more = FakeRunner()
    make(more, store, repeat=3)
    assert more.calls == SIZES
    fewer = make(FakeRunner(calls_left=0), store, repeat=1)
    assert len(fewer.runs) == len(SIZES), "runs beyond the asked number do not count"


def test_other_data_or_another_deployment_start_anew(tmp_path):
    make(FakeRunner(), Store(tmp_path, IDENTITY))
    other = Store(tmp_path, IDENTITY | {"seed": 2})
    other.read()
    assert len(other) == 0


def test_a_fresh_sweep_replaces_what_was_kept(tmp_path):
    make(FakeRunner(), Store(tmp_path, IDENTITY), repeat=3)
    fresh = Store(tmp_path, IDENTITY)
    make(FakeRunner(), fresh, repeat=1)
    kept = Store(tmp_path, IDENTITY)
    kept.read()
    assert len(kept) == len(SIZES)


def test_a_damaged_file_is_named_and_left_alone(tmp_path):
    store = Store(tmp_path, IDENTITY)
    make(FakeRunner(), store)
    store.path.write_text('{"version": 1, "runs": [{')
    with pytest.raises(StoreError, match=r"is damaged .*: delete it, or give --fresh"):
        Store(tmp_path, IDENTITY).read()
    assert store.path.read_text() == '{"version": 1, "runs": [{'


def test_a_failing_setting_is_told_and_given_up_and_the_others_go_on(tmp_path):
    runner = FakeRunner(failing={A})
    told: list[str] = []
    made = make(runner, Store(tmp_path, IDENTITY), told=told)
    assert runner.calls == [(A, 100), (B, 100), (B, 100)], "once is enough to know"
    assert made.failures == {A: "it ended FAILED: Boom: no cause given"}
    assert {one.setting for one in made.runs} == {B}
    assert "trial 1 of 4: batch 1, concurrency 100, STANDARD, 100 items: failed, this point is given up" in told[0]


def test_each_batch_size_is_also_tried_with_a_quarter_of_the_items_one_child_at_a_time():
    settings = [setting(batch, concurrency) for batch in (1, 10) for concurrency in (0, 100)]
    found = trials.sizes(settings, 200)
    assert found == [(setting(1, 1), 50), (setting(10, 1), 50), *((one, 200) for one in settings)]


def test_the_fastest_and_the_slowest_of_each_type_are_checked():
    settings = [setting(batch, type_=type_) for type_ in ("STANDARD", "EXPRESS") for batch in (1, 10, 100)]
    model = LocalModel(start=1.0, by_batch={batch: (1.0 / batch, 0.0, batch) for batch in (1, 10, 100)})
    found = trials.to_check(settings, {"STANDARD": model, "EXPRESS": model}, 400)
    assert [(one.execution_type, one.batch_size) for one in found] == [
        ("STANDARD", 100),
        ("STANDARD", 1),
        ("EXPRESS", 100),
        ("EXPRESS", 1),
    ]


def test_a_trial_quotes_medians_and_the_longest_child():
    runs = [run(A, 100, seconds=seconds, item_ms=item_ms) for seconds, item_ms in ((9.0, 1.0), (1.0, 2.0), (2.0, 50.0))]
    found = trial_of(runs)
    assert found.median_seconds == 2.0
    assert found.spread == pytest.approx(2.0), "half of 9 - 1, of 2"
    assert found.child_seconds_max == max(one.child_seconds_max for one in runs)
    assert found.billed_seconds == sorted(one.billed_seconds for one in runs)[1]


def test_a_single_point_is_checked_once():
    only = setting()
    model = LocalModel(start=1.0, by_batch={10: (1.0, 0.0, 10.0)})
    assert trials.to_check([only], {"STANDARD": model}, 400) == [only]
