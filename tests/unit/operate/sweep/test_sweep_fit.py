"""Fits: known parameters come back, nothing becomes negative, and larger runs are foretold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.sweep import fit
from operate.sweep.runs import children_of, lanes_of
from tests.unit.operate.sweep.making import local_seconds, run, setting


@given(
    st.lists(st.floats(min_value=0.0, max_value=5.0), min_size=3, max_size=3),
    st.integers(min_value=0, max_value=2**32 - 1),
)
def test_what_is_exactly_a_sum_of_its_columns_is_found(coefficients, seed):
    columns = np.random.default_rng(seed).uniform(0.5, 2.0, size=(12, 3))
    truth = np.array(coefficients) + 0.01
    found = fit.nonnegative_least_squares(columns, columns @ truth)
    assert found == pytest.approx(truth, rel=1e-3, abs=1e-3)


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_no_coefficients_of_a_fine_mesh_are_better(seed):
    generator = np.random.default_rng(seed)
    columns, observed = generator.uniform(0.0, 1.0, (6, 2)), generator.uniform(0.5, 1.5, 6)
    found = fit.nonnegative_least_squares(columns, observed)
    assert (found >= 0).all()

    mesh = np.stack(np.meshgrid(*[np.linspace(0.0, 4.0, 81)] * 2)).reshape(2, -1)
    candidates = np.column_stack([mesh, found])
    residuals = ((columns @ candidates / observed[:, None] - 1) ** 2).sum(axis=0)
    assert residuals[-1] <= residuals.min() + 1e-9


def test_columns_that_cannot_be_told_apart_are_not_split():
    same = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    found = fit.nonnegative_least_squares(same, np.array([2.0, 4.0, 6.0]))
    assert sorted(found.tolist()) == pytest.approx([0.0, 2.0])


def test_the_start_is_shared_so_that_a_disturbed_trial_does_not_hide_the_work():
    """The small trial of batch 1 took as long as its large one; batch 10 tells that starting takes half a second."""
    runs = [
        run(setting(1), 100, seconds=2.5),
        run(setting(1), 400, seconds=2.5),
        run(setting(10), 100, seconds=0.6),
        run(setting(10), 400, seconds=0.9),
    ]
    assert fit.LocalModel.of(runs).seconds(setting(1), 4_000) > 15.0


def test_the_function_s_fixed_and_item_time_come_back():
    runs = [run(setting(batch, 1), 600, fixed_ms=35.0, item_ms=4.5) for batch in (1, 10, 100)]
    found = fit.calibrate(runs)
    assert found is not None
    assert (found.fixed_ms, found.item_ms) == pytest.approx((35.0, 4.5))
    assert found.error == pytest.approx(0.0, abs=1e-9)


def test_calls_that_disturb_each_other_do_not_calibrate():
    quiet = [run(setting(batch, 1), 600, fixed_ms=35.0, item_ms=4.5) for batch in (1, 100)]
    crowded = [run(setting(batch, 0), 600, fixed_ms=350.0, item_ms=45.0) for batch in (1, 50, 100)]
    found = fit.calibrate([*crowded, *quiet])
    assert found is not None
    assert (found.fixed_ms, found.item_ms) == pytest.approx((35.0, 4.5)), "concurrency 0 is no limit"


def test_one_batch_size_gives_all_time_to_the_items():
    found = fit.calibrate([run(setting(10), 600, fixed_ms=20.0, item_ms=3.0)])
    assert found is not None
    assert (found.fixed_ms, found.item_ms) == pytest.approx((0.0, 5.0)), "20 ms / 10 + 3 ms"


def test_a_use_case_without_a_function_is_not_calibrated():
    assert fit.calibrate([replace(run(setting(), 100), invocations=0, function_seconds=0.0)]) is None


def test_the_local_models_foretell_larger_runs():
    settings = [setting(batch, concurrency) for batch in (1, 10, 50) for concurrency in (1, 10, 100)]
    runs = [run(one, items, seconds=local_seconds(one, items)) for one in settings for items in (100, 400)]
    models = fit.local_models(runs)
    for one in settings:
        found = models[one.execution_type].seconds(one, 4_000)
        assert found == pytest.approx(local_seconds(one, 4_000), rel=1e-6)


def test_each_batch_size_and_type_has_a_model_of_its_own():
    runs = [
        run(setting(batch, type_=type_), items, seconds=items * cost)
        for batch, type_, cost in ((1, "STANDARD", 0.1), (10, "STANDARD", 0.01), (1, "EXPRESS", 0.02))
        for items in (100, 400)
    ]
    models = fit.local_models(runs)
    predicted = {
        (type_, batch): models[type_].seconds(setting(batch, type_=type_), 1_000)
        for type_, batch in (("STANDARD", 1), ("STANDARD", 10), ("EXPRESS", 1))
    }
    assert predicted == pytest.approx({("STANDARD", 1): 100.0, ("STANDARD", 10): 10.0, ("EXPRESS", 1): 20.0})


def test_batches_that_the_payload_quota_ends_count_as_they_are():
    """Asked for 1,000 items, a child gets 100: with four at once, 4,000 items are ten waves, not one."""
    one = setting(1_000, 4)
    runs = [
        replace(run(one, items, seconds=0.5 + items / 100 / 4 * 2.0), children=items // 100) for items in (400, 1_600)
    ]
    assert fit.LocalModel.of(runs).by_batch[1_000][2] == 100.0
    assert fit.LocalModel.of(runs).seconds(one, 4_000) == pytest.approx(20.5)


def test_the_median_of_repeated_runs_counts():
    one = setting()
    disturbed = [run(one, items, seconds=s * items) for items in (100, 400) for s in (0.01, 0.01, 5.0)]
    assert fit.LocalModel.of(disturbed).seconds(one, 800) == pytest.approx(8.0, rel=0.01)


@pytest.mark.parametrize(
    ("batch", "concurrency", "children", "lanes"), [(10, 3, 10, 3), (10, 0, 10, 10), (33, 5, 4, 4), (1_000, 5, 1, 1)]
)
def test_children_and_those_at_once(batch, concurrency, children, lanes):
    one = setting(batch, concurrency)
    assert (children_of(one, 100), lanes_of(one, 100)) == (children, lanes)
