"""Status changes as EventBridge events: their detail, who is told of, and that nothing is sent that nobody awaits."""

from __future__ import annotations

import logging
from typing import Any

import orjson
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from local.environment import SERVICE_HEADER
from local.stepfunctions.observe.status import (
    BATCH_BYTES,
    BATCH_ENTRIES,
    MAX_DATA_BYTES,
    StatusChange,
    batches,
    detail,
    is_awaited,
)
from tests.engine.memory import PLACE
from tests.engine.observe.conftest import EVERY_EVENT, WatchedSession
from tests.engine.observe.test_logs import FAIL, PASS, of_children
from tests.engine.observe.test_metrics import redrive

NOT_REDRIVABLE = "Execution is {} and cannot be redriven"


def awaited(session: WatchedSession) -> None:
    session.rules.append(EVERY_EVENT)


def change(given: bytes, output: bytes | None = None) -> StatusChange:
    return StatusChange(
        execution_arn="arn:x",
        machine_arn="arn:m",
        name="x",
        status="SUCCEEDED",
        started=1.25,
        stopped=2.5,
        input=given,
        output=output,
        error=None,
        cause=None,
        redrives=0,
        redriven=None,
        redrive={"redriveStatus": "REDRIVABLE"},
    )


@pytest.mark.aws("documented")
def test_start_and_end_of_a_standard_execution_are_told_in_order_with_every_field(watch: Any) -> None:
    watched = watch(PASS, {"a": 1}, prepare=awaited)
    execution = watched.execution
    start, stop = int(execution.started * 1000), int(execution.stopped * 1000)
    same = {
        "executionArn": PLACE.execution("machine", "run"),
        "stateMachineArn": PLACE.state_machine("machine"),
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": "run",
        "startDate": start,
        "input": '{"a":1}',
        "inputDetails": {"included": True},
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "error": None,
        "cause": None,
    }
    assert watched.changes == [
        {
            **same,
            "status": "RUNNING",
            "stopDate": None,
            "output": None,
            "outputDetails": None,
            "redriveStatusReason": NOT_REDRIVABLE.format("RUNNING"),
        },
        {
            **same,
            "status": "SUCCEEDED",
            "stopDate": stop,
            "output": '{"Arg1":"argument1"}',
            "outputDetails": {"included": True},
            "redriveStatusReason": NOT_REDRIVABLE.format("SUCCEEDED"),
        },
    ]
    (put,) = watched.sent("PutEvents")
    assert put["headers"] == {SERVICE_HEADER: "token"}
    for entry in put["Entries"]:
        assert (entry["Source"], entry["DetailType"]) == ("aws.states", "Step Functions Execution Status Change")
        assert entry["Resources"] == [PLACE.execution("machine", "run")]


@pytest.mark.aws("documented")
def test_a_failure_is_told_with_its_error_and_a_redrive_with_its_count_and_date(watch: Any) -> None:
    watched = watch(FAIL, prepare=awaited, then=redrive)
    told = [(c["status"], c["error"], c["redriveCount"], c["redriveStatus"]) for c in watched.changes]
    assert told == [
        ("RUNNING", None, 0, "NOT_REDRIVABLE"),
        ("FAILED", "SomeFailure", 0, "REDRIVABLE"),
        ("RUNNING", None, 1, "NOT_REDRIVABLE"),
        ("FAILED", "SomeFailure", 1, "REDRIVABLE"),
    ]
    assert [c["redriveDate"] is None for c in watched.changes] == [True, True, False, False]
    assert isinstance(watched.changes[2]["redriveDate"], int), "epoch milliseconds"


@pytest.mark.aws("documented")
def test_express_executions_and_children_are_not_told_but_standard_children_are(watch: Any) -> None:
    assert watch(PASS, kind="EXPRESS", prepare=awaited).changes == []
    for kind, expected in (("EXPRESS", []), ("STANDARD", ["RUNNING", "RUNNING", "SUCCEEDED", "FAILED"])):
        watched = watch(of_children(kind), [1, None], prepare=awaited)
        children = [c for c in watched.changes if c["stateMachineArn"] == PLACE.state_machine("machine/L")]
        assert sorted(c["status"] for c in children) == sorted(expected)
        for told in children:
            by_map_run = told["status"] == "FAILED"
            assert (told["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN") == by_map_run
            assert told["executionArn"].endswith(f":execution:machine/L:{told['name']}")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"EventPattern": '{"source": ["aws.states"]}', "State": "ENABLED"}, True),
        ({"EventPattern": '{"source": ["aws.s3", "aws.states"]}', "State": "ENABLED"}, True),
        ({"EventPattern": '{"source": [{"prefix": "aws."}]}', "State": "ENABLED"}, True),
        ({"EventPattern": '{"detail": {"status": ["FAILED"]}}', "State": "ENABLED"}, True),
        ({"EventPattern": '{"source": ["aws.s3"]}', "State": "ENABLED"}, False),
        ({"EventPattern": '{"source": ["aws.states"]}', "State": "DISABLED"}, False),
        ({"ScheduleExpression": "rate(1 day)", "State": "ENABLED"}, False),
        ({"ArchiveName": "all", "State": "ENABLED"}, True),
    ],
)
def test_what_may_match_is_awaited(rule: dict[str, Any], expected: bool) -> None:
    assert is_awaited(rule) == expected


def test_nothing_is_sent_when_no_rule_can_match(watch: Any) -> None:
    other = {"EventPattern": '{"source": ["aws.s3"]}', "State": "ENABLED"}
    assert watch(PASS, prepare=lambda session: session.rules.append(other)).sent("PutEvents") == []


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("given", "output", "included"),
    [
        (10, 10, (True, True)),
        (MAX_DATA_BYTES - 12, 10, (True, True)),
        (MAX_DATA_BYTES - 11, 10, (False, True)),
        (10, MAX_DATA_BYTES - 2, (False, True)),
        (10, MAX_DATA_BYTES - 1, (False, False)),
    ],
)
def test_input_and_output_are_left_out_over_248_kib_as_they_are_escaped(
    given: int, output: int, included: tuple[bool, bool]
) -> None:
    told = detail(change(b"1" * given, b'"' + b"x" * (output - 2) + b'"'))
    assert (told["inputDetails"]["included"], told["outputDetails"]["included"]) == included
    assert (told["input"] is not None, told["output"] is not None) == included


@hypothesis_given(st.lists(st.integers(1, 200_000), max_size=40))
def test_requests_hold_all_changes_in_order_within_the_limits_of_put_events(sizes: list[int]) -> None:
    changes = [change(b"1" * size) for size in sizes]
    made = list(batches(changes))
    told = [orjson.loads(entry["Detail"])["input"] for batch in made for entry in batch]
    assert [len(text) for text in told] == sizes
    for batch in made:
        assert 0 < len(batch) <= BATCH_ENTRIES
        assert len(batch) == 1 or sum(len(entry["Detail"]) for entry in batch) <= BATCH_BYTES


def test_events_that_nobody_takes_cost_one_warning(watch: Any, caplog: pytest.LogCaptureFixture) -> None:
    watched = watch(PASS, prepare=lambda session: session.refused.add("ListRules"))
    assert watched.execution.status == "SUCCEEDED"
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warning.startswith("the status changes of executions are not told to EventBridge: ")
