"""What a run used is counted from its history, its children, its files and its log."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from operate import usage
from operate.errors import ExecutionError
from operate.usage import children, machine_log
from operate.usage.definition import functions, requests_of_reader, state_of
from tests.unit.operate.answers import EXECUTION, MAP_RUN, STARTED, history_page, map_run
from tests.unit.operate.usage.world import (
    INVOKE,
    OTHER,
    PARENT,
    PASS,
    FakeStack,
    billed_bytes,
    children_of,
    definition,
    event,
    evidence,
    map_state,
    queue_children,
    queue_history,
    queue_log,
)

CHILD = ("ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded")
RETRIED = ("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskFailed", "TaskScheduled", "TaskStateExited")
MACHINE_GROUP = "/aws/vendedlogs/states/machine"


def quantities(found):
    cost = usage.cost_of(usage.measure(found))
    return {(line.name, line.basis.split(",")[0]): line.quantity for line in cost.lines}


def test_a_run_with_express_children_is_billed_by_starts_requests_and_steps_of_100_ms(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber, 12, 250)
    assert quantities(evidence(FakeStack(stepfunctions=sfn))) == {
        ("Step Functions transitions", "states the parent entered"): 2,
        ("Step Functions transitions", "child executions started"): 2,
        ("Step Functions EXPRESS requests", "child executions"): 2,
        ("Step Functions EXPRESS duration", "0.4 s in 100 ms steps at 64 MB"): pytest.approx(0.4 * 64 / 1024),
        ("S3 GET requests", "objects the reader fetched"): 1,
        ("S3 PUT, POST, LIST requests", "manifest twice"): 2 + 2 + 3,
        ("S3 Standard storage", "results kept for a month"): pytest.approx(20 / 1024),
    }


def test_a_few_standard_children_are_billed_by_the_states_that_each_entered_and_its_retries(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber, 12, 250)
    queue_history(stubber, 0, *CHILD)
    queue_history(stubber, 1, *RETRIED)
    given = definition(Reviews=map_state(kind="STANDARD"))
    found = usage.measure(evidence(FakeStack(stepfunctions=sfn), definition=given))
    (each,) = found.maps
    assert (each.children, each.states_per_child, each.child_seconds) == (2, 1, (0.012, 0.25))
    assert each.child_transitions == 1 + 2, "a retry is billed"
    lines = {line.basis: line.quantity for line in usage.cost_of(found).lines}
    assert lines["child executions started"] == 2
    assert lines["states the children entered, retries included"] == 3
    assert not any("EXPRESS" in line.name for line in usage.cost_of(found).lines)


@pytest.mark.parametrize(
    ("invocations", "total", "words"),
    [
        (None, 450 * 2, "for all 450, retries included"),
        (453, 450 + 3, "for all 450, and 3 retries seen in the function's log"),
        (450, 450, "for all 450, and 0 retries seen in the function's log"),
    ],
)
def test_of_many_standard_children_a_sample_is_read(stubbed, monkeypatch, invocations, total, words):
    monkeypatch.setattr(children, "SAMPLED_CHILDREN", 9)
    sfn, stubber = stubbed()
    run = map_run(executions=children_of(450))
    queue_children(stubber, *range(450))
    for number in range(0, 450, 50):
        queue_history(stubber, number, *RETRIED)
    counted = children.count(sfn, children.read(sfn, run), invocations=invocations)
    assert counted.total == total
    assert counted.basis == f"states that 9 of the children entered, {words}"


def test_a_listing_is_billed_by_the_page(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber)
    listing = definition(Reviews=map_state(Resource="arn:aws:states:::s3:listObjectsV2"))
    found = quantities(evidence(FakeStack(stepfunctions=sfn), definition=listing, manifests={}))
    assert found["S3 PUT, POST, LIST requests", "pages of keys the reader listed"] == 2, "2,000 keys, 1,000 a page"


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ({"Resource": "arn:aws:states:::s3:getObject"}, (1, 0)),
        ({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "MANIFEST"}}, (2, 0)),
        ({"Resource": "arn:aws:states:::s3:listObjectsV2"}, (0, 2)),
        (None, (0, 0)),
    ],
)
def test_a_reader_makes_requests_by_its_kind(reader, expected):
    assert requests_of_reader(map_run(), {} if reader is None else {"ItemReader": reader}) == expected


@pytest.mark.parametrize(
    ("types", "count", "why"),
    [
        (PARENT, 2, "two states"),
        (("TaskStateEntered", "TaskScheduled", "TaskFailed", "TaskScheduled", "TaskSucceeded"), 2, "a retry is billed"),
        ((*PARENT, "ExecutionRedriven", "MapRunRedriven"), 3, "a redrive is billed"),
        ((), 0, "nothing happened"),
    ],
)
def test_transitions_are_states_entered_retries_and_redrives(types, count, why):
    assert usage.transitions(tuple(history_page(*types)["events"])) == count, why


def test_a_map_inside_a_parallel_branch_is_found(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber, 1)
    nested = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [definition()], "End": True}}}
    found = usage.measure(evidence(FakeStack(stepfunctions=sfn), definition=nested, manifests={}))
    assert found.maps[0].execution_type == "EXPRESS"


def test_of_several_maps_the_one_with_the_label_of_the_map_run_is_taken():
    both = definition(
        Listing=map_state("Listing", kind="STANDARD"), ListingExpress=map_state("ListingExpress", kind="EXPRESS")
    )
    arn = MAP_RUN.replace("Reviews", "ListingExpress")
    state = state_of(map_run(arn=arn), both, ())
    assert state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] == "EXPRESS"


def test_a_map_without_a_label_is_found_by_the_state_that_the_history_entered():
    """AWS makes up labels that nobody knows beforehand."""
    arn = MAP_RUN.replace("Reviews", "b7c1e2d3f4")
    both = definition(One=map_state(None, kind="STANDARD"), Two=map_state(None, kind="EXPRESS"))
    chain = [
        {"id": 1, "type": "ExecutionStarted", "previousEventId": 0},
        {"id": 2, "type": "MapStateEntered", "previousEventId": 1, "stateEnteredEventDetails": {"name": "Two"}},
        {"id": 3, "type": "MapStateStarted", "previousEventId": 2},
        {"id": 4, "type": "MapRunStarted", "previousEventId": 3, "mapRunStartedEventDetails": {"mapRunArn": arn}},
    ]
    assert state_of(map_run(arn=arn), both, chain) is both["States"]["Two"]
    with pytest.raises(ExecutionError, match="of no distributed map"):
        state_of(map_run(arn=arn), both, chain[:3])


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (INVOKE["Stations"], ["arn:aws:lambda:us-east-1:000000000000:function:stations"]),
        ({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f"}}, ["f"]),
        (
            {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f"},
            ["arn:aws:lambda:us-east-1:1:function:f"],
        ),
        ({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "{% $f %}"}}, []),
        ({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.f"}}, []),
        ({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {}}, []),
        (PASS["Keep"], []),
    ],
)
def test_the_functions_of_a_child_are_those_of_its_lambda_tasks(task, expected):
    assert functions({"States": {"T": task}}) == expected


def entry(seconds, **named):
    return event(seconds, {"id": "1", "type": "TaskStateEntered", "details": {}, **named}, stream="states/machine/1")


def test_the_machines_log_is_billed_as_sent_and_only_what_is_of_this_run(stubbed):
    (sfn, children_stub), (logs, log_stub) = stubbed(), stubbed("logs")
    queue_children(children_stub)
    own = [entry(1, execution_arn=EXECUTION), entry(2, execution_arn="child", map_run_arn=MAP_RUN)]
    others = [entry(1, execution_arn=OTHER), entry(2, execution_arn="child", map_run_arn=f"{MAP_RUN}0")]
    queue_log(log_stub, [*own, *others], group=MACHINE_GROUP, pages=2)
    stack = FakeStack(stepfunctions=sfn, logs=logs)
    found = usage.measure(evidence(stack, logging_level="ALL", log_group=MACHINE_GROUP))
    assert found.log_bytes == found.machine_log_bytes == billed_bytes(own)
    (line,) = [line for line in usage.cost_of(found).lines if line.unit == "GB"]
    assert line.quantity * 2**30 == pytest.approx(billed_bytes(own))
    assert line.basis == "log level ALL, as sent"


@pytest.mark.parametrize(("data", "payload"), [(False, 0), (True, 2 * 20 * 2**20)])
def test_a_log_of_level_all_that_is_too_long_to_read_is_estimated_with_execution_data_twice(
    stubbed, monkeypatch, data, payload
):
    monkeypatch.setattr(machine_log, "MAX_EVENTS_READ", len(PARENT) + 2 * 4 - 1)
    sfn, stubber = stubbed()
    queue_children(stubber)
    stack = FakeStack(stepfunctions=sfn)
    found = evidence(stack, logging_level="ALL", logs_data=data, log_group=MACHINE_GROUP)
    (line,) = [line for line in usage.cost_of(usage.measure(found)).lines if line.unit == "GB"]
    events = sum(len(orjson.dumps(event, default=str)) for event in found.events)
    assert line.quantity * 2**30 == pytest.approx(events + 2 * 4 * machine_log.LOG_EVENT_BYTES + payload)
    assert line.basis == "log level ALL, estimated"


@pytest.mark.parametrize(
    ("code", "level", "basis"),
    [
        ("ResourceNotFoundException", "ERROR", f"log level ERROR, not measured: there is no log group {MACHINE_GROUP}"),
        (
            "AccessDeniedException",
            "ALL",
            f"log level ALL, estimated: logs:FilterLogEvents on {MACHINE_GROUP} is denied",
        ),
    ],
)
def test_a_log_that_cannot_be_read_is_said_so_and_the_rest_is_priced(stubbed, code, level, basis):
    (sfn, children_stub), (logs, log_stub) = stubbed(), stubbed("logs")
    queue_children(children_stub, 5)
    log_stub.add_client_error("filter_log_events", code)
    stack = FakeStack(stepfunctions=sfn, logs=logs)
    found = usage.measure(evidence(stack, logging_level=level, log_group=MACHINE_GROUP))
    cost = usage.cost_of(found)
    assert basis in {line.basis for line in cost.lines}
    assert cost.total_usd > 0


def test_a_silent_log_makes_no_line(stubbed):
    (sfn, children_stub), (logs, log_stub) = stubbed(), stubbed("logs")
    queue_children(children_stub)
    queue_log(log_stub, [entry(1, execution_arn=OTHER)], group=MACHINE_GROUP)
    found = evidence(FakeStack(stepfunctions=sfn, logs=logs), logging_level="ERROR", log_group=MACHINE_GROUP)
    assert not [line for line in usage.cost_of(usage.measure(found)).lines if line.unit == "GB"]


def test_a_run_that_goes_on_is_measured_as_it_stands(stubbed):
    sfn, stubber = stubbed()
    running = {"executionArn": EXECUTION, "stateMachineArn": "arn:m", "name": "1", "status": "RUNNING"}
    done = {**running, "startDate": STARTED, "stopDate": STARTED + timedelta(seconds=1)}
    rows = [{**running, "startDate": STARTED}, done]
    stubber.add_response("list_executions", {"executions": rows}, {"mapRunArn": MAP_RUN, "maxResults": 1000})
    found = usage.measure(evidence(FakeStack(stepfunctions=sfn), manifests={}))
    assert (found.maps[0].children, found.maps[0].child_seconds) == (2, (1.0,)), "one has not ended"
