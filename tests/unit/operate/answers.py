"""A run as the Step Functions API answers for it, and as this package holds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from operate.execution import Counts, Execution, MapRun

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:hello"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:hello:0001"
MAP_RUN = "arn:aws:states:us-east-1:000000000000:mapRun:hello/Reviews:0002"


def counts_answer(**given: int) -> dict[str, int]:
    names = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten")
    return {name: given.get(name, 0) for name in names}


def execution_answer(status: str, **given: Any) -> dict[str, Any]:
    return {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "status": status,
        "startDate": STARTED,
        "input": "{}",
        **given,
    }


def execution(status: str = "SUCCEEDED", **given: Any) -> Execution:
    fields: dict[str, Any] = {
        "arn": EXECUTION,
        "state_machine_arn": MACHINE,
        "status": status,
        "started": STARTED,
        "stopped": None if status == "RUNNING" else STARTED + timedelta(seconds=2.5),
        "input": {},
        "output": None,
        "error": None,
        "cause": None,
    }
    return Execution(**{**fields, **given})


def map_run(**given: Any) -> MapRun:
    fields: dict[str, Any] = {
        "arn": MAP_RUN,
        "status": "SUCCEEDED",
        "max_concurrency": 10_000,
        "items": Counts(total=2_000, succeeded=2_000, results_written=2_000),
        "executions": Counts(total=2, succeeded=2, results_written=2),
        "started": STARTED,
        "stopped": STARTED + timedelta(seconds=2),
    }
    return MapRun(**{**fields, **given})


def history_page(*types: str) -> dict[str, Any]:
    return {
        "events": [
            {"timestamp": STARTED, "type": name, "id": number, "previousEventId": number - 1}
            for number, name in enumerate(types, 1)
        ]
    }


def dumped(value: Any) -> str:
    return orjson.dumps(value).decode()
