"""Runs under faults: what is tried again leaves no trace in the results, and what failed is finished by a redrive."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from local import faults
from local.faults import Fault
from local.state import StateDir
from operate import cli, execution, runs, stacks
from operate.console import THEME
from operate.watch import QuietDisplay

if TYPE_CHECKING:
    from operate.stacks import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("measure")]


def quiet() -> QuietDisplay:
    return QuietDisplay(Console(file=StringIO(), theme=THEME))


@pytest.fixture
def stack(state):
    found = stacks.local_stack(state)
    yield found
    faults.clear(str(found.endpoint))


@pytest.fixture
def distmap(state, monkeypatch, capsys):
    """Run one command against the module's stack; returns its exit code, what it reports, and stderr."""
    monkeypatch.setattr(StateDir, "of", classmethod(lambda cls, stack, root=None: state))

    def call(*arguments: str) -> tuple[int, dict[str, Any], str]:
        code = cli.run_command([*arguments, "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else {}, err

    return call


def failed_checks(report: dict[str, Any]) -> set[str]:
    return {check["name"] for check in report["checks"] if not check["ok"]}


STATIONS = 30  # chance is drawn with seeds that strike one in twenty, and at least one in so few
BURST = 20
REVIEWS = 100_000
# So many invocations that chance strikes some, on so few processes that they start quickly.
ONE_BY_ONE = ("--set", "batch_size=1", "--set", "max_concurrency=4")
INVOKE: dict[str, Any] = {"service": "lambda", "operation": "Invoke", "resource": {"FunctionName": "*noaa-stations*"}}
PUT_ITEM: dict[str, Any] = {"service": "dynamodb", "operation": "PutItem", "resource": {"TableName": "noaa-*"}}
GET_STATION: dict[str, Any] = {"service": "s3", "operation": "GetObject", "resource": {"Key": "csv/by_station/*"}}


def noaa(distmap: Any, seed: int, *more: str) -> dict[str, Any]:
    """Run noaa on stations of its own, which the table has no items of."""
    _, found, err = distmap("run", "noaa", "--count", str(STATIONS), "--seed", str(seed), *more)
    assert found, err
    report: dict[str, Any] = found
    return report


def assert_whole(report: dict[str, Any], items: int = STATIONS) -> None:
    """Nothing lost and nothing doubled, as the use case's own verification says."""
    assert report["status"] == "SUCCEEDED"
    assert failed_checks(report) == set()
    assert report["verified"]
    assert report["items"] == {"total": items, "succeeded": items, "failed": 0, "pending": 0}


def test_throttles_and_failures_of_lambda_are_tried_again(distmap, stack):
    rules = (
        Fault(**INVOKE, code="TooManyRequestsException", probability=0.05, seed=3),
        Fault(**INVOKE, code="ServiceException", probability=0.05, seed=12),
        Fault(**INVOKE, kind="function_error", code="TransientFailure", probability=0.05, seed=9),
    )
    with faults.injected(stack.endpoint, *rules) as struck:
        assert_whole(noaa(distmap, 11, *ONE_BY_ONE))
    assert all(each.fired for each in struck.counts()), "each fault happened"


def test_a_function_whose_answer_is_lost_runs_again_without_a_trace(distmap, stack):
    with faults.injected(stack.endpoint, Fault(**INVOKE, kind="lost", every=5)) as struck:
        assert_whole(noaa(distmap, 12, *ONE_BY_ONE))
    assert struck.counts()[0].fired >= STATIONS // 5


def test_a_burst_of_slow_downs_of_s3_is_waited_out(distmap, stack):
    """By the functions that read the stations, and by Step Functions, which lists them and writes the results."""
    rules = (
        Fault(**GET_STATION, code="SlowDown", first=BURST),
        Fault(**GET_STATION, kind="cut", probability=0.05, seed=5),
        *(
            Fault(service="s3", operation=operation, code="SlowDown", first=1)
            for operation in ("ListObjectsV2", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")
        ),
    )
    with faults.injected(stack.endpoint, *rules) as struck:
        assert_whole(noaa(distmap, 13))
    assert all(each.fired for each in struck.counts())
    assert struck.counts()[0].fired == BURST


def test_throttles_of_dynamodb_are_tried_again(distmap, stack):
    throttled = {**PUT_ITEM, "code": "ProvisionedThroughputExceededException"}
    rules = (
        Fault(**throttled, first=BURST),
        Fault(**throttled, probability=0.05, seed=15),
        Fault(**PUT_ITEM, kind="lost", probability=0.05, seed=6),
    )
    with faults.injected(stack.endpoint, *rules) as struck:
        assert_whole(noaa(distmap, 14))
    burst, chance, lost = struck.counts()
    assert burst.fired == BURST
    assert chance.fired
    assert lost.fired


@pytest.mark.parametrize("execution_type", ["STANDARD", "EXPRESS"])
def test_a_run_that_failed_is_finished_by_a_redrive(distmap, stack, execution_type):
    broken = Fault(**INVOKE, kind="function_error", code="RuntimeError", message="a bad release", after=10)
    with faults.injected(stack.endpoint, broken):
        report = noaa(distmap, 15, *ONE_BY_ONE, "--set", f"execution_type={execution_type}")
    assert report["status"] == "FAILED"
    assert not report["verified"], "what is not complete never passes for it"
    done = report["items"]["succeeded"]
    assert 0 < done < STATIONS
    code, report, err = distmap("redrive", report["execution_arn"], "--no-watch")
    assert code == 0, err
    assert_whole(report)
    assert f": FAILED, {done} of {STATIONS} items done" in err


def test_a_reader_reads_on_where_its_connection_broke(distmap, stack):
    reading: dict[str, Any] = {"service": "s3", "operation": "GetObject", "resource": {"Key": "reviews/*"}}
    with faults.injected(stack.endpoint, Fault(**reading, kind="cut", first=3)) as struck:
        code, report, err = distmap("run", "hello", "--count", str(REVIEWS))
    assert struck.counts()[0].fired == 3
    assert code == 0, err
    assert_whole(report, REVIEWS)


def test_results_that_cannot_be_written_are_written_by_a_redrive(distmap, stack):
    denied = Fault(service="s3", operation="CompleteMultipartUpload", code="InternalError")
    with faults.injected(stack.endpoint, denied):
        code, report, _ = distmap("run", "hello", "--count", str(REVIEWS))
    assert (code, report["status"]) == (1, "FAILED")
    code, report, err = distmap("redrive", report["execution_arn"], "--no-watch")
    assert code == 0, err
    assert failed_checks(report) == set()


def stopped_midway(stack: Stack, count: int) -> str:
    """Run hello on so many reviews and stop it when some of them are done; its ARN."""
    request = runs.request_for("hello", scale="tiny", count=count, seed=1, assignments=[], timeout=60)
    outputs = stack.outputs_of("hello")
    runs._make_data(request, stack, quiet())
    sfn = stack.client("stepfunctions")
    arn = execution.start(
        sfn,
        state_machine_arn=outputs["state_machine_arn"],
        execution_input=request.use_case.execution_input(outputs, request.parameters),
    )
    for progress in execution.follow(sfn, arn, every=0.01, at_most=30):
        if any(map_run.items.finished for map_run in progress.map_runs):
            break
    runs.stop(stack, arn)
    return arn


def test_a_stopped_run_is_finished_by_a_redrive_with_every_item_once(distmap, stack):
    arn = stopped_midway(stack, REVIEWS)
    code, report, _ = distmap("report", arn)
    assert (code, report["status"]) == (1, "ABORTED")
    code, report, err = distmap("redrive", arn, "--no-watch")
    assert code == 0, err
    assert failed_checks(report) == set()
    assert report["items"] == {"total": REVIEWS, "succeeded": REVIEWS, "failed": 0, "pending": 0}
    assert re.search(r"^redrive 1 of arn:\S+, since \d\d:\d\d:\d\d$", err, re.MULTILINE)
    output = json.loads(stack.client("stepfunctions").describe_execution(executionArn=arn)["output"])
    assert "/Redrive-1/manifest.json" in output["ResultWriterDetails"]["Key"]

    code, _, err = distmap("redrive", arn)
    assert code == 1
    assert err == (
        f"distmap: {arn} is SUCCEEDED and cannot be redriven: Execution is SUCCEEDED and cannot be redriven:"
        f" there is nothing left to do; see it with `distmap report {arn}`\n"
    )
