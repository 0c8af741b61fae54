"""Execution logs: entries as AWS wrote them, levels as it documents them, and delivery that no execution feels."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import botocore.session
import orjson
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.observe import logs
from local.stepfunctions.observe.entries import MAX_ESCAPED_BYTES
from local.stepfunctions.observe.levels import logged
from local.stepfunctions.observe.logs import BATCH_BYTES, BATCH_EVENTS, EVENT_BYTES, batches
from local.stepfunctions.run.branch import EventCounter
from tests.engine.memory import PLACE, ROLE, machine
from tests.engine.observe.conftest import GROUP, Watched

PASS = machine(State_1={"Type": "Pass", "Result": {"Arg1": "argument1"}, "End": True})
FAILURE = "This state machines raises a 'SomeFailure' failure."
FAIL = machine(FailState={"Type": "Fail", "Error": "SomeFailure", "Cause": FAILURE})
WAIT = machine(WaitState={"Type": "Wait", "SecondsPath": "$.input.waitSeconds", "End": True})
MISSING = (
    "An error occurred while executing the state 'WaitState' (entered at the event id #2). "
    "The SecondsPath parameter does not reference an input value: $.input.waitSeconds"
)
KEPT = {"truncated": False}
OUTPUT = {"output": '{"Arg1":"argument1"}', "outputDetails": KEPT}
INPUT = {"input": "{}", "inputDetails": KEPT}
TYPES: list[str] = vars(botocore.session.Session().get_service_model("stepfunctions").shape_for("HistoryEventType"))[
    "_shape_model"
]["enum"]
FAILED = frozenset(kind for kind in TYPES if kind.endswith(("Failed", "Aborted", "TimedOut")))


def kinds(watched: Watched) -> list[str]:
    return [entry["type"] for entry in watched.entries]


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("definition", "include", "expected"),
    [
        (
            PASS,
            False,
            [
                ("ExecutionStarted", "0", {"roleArn": ROLE}),
                ("PassStateEntered", "0", {"name": "State_1"}),
                ("PassStateExited", "2", {"name": "State_1"}),
                ("ExecutionSucceeded", "3", {}),
            ],
        ),
        (
            PASS,
            True,
            [
                ("ExecutionStarted", "0", {**INPUT, "roleArn": ROLE}),
                ("PassStateEntered", "0", {**INPUT, "name": "State_1"}),
                ("PassStateExited", "2", {"name": "State_1", **OUTPUT}),
                ("ExecutionSucceeded", "3", OUTPUT),
            ],
        ),
        (
            FAIL,
            False,
            [
                ("ExecutionStarted", "0", {"roleArn": ROLE}),
                ("FailStateEntered", "0", {"name": "FailState"}),
                ("ExecutionFailed", "2", {"cause": FAILURE, "error": "SomeFailure"}),
            ],
        ),
        (
            WAIT,
            True,
            [
                ("ExecutionStarted", "0", {**INPUT, "roleArn": ROLE}),
                ("WaitStateEntered", "0", {**INPUT, "name": "WaitState"}),
                ("ExecutionFailed", "2", {"cause": MISSING, "error": "States.Runtime"}),
            ],
        ),
    ],
)
def test_every_event_is_an_entry_in_awss_form(watch: Any, definition: Any, include: bool, expected: Any) -> None:
    watched = watch(definition, level="ALL", include=include)
    assert watched.entries == [
        {
            "id": str(number),
            "type": kind,
            "details": details,
            "previous_event_id": previous,
            "event_timestamp": entry["event_timestamp"],
            "execution_arn": PLACE.execution("machine", "run"),
            "redrive_count": "0",
        }
        for (number, (kind, previous, details)), entry in zip(enumerate(expected, 1), watched.entries, strict=True)
    ]
    for entry in watched.entries:
        assert list(entry)[:3] == ["id", "type", "details"]
        assert watched.execution.started * 1000 - 1 <= int(entry["event_timestamp"]) <= watched.execution.stopped * 1000


@pytest.mark.aws("recorded")
def test_entries_go_to_the_group_in_a_stream_of_the_machine(watch: Any) -> None:
    watched = watch(PASS, level="ALL")
    (stream,) = watched.sent("CreateLogStream")
    assert stream["logGroupName"] == GROUP
    assert re.fullmatch(r"states/machine/\d{4}-\d\d-\d\d-\d\d-\d\d/[0-9a-f]{8}", stream["logStreamName"])
    (put,) = watched.sent("PutLogEvents")
    assert {name: put[name] for name in stream} == stream
    assert [event["timestamp"] for event in put["logEvents"]] == [int(e["event_timestamp"]) for e in watched.entries]


@pytest.mark.aws("documented")
def test_levels_have_the_events_of_awss_table() -> None:
    assert logged("ALL") is None
    assert logged("OFF") == frozenset()
    assert logged("FATAL") == frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
    assert logged("ERROR") == FAILED | {"FailStateEntered"}, "whatever failed, was aborted or timed out"


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("level", "expected"),
    [("ERROR", ["FailStateEntered", "ExecutionFailed"]), ("FATAL", ["ExecutionFailed"]), ("OFF", [])],
)
def test_a_level_logs_its_events_alone(watch: Any, level: str, expected: list[str]) -> None:
    assert kinds(watch(FAIL, level=level)) == expected
    assert kinds(watch(PASS, level=level)) == []


@pytest.mark.aws("documented")
def test_express_executions_are_logged_like_standard_ones(watch: Any) -> None:
    watched = watch(PASS, level="ALL", kind="EXPRESS")
    assert [(entry["id"], entry["type"]) for entry in watched.entries] == [
        ("1", "ExecutionStarted"),
        ("2", "PassStateEntered"),
        ("3", "PassStateExited"),
        ("4", "ExecutionSucceeded"),
    ]
    assert all(":express:machine:run:" in entry["execution_arn"] for entry in watched.entries)


def of_children(kind: str) -> dict[str, Any]:
    processor = machine(
        Look={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "Bad"}], "Default": "Good"},
        Good={"Type": "Pass", "End": True},
        Bad={"Type": "Fail", "Error": "Bad"},
    )
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
    state = {"Type": "Map", "Label": "L", "ItemProcessor": {**config, **processor}, "End": True}
    return machine(M={**state, "ToleratedFailureCount": 9})


@pytest.mark.aws("documented")
@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_children_are_logged_by_their_machines_level_with_their_map_run(watch: Any, kind: str) -> None:
    everything = watch(of_children(kind), [1, None], level="ALL", include=True)
    (run,) = everything.execution.map_runs
    of_child = [entry for entry in everything.entries if "map_run_arn" in entry]
    assert {entry["map_run_arn"] for entry in of_child} == {run}
    first, second = dict.fromkeys(entry["execution_arn"] for entry in of_child)
    assert [(entry["id"], entry["previous_event_id"], entry["type"]) for entry in of_child] == [
        ("1", "0", "ExecutionStarted"),
        ("2", "0", "ChoiceStateEntered"),
        ("3", "2", "ChoiceStateExited"),
        ("4", "3", "PassStateEntered"),
        ("5", "4", "PassStateExited"),
        ("6", "5", "ExecutionSucceeded"),
        ("1", "0", "ExecutionStarted"),
        ("2", "0", "ChoiceStateEntered"),
        ("3", "2", "ChoiceStateExited"),
        ("4", "3", "FailStateEntered"),
        ("5", "4", "ExecutionFailed"),
    ]
    assert of_child[0]["details"]["input"] == "1"
    assert f":{'execution' if kind == 'STANDARD' else 'express'}:machine/L:" in first

    errors = watch(of_children(kind), [1, None], level="ERROR").entries
    assert [(entry["type"], entry["id"]) for entry in errors] == [("FailStateEntered", "4"), ("ExecutionFailed", "5")]
    assert first != second


def test_children_that_nobody_logs_only_count_their_events(watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def count(self: EventCounter, *_more: Any) -> None:
        made.append(type(self))
        self._count = 0

    made: list[type] = []
    monkeypatch.setattr(EventCounter, "__init__", count)
    watch(of_children("EXPRESS"), [1], level="OFF")
    assert made == [EventCounter], "a plain count costs less than a log that takes nothing"


@pytest.mark.aws("recorded")
def test_after_a_redrive_the_count_rises(watch: Any) -> None:
    async def redrive(engine: Engine, execution: Execution) -> None:
        engine.redrive(execution)
        assert execution.task is not None
        await execution.task

    watched = watch(FAIL, level="ERROR", then=redrive)
    assert [(entry["type"], entry["redrive_count"]) for entry in watched.entries] == [
        ("FailStateEntered", "0"),
        ("ExecutionFailed", "0"),
        ("ExecutionFailed", "1"),
    ]


@pytest.mark.aws("documented")
@pytest.mark.parametrize("character", ["x", '"', "é", "\\"])
def test_a_text_over_248_kib_is_cut_there_as_it_is_escaped(watch: Any, character: str) -> None:
    size = MAX_ESCAPED_BYTES // 2
    watched = watch(PASS, character * size, level="ALL", include=True)
    details = watched.entries[0]["details"]
    whole = orjson.dumps(character * size).decode()
    if len(orjson.dumps(whole)) - 2 <= MAX_ESCAPED_BYTES:
        assert (details["input"], details["inputDetails"]) == (whole, {"truncated": False})
    else:
        assert details["inputDetails"] == {"truncated": True}
        assert whole.startswith(details["input"])
        more = whole[: len(details["input"]) + 1]
        assert len(orjson.dumps(details["input"])) - 2 <= MAX_ESCAPED_BYTES < len(orjson.dumps(more)) - 2


@hypothesis_given(st.lists(st.integers(0, 300_000), max_size=30), st.integers(0, 2 * BATCH_EVENTS))
def test_batches_keep_all_entries_in_order_and_within_the_limits_of_a_request(sizes: list[int], small: int) -> None:
    entries = [(when, b"x" * size) for when, size in enumerate([*sizes, *[1] * small])]
    made = list(batches(entries))
    assert [entry for batch in made for entry in batch] == entries
    for batch in made:
        assert 0 < len(batch) <= BATCH_EVENTS
        assert sum(len(text) + EVENT_BYTES for _when, text in batch) <= BATCH_BYTES


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda session: session.refused.add("CreateLogStream"), "logs CreateLogStream: Refused: no"),
        (lambda session: setattr(session.iam, "allowed", False), "not authorized to perform: logs:CreateLogDelivery"),
    ],
)
def test_a_missing_group_or_permission_costs_a_warning_and_no_execution(
    watch: Any, prepare: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def again(engine: Engine, execution: Execution) -> None:
        assert engine.observer is not None
        for name in ("second", "third"):
            await asyncio.sleep(logs.FLUSH_SECONDS + 0.1)
            more = engine.start(execution.machine, name=name, payload=execution.input)
            assert more.task is not None
            await more.task

    watched = watch(PASS, level="ALL", prepare=prepare, then=again)
    assert watched.execution.status == "SUCCEEDED"
    assert watched.entries == []
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warning.startswith(f"executions of machine are not logged to {GROUP}: ")
    assert reason in warning


def test_entries_that_nobody_takes_are_dropped_at_a_limit_with_a_warning(
    watch: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logs, "MAX_WAITING_BYTES", 1_000)
    watched = watch(of_children("EXPRESS"), list(range(100)), level="ALL")
    assert watched.execution.status == "SUCCEEDED"
    assert 1 < len(watched.entries) < 20
    dropped = 8 + 100 * 6 - len(watched.entries)
    assert f"{dropped} log entries were dropped: more than 1000 bytes waited" in caplog.text
