"""What functions used is what Lambda reported, for the invocations of this run alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from operate import usage
from operate.cost.prices import US_EAST_1
from operate.cost.prices import compute as prices
from operate.usage import children, compute
from tests.unit.operate.answers import MAP_RUN, execution, map_run
from tests.unit.operate.usage.world import (
    FUNCTION,
    GROUP,
    INVOKE,
    OTHER,
    FakeStack,
    billed_bytes,
    children_of,
    definition,
    event,
    evidence,
    invocation,
    map_state,
    queue_children,
    queue_function,
    queue_log,
)

MAP = map_state(kind="EXPRESS", states=INVOKE)


@pytest.fixture
def measured(stubbed):
    """Measure a run of two children, or of some other number, from a function's log."""

    def measure(events, *, number=2, is_local=True, pages=1, again=None, **given):
        (sfn, children_stub), (functions, function_stub), (logs, log_stub) = map(
            stubbed, ("stepfunctions", "lambda", "logs")
        )
        queue_children(children_stub, *[100] * number)
        queue_function(function_stub)
        for each in (events, *([] if again is None else [again])):
            queue_log(log_stub, each, pages=pages)
        stack = FakeStack(stepfunctions=sfn, logs=logs, is_local=is_local, **{"lambda": functions})
        runs = (map_run(executions=children_of(number)),)
        found = evidence(stack, **{"definition": definition(Reviews=MAP), "map_runs": runs, "manifests": {}, **given})
        return usage.measure(found)

    return measure


def bases(found):
    return {line.name: line.basis for line in usage.cost_of(found).lines}


def test_known_reports_have_the_price_of_the_closed_form(measured):
    events = [
        *invocation("1", ms=693.92, init=397.68, s3_gets=100, s3_bytes=10_000, write_units=90),
        *invocation("2", ms=1500.0, stream="b", s3_gets=100, write_units=95, read_units=3, sqs_requests=7),
    ]
    found = measured(events, pages=3)
    (each,) = found.maps
    (function,) = each.functions
    assert each.function is function
    assert (function.name, function.memory_mb, function.architecture) == ("stations", 1769, "arm64")
    assert (function.invocations, function.errors, function.max_memory_mb) == (2, 0, 120)
    assert (function.cold_starts, function.init_seconds) == (1, pytest.approx(0.39768))
    assert function.duration_seconds == pytest.approx((0.69392, 1.5))
    assert function.billed_seconds == pytest.approx((1092 + 1500) / 1000), "the init phase is billed"
    assert function.problem is None
    assert (each.s3_gets, each.s3_bytes, each.write_units) == (200, 10_000, 185)
    assert (each.read_units, each.sqs_requests) == (3, 7)
    assert found.log_bytes == function.log_bytes == billed_bytes(events)
    lines = {line.name: line for line in usage.cost_of(found).lines}
    seconds = (1092 + 1500) / 1000 * 1769 / 1024
    expected = {
        US_EAST_1.prices[prices.LAMBDA_REQUEST].label: 2 * 0.20 / 1e6,
        US_EAST_1.prices[prices.LAMBDA_DURATION["arm64"]].label: seconds * 0.0000133334,
        "CloudWatch Logs ingestion": billed_bytes(events) / 2**30 * 0.50,
    }
    assert {name: lines[name].usd for name in expected} == pytest.approx(expected)
    assert lines["CloudWatch Logs ingestion"].basis == "log of stations"


def test_a_retried_batch_is_billed_for_each_of_its_invocations(measured):
    events = [
        *invocation("1", 0.1, ms=50),
        *invocation("2", 0.2, ms=70, status="error"),
        *invocation("3", 0.4, ms=60),
    ]
    function = measured(events).maps[0].functions[0]
    assert (function.invocations, function.errors) == (3, 1)
    assert function.billed_seconds == pytest.approx(0.18)


def test_an_invocation_that_says_twice_what_it_used_has_used_both(measured):
    (again,) = [each for each in invocation("1", s3_gets=5) if '"batch"' in each["message"]]
    (each,) = measured([*invocation("1", s3_gets=100), again], number=1).maps
    assert each.s3_gets == 105


def test_another_execution_is_not_counted_and_an_invocation_that_names_none_is(measured):
    """One that was killed at its timeout wrote no line: it began within the run."""
    own = [*invocation("1", 0.1), *invocation("2", 1.0)]
    killed = invocation("3", 0.5, ms=60_000, execution_arn=None, status="timeout", stream="b")
    others = [
        *invocation("4", 0.6, execution_arn=OTHER, stream="c"),
        *invocation("5", 9.0, execution_arn=None, stream="c"),  # after the end of the run
        *invocation("6", 0.6, execution_arn=None, stream="d", function=f"{FUNCTION}-of-the-same-group"),
    ]
    found = measured([*own, *killed, *others])
    function = found.maps[0].functions[0]
    assert (function.invocations, function.errors) == (3, 1)
    assert function.billed_seconds == pytest.approx(60.2)
    assert found.log_bytes == billed_bytes([*own, *killed])


def test_memory_is_that_of_each_invocation(measured):
    function = measured([*invocation("1", 0.1, memory=1024), *invocation("2", 1.0, memory=2048)]).maps[0].functions[0]
    assert function.gb_seconds == pytest.approx(0.1 * 1 + 0.1 * 2), "it was changed during the run"


