"""What `distmap redrive` asks AWS for, and what it says when there is nothing to redrive."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from botocore.stub import ANY
from rich.console import Console

from operate import cli, redrive, runs
from operate.errors import ExecutionError
from operate.watch import QuietDisplay
from tests.unit.operate.answers import EXECUTION, MAP_RUN, STARTED, counts_answer, execution_answer


class OneStack:
    """A stack with one client."""

    name = "dev"
    is_local = False

    def __init__(self, sfn: Any) -> None:
        self._sfn = sfn

    def client(self, _service: str) -> Any:
        return self._sfn


def queue(stubber: Any, status: str, **given: Any) -> None:
    answer = execution_answer(status, **{"redriveCount": 0, **given})
    stubber.add_response("describe_execution", answer, {"executionArn": EXECUTION})


def queue_map_run(stubber: Any) -> None:
    row = {"executionArn": EXECUTION, "mapRunArn": MAP_RUN, "stateMachineArn": "arn:m", "startDate": STARTED}
    stubber.add_response("list_map_runs", {"mapRuns": [row]}, {"executionArn": EXECUTION, "maxResults": 1000})
    described = {
        "mapRunArn": MAP_RUN,
        "executionArn": EXECUTION,
        "status": "FAILED",
        "startDate": STARTED,
        "maxConcurrency": 10,
        "toleratedFailurePercentage": 0.0,
        "toleratedFailureCount": 0,
        "itemCounts": counts_answer(total=1_000, succeeded=600, failed=300, pending=100),
        "executionCounts": counts_answer(total=10),
    }
    stubber.add_response("describe_map_run", described, {"mapRunArn": MAP_RUN})


def call(sfn: Any, said: StringIO) -> Any:
    display = QuietDisplay(Console(file=said, width=500))
    return redrive.redrive(OneStack(sfn), EXECUTION, display, timeout=60.0, ask_to_stop=lambda: True)  # type: ignore[arg-type] # a stand-in


def test_a_redrive_is_asked_for_once_and_followed_from_when_it_shows(stubbed: Any, monkeypatch: Any) -> None:
    sfn, stubber = stubbed()
    queue(stubber, "FAILED", redriveCount=1, redriveStatus="REDRIVABLE")
    queue(stubber, "FAILED", redriveCount=1)
    queue_map_run(stubber)
    wanted = {"executionArn": EXECUTION, "clientToken": ANY}
    stubber.add_response("redrive_execution", {"redriveDate": STARTED + timedelta(hours=1)}, wanted)
    queue(stubber, "FAILED", redriveCount=1)  # AWS does not show it yet
    queue(stubber, "RUNNING", redriveCount=2)
    followed: list[dict[str, Any]] = []
    monkeypatch.setattr(redrive, "SEEN_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(runs, "wait", lambda *_, **given: followed.append(given))
    monkeypatch.setattr(runs, "report", lambda *_: "the report")
    said = StringIO()
    assert call(sfn, said) == "the report"
    assert followed[0]["expected"] == 1_000
    assert said.getvalue() == (
        f"redrive 2 of {EXECUTION}, since 04:04:05\nMap Run Reviews: FAILED, 600 of 1,000 items done\n"
    )


def test_a_redrive_that_never_shows_is_told(stubbed: Any, monkeypatch: Any) -> None:
    sfn, stubber = stubbed()
    queue(stubber, "FAILED", redriveStatus="REDRIVABLE")
    queue(stubber, "FAILED")
    queue_map_run(stubber)
    stubber.add_response("redrive_execution", {"redriveDate": STARTED})
    queue(stubber, "FAILED")
    monkeypatch.setattr(redrive, "SEEN_SECONDS", 0.0)
    with pytest.raises(ExecutionError, match=r"does not show it after 0 s: see it with `distmap report arn:"):
        call(sfn, StringIO())


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        ("RUNNING", {}, "is RUNNING and cannot be redriven: Because: wait for its end, or stop it first"),
        ("SUCCEEDED", {}, "is SUCCEEDED and cannot be redriven: Because: there is nothing left to do; see it with"),
        ("FAILED", {}, "is FAILED and cannot be redriven: Because: start a new one with `distmap run`"),
        ("FAILED", {"redriveStatusReason": ""}, "cannot be redriven: AWS says NOT_REDRIVABLE of it: start a new one"),
    ],
)
def test_what_cannot_be_redriven_is_not_asked_for(stubbed: Any, status: str, answer: Any, says: str) -> None:
    sfn, stubber = stubbed()
    queue(stubber, status, **{"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "Because", **answer})
    with pytest.raises(ExecutionError) as raised:
        call(sfn, StringIO())
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "'nonsense' is not the ARN of an execution"),
        ([EXECUTION, "--timeout", "0"], "--timeout must be more than 0 seconds, got 0"),
    ],
)
def test_what_the_command_cannot_take_is_one_line_and_exit_code_2(capsys: Any, arguments: list[str], says: str) -> None:
    assert cli.run_command(["redrive", *arguments]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
