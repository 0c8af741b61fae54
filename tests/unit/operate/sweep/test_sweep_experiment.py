"""A whole sweep on a stand-in for the stack: what is asked, what is concluded, what is kept."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from rich.console import Console

from operate.console import THEME
from operate.errors import ExecutionError, UsageError
from operate.plan import Assumptions, Point, project, workload_of
from operate.sweep import estimates, view
from operate.sweep.choose import Constraints
from operate.sweep.experiment import experiment
from operate.sweep.fit import calibrate
from operate.sweep.grid import Axes, Wanted
from operate.sweep.request import SweepRequest, request_for
from operate.sweep.result import Calibration, Check, ResultVersionError, SweepResult
from operate.sweep.runs import TrialFailedError
from operate.sweep.store import Store
from operate.watch import QuietDisplay
from tests.unit.operate.sweep.making import FakeRunner, local_seconds, run, setting

if TYPE_CHECKING:
    from pathlib import Path

BOTH = ("STANDARD", "EXPRESS")
NO_GRID = Axes(batch=(), concurrency=(), type=(), memory=())
GRID = Axes(batch=("1", "10", "50"), concurrency=("10", "100"), type=(), memory=())
TRIAL, CHECKED, ALL = 200, 800, 10_000


def request(**changes: Any) -> SweepRequest:
    given: dict[str, Any] = {
        "axes": GRID,
        "points": [],
        "points_file": None,
        "items": ALL,
        "scale": "demo",
        "count": None,
        "seed": 1,
        "trial_items": None,
        "repeat": 2,
        "constraints": Constraints(),
        "overrides": [],
        "fresh": False,
        "timeout": 60.0,
    }
    return request_for("noaa", **given | changes)


def swept(tmp_path: Path, asked: SweepRequest, runner: FakeRunner) -> SweepResult:
    return experiment(
        asked,
        asked.points(BOTH),
        runner=runner,
        store=Store(tmp_path, {}),
        display=QuietDisplay(Console(file=StringIO(), theme=THEME)),
        stack_name="local",
        workload=workload_of("noaa"),
        trial_items=TRIAL,
        check_items=CHECKED,
        noun="object",
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> SweepResult:
    return swept(tmp_path_factory.mktemp("sweep"), request(), FakeRunner())


def test_every_point_is_estimated_for_all_items_from_its_trials(result):
    assert [
        (one.point.execution_type, one.point.batch_size, one.point.max_concurrency) for one in result.estimates
    ] == [(type_, batch, concurrency) for type_ in BOTH for batch in (1, 10, 50) for concurrency in (10, 100)]
    for one in result.estimates:
        truth = local_seconds(setting(one.point.batch_size, one.point.max_concurrency), ALL)
        assert one.local_seconds == pytest.approx(truth, rel=1e-3), "the machine is one that the model can describe"
        assert one.local_error == pytest.approx(0.0, abs=0.01)
        assert one.point.memory_mb == 1_769, "that of the function in the trials"


def test_the_extrapolation_is_checked_on_trials_that_it_has_not_seen(result):
    assert {check.items for check in result.checks} == {CHECKED}
    assert [check.point.execution_type for check in result.checks] == ["STANDARD", "STANDARD", "EXPRESS", "EXPRESS"]
    for check in result.checks:
        truth = local_seconds(setting(check.point.batch_size, check.point.max_concurrency), CHECKED)
        assert check.measured_seconds == truth


def test_a_wrong_extrapolation_is_quoted_with_its_error(tmp_path):
    class Slowing(FakeRunner):
        """Twice as slow as it should be on more items than a trial has."""

        def run(self, setting, items):
            done = super().run(setting, items)
            return replace(done, seconds=done.seconds * 2) if items > TRIAL else done

    result = swept(tmp_path, request(), Slowing())
    assert [check.error for check in result.checks] == pytest.approx([-0.5] * 4, abs=0.01)
    assert [one.local_error for one in result.estimates] == pytest.approx([0.5] * 12, abs=0.01)


def test_the_projection_starts_from_what_the_trials_measured(result):
    assert result.calibration is not None
    assert (result.calibration.fixed_ms, result.calibration.item_ms) == pytest.approx((20.0, 3.0))
    measured = replace(
        workload_of("noaa"), fixed_ms=20.0, cpu_ms=3.0, threads=1, gets=1.0, get_bytes=500_000.0, write_units=2.0
    )
    for one in result.estimates:
        projection = project(measured, one.point, ALL, Assumptions())
        assert one.aws_seconds == pytest.approx(projection.seconds)
        assert one.aws_usd == pytest.approx(projection.cost.total_usd)


def test_assumptions_of_the_caller_change_the_projection(tmp_path, result):
    slower = swept(tmp_path, request(overrides=["cpu_speed=0.1"]), FakeRunner())
    assert all(
        one.aws_seconds > other.aws_seconds for one, other in zip(slower.estimates, result.estimates, strict=True)
    )
    assert [name for name, each in slower.assumptions.items() if each.overridden] == ["cpu_speed"]
    assert not any(each.overridden for each in result.assumptions.values())


def test_memory_is_projected_without_trials_of_its_own(tmp_path):
    runner = FakeRunner()
    axes = Axes(batch=("10",), concurrency=("100",), type=("EXPRESS",), memory=("512", "1769", "3538"))
    result = swept(tmp_path, request(axes=axes, repeat=1), runner)
    assert {one.point.memory_mb for one in result.estimates} == {512, 1_769, 3_538}
    assert len(runner.calls) == 3, "a trial, a quarter of one and a check serve all memories"


def test_points_that_failed_have_no_estimate_and_say_why(tmp_path):
    broken = {setting(1, 10, "EXPRESS"), setting(1, 100, "EXPRESS")}
    result = swept(tmp_path, request(), FakeRunner(failing=broken))
    assert len(result.estimates) == 10
    assert [(one.point.batch_size, one.point.execution_type) for one in result.failures] == [(1, "EXPRESS")] * 2
    assert all("Boom" in one.reason for one in result.failures)


def test_points_whose_check_failed_have_no_estimate_and_the_others_no_error(tmp_path):
    class Small(FakeRunner):
        """No run of more items than a trial has succeeds."""

        def run(self, setting, items):
            if items > TRIAL:
                raise TrialFailedError("it ended TIMED_OUT")
            return super().run(setting, items)

    result = swept(tmp_path, request(), Small())
    assert result.checks == ()
    assert [one.items for one in result.failures] == [CHECKED] * 4, "the fastest and the slowest of each type"
    assert len(result.estimates) == 12 - 4
    failed = {one.point for one in result.failures}
    assert not failed & {replace(one.point, memory_mb=0) for one in result.estimates}
    assert {one.local_error for one in result.estimates} == {None}


def test_a_sweep_without_any_successful_trial_is_an_error(tmp_path):
    asked = request()
    everything = {one.setting for one in asked.points(BOTH)}
    with pytest.raises(ExecutionError, match="no trial succeeded, the first one: it ended FAILED: Boom"):
        swept(tmp_path, asked, FakeRunner(failing=everything))


def test_an_interrupted_sweep_ends_as_an_undisturbed_one(tmp_path, result):
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path, request(), FakeRunner(calls_left=7))
    again = FakeRunner()
    store = Store(tmp_path, {})
    store.read()
    assert len(store) == 7
    asked = request()
    resumed = experiment(
        asked,
        asked.points(BOTH),
        runner=again,
        store=store,
        display=QuietDisplay(Console(file=StringIO(), theme=THEME)),
        stack_name="local",
        workload=workload_of("noaa"),
        trial_items=TRIAL,
        check_items=CHECKED,
        noun="object",
    )
    assert replace(resumed, created=result.created) == result
    assert len(again.calls) == (12 + 6 + 4) * 2 - 7


def test_a_sweep_survives_its_json(result):
    text = orjson.dumps(result.to_json())
    assert SweepResult.from_json(orjson.loads(text)) == result
    with pytest.raises(ResultVersionError, match="version 99"):
        SweepResult.from_json({**result.to_json(), "version": 99})


def test_express_needs_half_of_the_five_minutes_left():
    """A child of 1 s at 1 vCPU an item: 100 items are 100 s and more on AWS, 200 items pass the half."""
    slow = estimates.calibrated(
        workload_of("noaa"),
        Calibration(fixed_ms=0.0, item_ms=1_000.0, error=0.0, source="a test"),
        [run(setting(), 100)],
    )
    answers = {}
    for batch in (10, 100, 200, 400):
        point = Point(execution_type="EXPRESS", batch_size=batch, max_concurrency=10, memory_mb=1_769)
        answers[batch] = estimates.express_answer(project(slow, point, 4_000, Assumptions()), 1.0)
    assert [one.allowed for one in answers.values()] == [True, True, False, False]
    assert answers[400].margin < 0, "400 s do not fit at all"
    assert answers[10].longest_seconds > 10.0


def test_children_that_varied_in_the_trial_vary_on_aws():
    point = Point(execution_type="EXPRESS", batch_size=100, max_concurrency=10, memory_mb=1_769)
    projection = project(workload_of("noaa"), point, 4_000, Assumptions())
    assert estimates.express_answer(projection, 50.0).longest_seconds == pytest.approx(50 * projection.child_seconds)
    assert estimates.express_answer(projection, 1.0).longest_seconds == projection.longest_child_seconds


def test_the_tail_is_the_median_of_the_runs_of_a_batch_size():
    def with_ratio(ratio: float):
        one = run(setting(10), 100)
        return replace(one, child_seconds_max=one.child_seconds_mean * ratio)

    assert estimates.tail_ratios([with_ratio(9.0), with_ratio(2.0), with_ratio(3.0)]) == {10: pytest.approx(3.0)}


def test_the_worst_error_of_a_type_counts_whatever_its_sign():
    point = Point(execution_type="EXPRESS", batch_size=1, max_concurrency=1, memory_mb=0)
    checks = [
        Check(point=point, items=1, predicted_seconds=predicted, measured_seconds=10.0) for predicted in (11.0, 7.0)
    ]
    assert estimates.worst_errors(checks) == {"EXPRESS": pytest.approx(0.3)}


def test_without_a_function_nothing_is_calibrated():
    hello = workload_of("hello")
    idle = replace(run(setting(), 100), invocations=0)
    assert estimates.calibrated(hello, calibrate([idle]), [idle]) == hello


def test_the_table_says_what_is_local_what_is_projected_and_what_to_take(result):
    stream = StringIO()
    view.show(Console(file=stream, width=160, theme=THEME), result)
    shown = stream.getvalue()
    assert "all here" in shown
    assert "this machine: timed or extrapolated there; AWS: projected, list prices" in shown
    assert result.recommendation.sentence in shown
    assert shown.count("*") == len(result.front) + 1, "each point of the front is marked, and what the mark means"
    assert "function of 1,769 MB" in shown


def test_the_table_names_the_memory_of_each_point_when_they_differ(tmp_path):
    axes = Axes(batch=("10", "500"), concurrency=("100",), type=("EXPRESS",), memory=("512", "3008"))
    result = swept(tmp_path, request(axes=axes, repeat=1), FakeRunner())
    stream = StringIO()
    view.show(Console(file=stream, width=120, theme=THEME), result)
    shown = stream.getvalue()
    assert "512" in shown
    assert "3,008" in shown
    assert "no trial filled a batch of 500" not in shown, "the check has 800 items"
    assert "…" not in shown, "nothing is cut off on 120 columns"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"items": 0}, "--items must be 1 or more, got 0"),
        ({"trial_items": 0}, "--trial-items must be 1 or more, got 0"),
        ({"repeat": 0}, "--repeat must be 1 or more, got 0"),
        ({"constraints": Constraints(max_seconds=0)}, "--max-seconds must be more than 0, got 0"),
        ({"constraints": Constraints(max_usd=float("nan"))}, "--max-usd must be more than 0, got nan"),
        ({"constraints": Constraints(account_concurrency=-1)}, "--account-concurrency must be more than 0, got -1"),
        ({"overrides": ["speed=1"]}, "--assume: there is no assumption 'speed'; there are vcpu_memory_mb"),
        ({"points": ["batch=1,concurrency=1"]}, "give either points .* or a grid"),
        ({"scale": "huge"}, "unknown scale 'huge'"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_runs(changes, said):
    with pytest.raises(UsageError, match=said):
        request(**changes)


def test_points_come_from_the_command_line_and_from_a_file(tmp_path):
    file = tmp_path / "points.txt"
    file.write_text("batch=2,concurrency=3,type=EXPRESS\n\nbatch=4,concurrency=5,type=STANDARD,memory=512\n")
    asked = request(axes=NO_GRID, points=["batch=1,concurrency=1,type=EXPRESS"], points_file=file)
    assert asked.points(BOTH) == (
        Wanted(setting=setting(1, 1, "EXPRESS"), memory_mb=None),
        Wanted(setting=setting(2, 3, "EXPRESS"), memory_mb=None),
        Wanted(setting=setting(4, 5, "STANDARD"), memory_mb=512),
    )
    with pytest.raises(UsageError, match="cannot be read"):
        request(axes=NO_GRID, points_file=tmp_path / "none.txt")
    file.write_text("")
    with pytest.raises(UsageError, match="no point is given"):
        request(axes=NO_GRID, points_file=file).points(BOTH)


def test_a_trial_is_a_quarter_of_the_data_and_its_check_all_of_them():
    assert request().trial_sizes(1_000) == (250, 1_000)
    assert request(trial_items=100).trial_sizes(1_000) == (100, 400)
    assert request(trial_items=500).trial_sizes(1_000) == (500, 1_000)
    with pytest.raises(UsageError, match=r"--trial-items 501 of 1,000 items leaves too few .*: give 500 at most"):
        request(trial_items=501).trial_sizes(1_000)
    with pytest.raises(UsageError, match="--trial-items 1 of 1 items leaves too few"):
        request().trial_sizes(1)


def test_account_concurrency_is_also_assumed_of_aws():
    asked = request(constraints=Constraints(account_concurrency=50))
    assert asked.assumptions.account_concurrency == 50
