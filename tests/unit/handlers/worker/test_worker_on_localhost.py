"""A worker's own process against AWS on localhost: an execution with an activity runs to its end through it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from datagen import GenerateRequest, generate
from handlers.loans.simulation import simulate
from handlers.loans.tally import unpack
from local import server
from local.server import PACKAGE_ROOT, Server
from local.state import StateDir
from tests.local.helpers import client, make_role
from tests.unit.handlers.loans.portfolios import exposed

COUNT = 40
BOUND_SECONDS = 30


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server.serving(state=StateDir(path=tmp_path_factory.mktemp("aws") / "state")) as running:
        yield running


@pytest.fixture
def activity(aws: Server) -> str:
    """The ARN of an activity of the test's own."""
    arn: str = client(aws, "stepfunctions").create_activity(name=f"simulate-{uuid4()}")["activityArn"]
    return arn


def started(aws: Server, activity: str, **environment: str) -> subprocess.Popen[str]:
    """A worker."""
    return subprocess.Popen(
        [sys.executable, "-m", "handlers.worker"],
        cwd=PACKAGE_ROOT,
        env={**os.environ, **aws.environment, "ACTIVITY_ARN": activity, "POLL_SECONDS": "0", **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def stopped(worker: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    """The exit code after SIGTERM, and the log."""
    worker.send_signal(signal.SIGTERM)
    said, _ = worker.communicate(timeout=BOUND_SECONDS)
    return worker.returncode, [json.loads(line) for line in said.splitlines()]


def execute(aws: Server, activity: str, given: Any, **fields: Any) -> str:
    """The ARN of an execution that waits for the activity."""
    states = client(aws, "stepfunctions")
    state = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 60, "HeartbeatSeconds": 20, "End": True, **fields}
    definition = json.dumps({"StartAt": "Simulate", "States": {"Simulate": state}})
    machine = states.create_state_machine(name=f"m-{uuid4()}", definition=definition, roleArn=make_role(aws, "states"))
    arn: str = states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))[
        "executionArn"
    ]
    return arn


def ended(aws: Server, execution: str) -> dict[str, Any]:
    """The execution when it has ended."""
    states, deadline = client(aws, "stepfunctions"), time.monotonic() + BOUND_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = states.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise AssertionError(f"{execution} runs for longer than {BOUND_SECONDS} s")


@pytest.fixture
def bucket(aws: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with loans under ``data/``."""
    name = f"loans-{uuid4()}"
    client(aws, "s3").create_bucket(Bucket=name)
    for variable, value in aws.environment.items():
        monkeypatch.setenv(variable, value)
    generate(GenerateRequest(dataset="loans", to=f"s3://{name}/data", count=COUNT, seed=7))
    return name


def batch(bucket: str) -> dict[str, Any]:
    shared = {"srcbkt": bucket, "dstbkt": bucket, "dstkey": "run", "as_of": "2026-03", "scenarios": 500}
    keys = [f"data/data-gen-{n + 1:06d}.csv" for n in range(COUNT)]
    return {"BatchInput": shared, "Items": [{"Bucket": bucket, "Key": key, "Size": 150} for key in keys]}


@pytest.mark.aws("documented")
def test_an_execution_ends_through_a_worker_that_then_stops_when_told(
    aws: Server, activity: str, bucket: str, tmp_path: Path
) -> None:
    health = tmp_path / "health"
    worker = started(aws, activity, HEALTH_FILE=str(health))
    try:
        done = ended(aws, execute(aws, activity, batch(bucket)))
        assert done["status"] == "SUCCEEDED", done
        answer = json.loads(done["output"])
        assert answer["outcomes"] == {"simulated": COUNT}
        written = client(aws, "s3").get_object(Bucket=bucket, Key=answer["losses"])["Body"].read()
        assert (unpack(written).losses == simulate(exposed(COUNT), seed=0, scenarios=500).by_segment).all()
        assert health.exists()
        code, log = stopped(worker)
    finally:
        worker.kill()
        worker.wait()
    assert code == 0
    (line,) = (line for line in log if line["message"] == "batch")
    assert (line["items"], line["failed"], line["s3_gets"], line["end"]) == (COUNT, 0, COUNT, "succeeded")


@pytest.mark.aws("documented")
def test_a_task_whose_worker_was_killed_is_done_by_another_after_its_heartbeats_are_missed(
    aws: Server, activity: str, bucket: str
) -> None:
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    states = client(aws, "stepfunctions")
    execution = execute(aws, activity, batch(bucket), HeartbeatSeconds=1, Retry=retry)
    taken = states.get_activity_task(activityArn=activity, workerName="killed")
    worker = started(aws, activity, HEARTBEAT_SECONDS="0.3")
    try:
        assert ended(aws, execution)["status"] == "SUCCEEDED"
        with pytest.raises(states.exceptions.TaskTimedOut):
            states.send_task_success(taskToken=taken["taskToken"], output="{}")
    finally:
        worker.kill()
        worker.communicate()


def test_a_worker_without_an_activity_says_so_and_ends(aws: Server, activity: str) -> None:
    for arn, told in ((activity.rpartition(":")[2], "ACTIVITY_ARN"), (f"{activity}-gone", "ActivityDoesNotExist")):
        worker = started(aws, arn)
        said, _ = worker.communicate(timeout=BOUND_SECONDS)
        assert worker.returncode == 1
        assert told in json.loads(said.splitlines()[-1])["error"]
