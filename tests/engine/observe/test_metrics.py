"""Metrics of executions: what is counted, for which machine, and how it is sent."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.observe.metrics import MAX_VALUES, Series
from local.stepfunctions.payload import Payload
from tests.engine.memory import PLACE, machine
from tests.engine.observe.test_logs import FAIL, PASS, of_children

pytestmark = pytest.mark.aws("documented")

WAIT = machine(W={"Type": "Wait", "Seconds": 60, "End": True})
MAY_WAIT = machine(
    Look={"Type": "Choice", "Choices": [{"Variable": "$.wait", "IsPresent": True, "Next": "W"}], "Default": "P"},
    P={"Type": "Pass", "End": True},
    W=WAIT["States"]["W"],
)
ENDS = ("Succeeded", "Failed", "Aborted", "TimedOut")


async def stop(engine: Engine, execution: Execution) -> None:
    more = engine.start(execution.machine, name="stopped", payload=Payload({"wait": True}))
    await asyncio.sleep(0)
    more.stop(None, None)
    assert more.task is not None
    await more.task


async def redrive(engine: Engine, execution: Execution) -> None:
    engine.redrive(execution)
    assert execution.task is not None
    await execution.task


@pytest.mark.parametrize(
    ("definition", "then", "expected"),
    [
        (PASS, None, {"Started": 1, "Succeeded": 1}),
        (FAIL, None, {"Started": 1, "Failed": 1}),
        ({**WAIT, "TimeoutSeconds": 1}, None, {"Started": 1, "TimedOut": 1}),
        (MAY_WAIT, stop, {"Started": 2, "Succeeded": 1, "Aborted": 1}),
        (FAIL, redrive, {"Started": 1, "Failed": 2, "Redriven": 1}),
    ],
)
def test_each_start_and_end_counts_for_the_machine(watch: Any, definition: Any, then: Any, expected: Any) -> None:
    watched = watch(definition, then=then)
    counted = {word: watched.total(f"Executions{word}") for word in ("Started", *ENDS, "Redriven")}
    assert {word: times for word, times in counted.items() if times} == expected
    assert watched.total("ExecutionTime") == sum(expected.get(word, 0) for word in ENDS), "one for each end"
    assert watched.total("RedrivenExecutionsFailed") == expected.get("Redriven", 0)
    assert {put["Namespace"] for put in watched.sent("PutMetricData")} == {"AWS/States"}
    assert {datum["Unit"] for datum in watched.data if datum["MetricName"] == "ExecutionTime"} == {"Milliseconds"}


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_children_count_for_the_machine_of_their_label(watch: Any, kind: str) -> None:
    watched = watch(of_children(kind), [1, None, 3, None, 5])
    assert watched.total("ExecutionsStarted", "machine/L") == 5
    assert watched.total("ExecutionsSucceeded", "machine/L") == 3
    assert watched.total("ExecutionsFailed", "machine/L") == 2
    assert watched.total("ExecutionTime", "machine/L") == 5
    assert watched.total("ExecutionsStarted") == 1, "the parent alone counts for the machine itself"


def test_durations_are_whole_milliseconds_in_requests_that_cloudwatch_takes() -> None:
    series = Series(PLACE.state_machine("m"), lambda: None)
    seconds = [number / 1000 for number in range(2 * MAX_VALUES + 1)]
    for duration in [*seconds, *seconds]:
        series.started()
        series.ended("SUCCEEDED", duration + 0.0004)
    data = series.take()
    times = [datum for datum in data if datum["MetricName"] == "ExecutionTime"]
    assert [len(datum["Values"]) for datum in times] == [MAX_VALUES, MAX_VALUES, 1]
    assert [value for datum in times for value in datum["Values"]] == list(range(2 * MAX_VALUES + 1))
    assert {count for datum in times for count in datum["Counts"]} == {2}
    assert series.take() == [], "each is sent once"


def test_metrics_that_nobody_takes_cost_one_warning(watch: Any, caplog: pytest.LogCaptureFixture) -> None:
    watched = watch(PASS, prepare=lambda session: session.refused.add("PutMetricData"))
    assert watched.execution.status == "SUCCEEDED"
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warning == "the metrics of executions are not kept: cloudwatch PutMetricData: Refused: no"
