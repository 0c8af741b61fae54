"""A sweep on AWS on localhost: real trials, an interruption, and the same answer for people and programs."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from rich.console import Console

from operate.console import THEME
from operate.errors import InterruptedRunError, UsageError
from operate.sweep.choose import Constraints
from operate.sweep.experiment import sweep
from operate.sweep.grid import Axes
from operate.sweep.request import SweepRequest, request_for
from operate.watch import QuietDisplay

if TYPE_CHECKING:
    from pathlib import Path

    from operate.execution import Progress
    from operate.stacks import Stack
    from operate.sweep.result import SweepResult

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("measure")]

ROWS = 4_000
POINTS = ["batch=100,concurrency=10", "batch=500,concurrency=10"]


def quiet() -> QuietDisplay:
    return QuietDisplay(Console(file=StringIO(), theme=THEME))


def request(name: str = "hello", points: list[str] | None = None, **changes: Any) -> SweepRequest:
    given: dict[str, Any] = {
        "axes": Axes(batch=(), concurrency=(), type=(), memory=()),
        "points": POINTS if points is None else points,
        "points_file": None,
        "items": 1_000_000,
        "scale": "tiny",
        "count": ROWS,
        "seed": 1,
        "trial_items": None,
        "repeat": 1,
        "constraints": Constraints(),
        "overrides": [],
        "fresh": False,
        "timeout": 30.0,
    }
    return request_for(name, **given | changes)


@pytest.fixture(scope="module")
def result(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> SweepResult:
    return sweep(request(), stack, quiet(), folder=tmp_path_factory.mktemp("sweeps"))


def test_trials_run_as_they_were_asked(stack, result):
    sfn = stack.client("stepfunctions")
    asked = []
    for trial in result.trials:
        given = orjson.loads(sfn.describe_execution(executionArn=trial.executions[0])["input"])
        asked.append((given["batch_size"], given["max_concurrency"], given["max_items"]))
        assert trial.items == given["max_items"]
        assert trial.children == -(-trial.items // given["batch_size"]), "every batch but the last one is full"
    quarters, trials, checks = [250, 250], [1_000, 1_000], [4_000, 4_000]
    assert sorted(items for _, _, items in asked) == quarters + trials + checks
    quarter, whole = {(100, 1), (500, 1)}, {(100, 10), (500, 10)}
    assert {(batch, at_once) for batch, at_once, items in asked if items == 250} == quarter, "one child at a time"
    assert {(batch, at_once) for batch, at_once, items in asked if items != 250} == whole


def test_every_point_is_answered_for_the_asked_number_of_items(result):
    assert [one.point.batch_size for one in result.estimates] == [100, 500]
    assert {one.point.execution_type for one in result.estimates} == {"EXPRESS"}, "what the machine has"
    by_batch = {one.point.batch_size: one for one in result.estimates}
    assert by_batch[500].aws_usd < by_batch[100].aws_usd, (
        "a fifth of the children, each with a transition and a request"
    )
    assert result.recommendation.index == 1
    assert "for 1,000,000 rows" in result.recommendation.sentence
    assert all(one.express.allowed for one in result.estimates)


def test_an_interrupted_sweep_stops_its_trial_and_goes_on_from_there(stack, tmp_path):
    class Interrupting(QuietDisplay):
        """Ctrl-C during the third trial, which the fourth execution is: one warms up."""

        def __init__(self) -> None:
            super().__init__(Console(file=StringIO(), theme=THEME))
            self.seen: list[str] = []

        def map_runs(self, progress: Progress, expected: int) -> None:
            arn = progress.execution.arn
            self.seen += [arn] if arn not in self.seen else []
            if len(self.seen) == 4:
                raise KeyboardInterrupt

    interrupting = Interrupting()
    with pytest.raises(InterruptedRunError, match="finished trials are kept, the same command goes on from there"):
        sweep(request(), stack, interrupting, folder=tmp_path)
    status = stack.client("stepfunctions").describe_execution(executionArn=interrupting.seen[3])["status"]
    assert status in {"ABORTED", "SUCCEEDED"}, "it was stopped, or had ended by then"
    (kept,) = tmp_path.iterdir()
    assert [one["execution"] for one in orjson.loads(kept.read_bytes())["runs"]] == interrupting.seen[1:3]
    resumed = sweep(request(), stack, quiet(), folder=tmp_path)
    executions = [arn for trial in resumed.trials for arn in trial.executions]
    assert executions[:2] == interrupting.seen[1:3]
    assert len(executions) == 6


def test_what_is_wrong_is_refused_before_the_first_trial(stack, tmp_path):
    for point, said in (
        ("batch=100,concurrency=10,type=STANDARD", "hello has no parameter execution_type"),
        ("batch=100,concurrency=10,memory=512", "hello has no function whose memory could differ"),
        ("batch=100,concurrency=10001", "max_concurrency must be 0 to 10,000"),
    ):
        with pytest.raises(UsageError, match=said):
            sweep(request(points=[point]), stack, quiet(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_function_s_time_is_measured_and_projected(stack, tmp_path: Path):
    points = ["batch=1,concurrency=2,type=EXPRESS", "batch=6,concurrency=2,type=EXPRESS"]
    result = sweep(request("noaa", points, count=12, trial_items=6), stack, quiet(), folder=tmp_path)
    assert result.calibration is not None
    assert result.calibration.fixed_ms + result.calibration.item_ms > 0
    assert all(trial.billed_seconds > 0 for trial in result.trials)
    deployed = {one.point.memory_mb for one in result.estimates}
    assert len(deployed) == 1
    assert deployed.pop() >= 128, "the memory that the function has"
