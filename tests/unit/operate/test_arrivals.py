"""A run by uploads: when it is refused, and which executions are its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operate import arrivals, runs
from operate.arrivals import CLOCKS, MAX_OBJECTS, Follower
from operate.errors import StackError, UsageError
from tests.unit.operate.answers import dumped

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:object"


class OneStack:
    name = "dev"


def asked(count: int, **parameters: Any) -> runs.RunRequest:
    return runs.RunRequest(
        use_case=runs.use_case_named("ssn_scan"), count=count, seed=1, parameters=parameters, timeout=1.0
    )


def check(count: int, watched: str = "true", **parameters: Any) -> None:
    arrivals.check_watched(asked(count, **parameters), OneStack(), {"arrivals_watched": watched})  # type: ignore[arg-type] # only its name is read


def test_a_stack_that_does_not_watch_is_told_with_the_key_to_set() -> None:
    with pytest.raises(StackError) as raised:
        check(10, watched="false")
    assert str(raised.value) == (
        "stack dev does not watch for objects that arrive: set distmap:ssn_scan_on_object_created to true in"
        " Pulumi.dev.yaml and deploy again"
    )


def test_more_objects_than_can_be_followed_are_refused_with_the_remedy() -> None:
    check(MAX_OBJECTS)
    check(MAX_OBJECTS + 1, max_items=5)
    with pytest.raises(UsageError, match=r"10,000 objects at most, asked for 10,001: give --count or --set max_items"):
        check(MAX_OBJECTS + 1)


class Machine:
    """Lists executions, the last first, and describes them; counts what it is asked."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.inputs: dict[str, str] = {}
        self.described: list[str] = []

    def add(self, name: str, given: Any, *, status: str = "SUCCEEDED", ago: timedelta = timedelta()) -> None:
        self.rows.insert(0, {"executionArn": name, "status": status, "startDate": datetime.now(UTC) - ago})
        self.inputs[name] = dumped(given)

    def list_executions(self, **_request: Any) -> dict[str, Any]:
        return {"executions": self.rows}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 - Step Functions' own name
        self.described.append(executionArn)
        row = next(row for row in self.rows if row["executionArn"] == executionArn)
        return {**row, "stateMachineArn": MACHINE, "stopDate": row["startDate"], "input": self.inputs[executionArn]}


def event(key: str) -> dict[str, Any]:
    return {"detail": {"bucket": {"name": "in"}, "object": {"key": key}}}


def test_executions_that_ended_for_own_objects_are_taken_once_and_no_others() -> None:
    machine = Machine()
    machine.add("earlier", event("arrivals/run/z"), ago=2 * CLOCKS)
    follower = Follower(machine, MACHINE, "arrivals/run/")
    machine.add("first", event("arrivals/run/a"))
    machine.add("again", event("arrivals/run/a"))
    machine.add("other", event("arrivals/another/b"))
    machine.add("by-hand", [1])
    machine.add("at-work", event("arrivals/run/c"), status="RUNNING")
    for _ in range(2):
        follower.look()
    assert {key: sorted(each.arn for each in found) for key, found in follower.ended.items()} == {
        "arrivals/run/a": ["again", "first"]
    }
    assert follower.running == 1
    assert sorted(machine.described) == ["again", "by-hand", "first", "other"], "each once, and none that still runs"
    found = follower.found()
    assert {each.arn for each in found.all()} == {"first", "again"}
    assert found.started <= found.stopped