def test_lines_without_an_id_belong_to_the_invocation_that_runs_in_their_stream(measured):
    first, second = invocation("1", 0.1), invocation("2", 0.1, stream="b", execution_arn=OTHER)
    first.insert(1, event(0.15, "printed", stream="a"))
    second.insert(1, event(0.15, "printed by the other", stream="b"))
    assert measured([*first, *second], number=1).log_bytes == billed_bytes(first)


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([], f"not measured: {GROUP} has no platform.report of this run; the function needs log format JSON"),
        (
            invocation("1"),
            f"1 of at least 2 invocations: the others have no report in {GROUP}",
        ),
        (
            [*invocation("1", 0.1), *invocation("2", 0.3, report=False), *invocation("3", 0.6)],
            f"2 of at least 3 invocations: the others have no report in {GROUP}",
        ),
    ],
)
def test_reports_that_are_missing_are_said_in_the_basis(measured, events, problem):
    found = measured(events)
    assert found.maps[0].functions[0].problem == problem
    assert problem in bases(found)["Lambda requests"]


def test_on_aws_the_end_of_the_log_is_waited_for(measured, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("operate.usage.compute.time.sleep", waits.append)
    just = execution(started=datetime.now(UTC) - timedelta(seconds=5), stopped=datetime.now(UTC))
    late = [*invocation("1"), *invocation("2", 1.0)]
    found = measured(invocation("1"), again=late, is_local=False, execution=just)
    assert (found.maps[0].functions[0].invocations, waits) == (2, [compute.ASK_AGAIN_SECONDS])


def test_of_a_run_that_ended_long_ago_nothing_is_waited_for(measured, monkeypatch):
    monkeypatch.setattr("operate.usage.compute.time.sleep", lambda _: pytest.fail("waited"))
    assert measured(invocation("1"), is_local=False).maps[0].functions[0].problem is not None


@pytest.mark.parametrize(
    ("service", "call", "code", "problem"),
    [
        ("lambda", "get_function_configuration", "ResourceNotFoundException", "there is no function stations any more"),
        (
            "lambda",
            "get_function_configuration",
            "AccessDeniedException",
            "lambda:GetFunctionConfiguration of stations is denied",
        ),
        ("logs", "filter_log_events", "ResourceNotFoundException", f"there is no log group {GROUP}"),
        ("logs", "filter_log_events", "AccessDeniedException", f"logs:FilterLogEvents on {GROUP} is denied"),
    ],
)
def test_what_may_not_be_read_is_said_and_the_rest_is_priced(stubbed, service, call, code, problem):
    (sfn, children_stub), (functions, function_stub), (logs, log_stub) = map(
        stubbed, ("stepfunctions", "lambda", "logs")
    )
    queue_children(children_stub, 100)
    if service == "logs":
        queue_function(function_stub)
    {"lambda": function_stub, "logs": log_stub}[service].add_client_error(call, code)
    stack = FakeStack(stepfunctions=sfn, logs=logs, **{"lambda": functions})
    found = usage.measure(evidence(stack, definition=definition(Reviews=MAP), manifests={}))
    function = found.maps[0].functions[0]
    assert (function.invocations, function.problem) == (0, f"not measured: {problem}")
    assert bases(found)["Lambda requests"] == f"not measured: {problem}"
    assert usage.cost_of(found).total_usd > 0


def test_each_map_run_has_the_invocations_that_began_before_its_end(stubbed):
    """Two maps of one execution that call the same function, one after the other."""
    (sfn, children_stub), (functions, function_stub), (logs, log_stub) = map(
        stubbed, ("stepfunctions", "lambda", "logs")
    )
    first = map_run(executions=children_of(1))
    assert first.stopped is not None
    arn = MAP_RUN.replace("Reviews", "Again")
    second = map_run(
        arn=arn, executions=children_of(2), started=first.stopped, stopped=first.stopped + timedelta(seconds=60)
    )
    queue_children(children_stub, 1)
    queue_children(children_stub, 1, 1, map_run_arn=arn)
    queue_function(function_stub)
    queue_log(log_stub, [*invocation("1", 0.5), *invocation("2", 10.0), *invocation("3", 11.0)])
    over = execution(stopped=second.stopped)
    both = definition(Reviews=MAP, Again=map_state("Again", states=INVOKE))
    stack = FakeStack(stepfunctions=sfn, logs=logs, **{"lambda": functions})
    given = {"definition": both, "map_runs": (first, second), "execution": over, "manifests": {}}
    found = usage.measure(evidence(stack, **given))
    assert [each.functions[0].invocations for each in found.maps] == [1, 2]
    assert [each.functions[0].problem for each in found.maps] == [None, None]


def test_the_log_is_read_from_the_start_to_the_end_and_the_functions_timeout(stubbed):
    (functions, function_stub), (logs, log_stub) = map(stubbed, ("lambda", "logs"))
    queue_function(function_stub)
    began, over = execution().started, execution().stopped
    assert over is not None
    asked = {
        "logGroupName": GROUP,
        "startTime": int(began.timestamp() - 1) * 1000,
        "endTime": int((over.timestamp() + 1 + 60) * 1000) + 1,
    }
    log_stub.add_response("filter_log_events", {"events": []}, asked)
    stack = FakeStack(logs=logs, **{"lambda": functions})
    found = compute.calls(evidence(stack), FUNCTION, (map_run(),), least=0)
    assert found.by_map_run == {MAP_RUN: []}


def test_sampled_standard_children_take_their_retries_from_the_function(measured, monkeypatch):
    standard = map_state(kind="STANDARD", states=INVOKE)
    counted = []

    def count(_sfn, _children, **given):
        counted.append(given)
        return children.Transitions(total=2, states=1, basis="")

    monkeypatch.setattr(children, "count", count)
    measured([*invocation("1"), *invocation("2", 1.0)], definition=definition(Reviews=standard))
    measured(invocation("1"), definition=definition(Reviews=standard))
    assert counted == [{"invocations": 2}, {"invocations": None}], "not when reports are missing"
