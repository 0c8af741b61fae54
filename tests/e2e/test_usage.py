"""What a run on AWS on localhost used: its own invocations alone, and what its handlers and Lambda say of them."""

from __future__ import annotations

import json
import math
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from operate import evidence, runs, usage
from operate.console import THEME
from operate.watch import QuietDisplay

if TYPE_CHECKING:
    from operate.stacks import Stack
    from operate.usage import Usage

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("measure")]

STATIONS, BATCH = 20, 5


def quiet() -> QuietDisplay:
    return QuietDisplay(Console(file=StringIO(), theme=THEME))


def run(stack: Stack, kind: str) -> tuple[Usage, float]:
    """Run noaa with children of a kind; what it used by itself and what its report says it costs."""
    knobs = [f"batch_size={BATCH}", f"execution_type={kind}"]
    request = runs.request_for("noaa", scale="tiny", count=STATIONS, seed=1, assignments=knobs, timeout=60)
    report = runs.run(request, stack, quiet(), ask_to_stop=lambda: True)
    assert report.execution.status == "SUCCEEDED"
    return usage.measure(evidence.gather(stack, report.execution.arn)), report.cost.total_usd


def reports(stack: Stack) -> dict[str, Any]:
    """Every report in the log of the listing's function, by its request; read apart from the code under test."""
    sfn = stack.client("stepfunctions")
    machine = sfn.describe_state_machine(stateMachineArn=stack.outputs_of("noaa")["state_machine_arn"])
    function = json.loads(machine["definition"])["States"]["Listing"]["ItemProcessor"]["States"]["StationsListing"]
    name = function["Parameters"]["FunctionName"]
    group = stack.client("lambda").get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
    events = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    records = [json.loads(event["message"]) for page in events for event in page["events"]]
    found = [record["record"] for record in records if record.get("type") == "platform.report"]
    return {record["requestId"]: record["metrics"] for record in found}


def test_a_run_is_billed_for_its_own_invocations_and_what_they_asked_of_other_services(stack: Stack) -> None:
    before = reports(stack)
    standard, usd = run(stack, "STANDARD")
    express, _ = run(stack, "EXPRESS")
    for found, kind, label in ((standard, "STANDARD", "Listing"), (express, "EXPRESS", "ListingExpress")):
        (each,) = found.maps
        assert (each.label, each.execution_type, each.items) == (label, kind, STATIONS)
        assert each.children == math.ceil(STATIONS / BATCH)
        assert each.function is not None
        assert each.function.problem is None
        assert each.function.invocations == each.children, "of this run, not of the one before"
        assert each.s3_gets == STATIONS
        assert each.s3_bytes > STATIONS * 1_000
        assert each.write_units >= STATIONS
        assert len(each.child_seconds) == each.children
        assert min(each.child_seconds) >= min(each.function.duration_seconds)
        assert found.log_bytes == each.function.log_bytes > 0
    assert standard.maps[0].child_transitions == standard.maps[0].children, "one state each, no retry"

    written = [metrics for request, metrics in reports(stack).items() if request not in before]
    billed = sum(metrics["billedDurationMs"] for metrics in written) / 1000
    functions = [each.functions[0] for each in (standard.maps[0], express.maps[0])]
    assert sum(function.billed_seconds for function in functions) == pytest.approx(billed), "both runs are all there is"
    assert usage.cost_of(standard).total_usd == pytest.approx(usd), "the report says the same"
    compute = functions[0].billed_seconds * functions[0].memory_mb / 1024 * 0.0000133334
    lines = {line.name: line.usd for line in usage.cost_of(standard).lines}
    assert lines["Lambda arm64 duration"] == pytest.approx(compute)
