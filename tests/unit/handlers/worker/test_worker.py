"""A worker between a Step Functions in memory and work that a test makes up."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError, EndpointConnectionError

from handlers.loans.failures import SlowDown
from handlers.worker import health
from handlers.worker.activity import Activity, wait_seconds
from handlers.worker.settings import InvalidSettings, Settings, settings_of
from handlers.worker.worker import Worker

ARN = "arn:aws:states:us-east-1:000000000000:activity:simulate"
SETTINGS = Settings(activity_arn=ARN, region="us-east-1", worker_name="w", heartbeat_seconds=0.1, poll_seconds=0.3)
ANSWER = {"items": 3, "outcomes": {"simulated": 3}, "failed": []}
BOUND_SECONDS = 10


def refused(code: str, status: int = 400) -> Exception:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Any")


class StepFunctions:
    """Hands out tasks, and answers each operation with what a test has put before it."""

    def __init__(self, *tasks: str) -> None:
        self.tasks = [{"taskToken": f"token-{n}", "input": task} for n, task in enumerate(tasks)]
        self.before: dict[str, list[Exception]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.idle = threading.Event()
        self.done: Callable[[], None] = lambda: None

    def _called(self, operation: str, parameters: dict[str, Any]) -> None:
        self.calls.append((operation, parameters))
        if waiting := self.before.get(operation):
            raise waiting.pop(0)

    def get_activity_task(self, **parameters: Any) -> dict[str, Any]:
        self._called("poll", parameters)
        if self.tasks:
            return self.tasks.pop(0)
        self.idle.set()
        self.done()
        time.sleep(0.02)
        return {}

    def send_task_heartbeat(self, **parameters: Any) -> None:
        self._called("beat", parameters)

    def send_task_success(self, **parameters: Any) -> None:
        self._called("succeed", parameters)

    def send_task_failure(self, **parameters: Any) -> None:
        self._called("fail", parameters)

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.calls if name == operation]


def worker_of(
    states: StepFunctions, work: Any, settings: Settings = SETTINGS, wait: Any = lambda _attempt: 0.0
) -> Worker:
    logger = Logger(service="worker-test", level="CRITICAL")
    return Worker(activity=Activity(states, settings), work=work, settings=settings, logger=logger, wait=wait)


def until_idle(states: StepFunctions, work: Any, **more: Any) -> Worker:
    """Run a worker until it finds no task."""
    worker = worker_of(states, work, **more)
    states.done = worker.stop
    worker.run()
    return worker


def done(_event: Any, _meter: Any, _check: Any) -> dict[str, Any]:
    return dict(ANSWER)


def test_each_task_is_answered_once_with_its_own_token():
    states = StepFunctions('{"n": 1}', '{"n": 2}')
    seen = []

    def work(event: Any, *_: Any) -> dict[str, Any]:
        seen.append(event["n"])
        return ANSWER

    until_idle(states, work)
    assert seen == [1, 2]
    told = states.of("succeed")
    assert [each["taskToken"] for each in told] == ["token-0", "token-1"]
    assert json.loads(told[0]["output"]) == ANSWER
    assert states.of("poll")[0] == {"activityArn": ARN, "workerName": "w"}
    assert not states.of("fail")


@pytest.mark.parametrize("failure", [SlowDown("S3 answered 503 SlowDown"), ValueError("odd")])
def test_a_failure_reaches_the_machine_by_its_name_and_the_worker_goes_on(failure):
    states = StepFunctions("{}", "{}")
    ends = [failure, None]

    def work(*_: Any) -> dict[str, Any]:
        if end := ends.pop(0):
            raise end
        return ANSWER

    until_idle(states, work)
    assert states.of("fail") == [{"taskToken": "token-0", "error": type(failure).__name__, "cause": str(failure)}]
    assert [each["taskToken"] for each in states.of("succeed")] == ["token-1"]


def test_an_input_that_is_not_json_fails_its_task():
    states = StepFunctions("{")
    until_idle(states, done)
    assert states.of("fail")[0]["error"] == "InvalidBatch"


def test_a_long_cause_is_cut_to_what_step_functions_takes():
    states = StepFunctions("{}")

    def work(*_: Any) -> Any:
        raise ValueError("x" * 40_000)

    until_idle(states, work)
    assert len(states.of("fail")[0]["cause"]) == 32_768


def test_heartbeats_go_on_while_the_task_is_worked_on():
    states = StepFunctions("{}")

    def work(*_: Any) -> dict[str, Any]:
        deadline = time.monotonic() + BOUND_SECONDS
        while len(states.of("beat")) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        return ANSWER

    until_idle(states, work)
    assert {each["taskToken"] for each in states.of("beat")} == {"token-0"}
    assert len(states.of("beat")) >= 3
    assert states.of("succeed")


def test_a_missed_heartbeat_is_not_the_end_of_the_task():
    states = StepFunctions("{}")
    states.before["beat"] = [refused("ThrottlingException"), EndpointConnectionError(endpoint_url="x"), refused("Odd")]

    def work(*_: Any) -> dict[str, Any]:
        deadline = time.monotonic() + BOUND_SECONDS
        while len(states.of("beat")) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        return ANSWER

    until_idle(states, work)
    assert len(states.of("beat")) >= 4
    assert states.of("succeed")


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_work_that_nobody_waits_for_is_ended_and_not_reported(code):
    states = StepFunctions("{}", "{}")
    states.before["beat"] = [refused(code)]
    ended: list[bool] = []

    def work(_event: Any, _meter: Any, check: Any) -> dict[str, Any]:
        if ended:
            return ANSWER
        deadline = time.monotonic() + BOUND_SECONDS
        try:
            while time.monotonic() < deadline:
                check()
                time.sleep(0.01)
        finally:
            ended.append(time.monotonic() < deadline)
        return ANSWER

    until_idle(states, work)
    assert ended == [True]
    assert not states.of("fail")
    assert [each["taskToken"] for each in states.of("succeed")] == ["token-1"]


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
@pytest.mark.parametrize("end", ["succeed", "fail"])
def test_a_report_that_comes_too_late_is_dropped(code, end):
    states = StepFunctions("{}", "{}")
    states.before[end] = [refused(code)]

    def work(*_: Any) -> dict[str, Any]:
        if end == "fail" and not states.of("fail"):
            raise ValueError("late")
        return ANSWER

    until_idle(states, work)
    assert states.of("succeed")[-1]["taskToken"] == "token-1", "the worker went on"
    assert len(states.of(end)) == (2 if end == "succeed" else 1)


def test_a_report_is_sent_again_after_a_throttle_and_given_up_in_the_end():
    states = StepFunctions("{}", "{}")
    states.before["succeed"] = [*[refused("ThrottlingException")] * 2, refused("InternalError", 500)]
    until_idle(states, done)
    assert len(states.of("succeed")) == 5
    states = StepFunctions("{}")
    states.before["succeed"] = [refused("ThrottlingException")] * 50
    until_idle(states, done)
    assert len(states.of("succeed")) == 6
    assert not states.of("fail")


def test_polls_that_are_refused_wait_longer_each_time_and_afresh_after_an_answer():
    states = StepFunctions()
    states.before["poll"] = [
        *(refused("ActivityWorkerLimitExceeded"), refused("ThrottlingException")),
        *(EndpointConnectionError(endpoint_url="x"), refused("Any", 503)),
    ]
    attempts: list[int] = []

    def wait(attempt: int) -> float:
        attempts.append(attempt)
        return 0.0

    until_idle(states, done, wait=wait)
    assert attempts == [1, 2, 3, 4]


def test_waits_are_random_grow_and_have_an_end():
    assert [wait_seconds(attempt, lambda: 1.0) for attempt in (1, 2, 3, 6, 5_000)] == [1, 2, 4, 30, 30]
    assert wait_seconds(3, lambda: 0.25) == 1.0


def test_an_activity_that_is_not_there_ends_the_worker():
    states = StepFunctions()
    states.before["poll"] = [refused("ActivityDoesNotExist")]
    with pytest.raises(ClientError, match="ActivityDoesNotExist"):
        worker_of(states, done).run()


def test_a_worker_that_is_stopped_finishes_the_task_in_hand_and_takes_no_other():
    states = StepFunctions("{}", "{}")

    def work(*_: Any) -> dict[str, Any]:
        worker.stop()
        return ANSWER

    worker = worker_of(states, work)
    worker.run()
    assert [each["taskToken"] for each in states.of("succeed")] == ["token-0"]
    assert len(states.tasks) == 1


def test_a_worker_that_is_stopped_for_too_long_hands_its_task_back():
    states = StepFunctions("{}")

    def work(_event: Any, _meter: Any, check: Any) -> dict[str, Any]:
        worker.stop()
        deadline = time.monotonic() + BOUND_SECONDS
        while time.monotonic() < deadline:
            check()
            time.sleep(0.01)
        return ANSWER

    worker = worker_of(states, work, replace(SETTINGS, grace_seconds=0.2))
    worker.run()
    (told,) = states.of("fail")
    assert (told["taskToken"], told["error"]) == ("token-0", "WorkerStopped")
    assert not states.of("succeed")


def test_a_task_that_comes_to_a_poll_of_a_stopped_worker_is_done():
    states = StepFunctions()
    polling, stopped = threading.Event(), threading.Event()

    def poll(**_parameters: Any) -> dict[str, Any]:
        polling.set()
        stopped.wait(BOUND_SECONDS)
        return {"taskToken": "last", "input": "{}"}

    states.get_activity_task = poll  # type: ignore[method-assign]
    worker = worker_of(states, done)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert polling.wait(BOUND_SECONDS)
    worker.stop()
    stopped.set()
    thread.join(BOUND_SECONDS)
    assert [each["taskToken"] for each in states.of("succeed")] == ["last"]


def test_a_poll_that_stays_open_is_left_after_a_while():
    states, left = StepFunctions(), threading.Event()

    def poll(**_parameters: Any) -> dict[str, Any]:
        left.wait(BOUND_SECONDS)
        return {}

    states.get_activity_task = poll  # type: ignore[method-assign]
    worker = worker_of(states, done)
    thread = threading.Thread(target=worker.run)
    thread.start()
    worker.stop()
    thread.join(5)
    left.set()
    assert not thread.is_alive()


def test_settings_come_from_the_environment():
    found = settings_of({"ACTIVITY_ARN": ARN, "GRACE_SECONDS": "5", "HEALTH_FILE": "/dev/shm/h", "WORKER_NAME": "w1"})
    assert (found.region, found.grace_seconds, found.health_file) == ("us-east-1", 5, Path("/dev/shm/h"))
    assert (found.worker_name, found.heartbeat_seconds, found.poll_seconds) == ("w1", 20, 70)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "ACTIVITY_ARN must be the ARN of an activity, got ''"),
        ({"ACTIVITY_ARN": ARN.replace("activity", "stateMachine")}, "ACTIVITY_ARN"),
        ({"ACTIVITY_ARN": ARN, "GRACE_SECONDS": "120"}, "GRACE_SECONDS must be a number of seconds from 0 to 115"),
        ({"ACTIVITY_ARN": ARN, "HEARTBEAT_SECONDS": "soon"}, "HEARTBEAT_SECONDS .* got 'soon'"),
        ({"ACTIVITY_ARN": ARN, "HEARTBEAT_SECONDS": "nan"}, "HEARTBEAT_SECONDS"),
        ({"ACTIVITY_ARN": ARN, "WORKER_NAME": "w" * 81}, "WORKER_NAME may have 80 characters, got 81"),
    ],
)
def test_wrong_settings_are_named(environment, told):
    with pytest.raises(InvalidSettings, match=told):
        settings_of(environment)


def test_health_is_progress(tmp_path):
    file = tmp_path / "health"
    assert "has not started" in (health.problem(str(file), 0) or "")
    assert "HEALTH_FILE" in (health.problem(None, 0) or "")
    states = StepFunctions("{}")
    until_idle(states, lambda _event, _meter, check: check() or ANSWER, settings=replace(SETTINGS, health_file=file))
    assert health.problem(str(file), time.time()) is None
    os.utime(file, (1, 1))
    assert "old" in (health.problem(str(file), time.time()) or "")
