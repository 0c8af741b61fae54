"""Small paths through the use cases on a running stack: each says what it saw fail, or that it came through."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from local import faults
from local.faults import Fault
from operate import data, execution
from operate.stacks import Stack
from operate.watch import QuietDisplay
from usecases.registry import NOAA

RUN_SECONDS: Final = 10.0  # ten times what a run takes; a refused task may be retried for longer
SEEN_SECONDS: Final = 5.0
EVERY_SECONDS: Final = 0.1
WIDE_IDS: Final = 3_200  # of 64 characters: more than an answer carries
SECRET: Final = b"ssn=912-34-5678"
STATIONS: Final = 2
REVIEWS: Final = b"item_id,rating\n1,5.0\n2,1.0\n"
SLOW_SECONDS: Final = 2.0  # to read the reviews: time enough to stop the execution


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A path; ``run`` returns None when it came through, else what was seen instead."""

    name: str
    use_case: str
    told: str
    run: Callable[[Stack, QuietDisplay], str | None]


def _ended(stack: Stack, arn: str) -> str | None:
    """None when an execution succeeds in time; an execution that does not is stopped."""
    sfn = stack.client("stepfunctions")
    deadline = time.monotonic() + RUN_SECONDS
    while True:
        found = sfn.describe_execution(executionArn=arn)
        if found["status"] == "SUCCEEDED":
            return None
        if found["status"] != "RUNNING":
            return f"{found['status']} {found.get('error', '')}: {found.get('cause', '')}"
        if time.monotonic() > deadline:
            execution.stop(sfn, arn, cause="its role lacks a grant")
            return f"still running after {RUN_SECONDS:g} s"
        time.sleep(EVERY_SECONDS)


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(EVERY_SECONDS)
    return True


def _start(stack: Stack, use_case: str, given: Mapping[str, Any]) -> str:
    machine = stack.outputs_of(use_case)["state_machine_arn"]
    return execution.start(
        stack.client("stepfunctions"),
        state_machine_arn=machine,
        execution_input={"output": "results", **given},
    )


def _put(stack: Stack, use_case: str, key: str, body: bytes) -> None:
    stack.client("s3").put_object(Bucket=stack.outputs_of(use_case)["input_bucket"], Key=key, Body=body)


def _redriven(stack: Stack, arn: str) -> str | None:
    """An execution that has failed, redriven to its end."""
    sfn = stack.client("stepfunctions")
    try:
        sfn.redrive_execution(executionArn=arn)
    except sfn.exceptions.ClientError as error:
        return str(error)
    seen = _within(SEEN_SECONDS, lambda: sfn.describe_execution(executionArn=arn)["redriveCount"] > 0)
    return _ended(stack, arn) if seen else "not redriven"


def _failing(stack: Stack, function: str, start: Callable[[], str]) -> str | None:
    """An execution whose function fails, redriven when it no longer does."""
    names = {"FunctionName": function}
    fault = Fault(service="lambda", operation="Invoke", resource=names, kind="function_error", code="Broken")
    with faults.injected(str(stack.endpoint), fault):
        arn = start()
        if _ended(stack, arn) is None:
            raise AssertionError(f"{arn} succeeds though its function fails")
    return _redriven(stack, arn)


# hello


def _hello(stack: Stack, _display: QuietDisplay) -> str | None:
    _put(stack, "hello", "reviews/iam.csv", REVIEWS)
    return _ended(stack, _start(stack, "hello", {"key": "reviews/iam.csv"}))


def _hello_redrive(stack: Stack, _display: QuietDisplay) -> str | None:
    _put(stack, "hello", "reviews/iam.csv", REVIEWS)
    sfn = stack.client("stepfunctions")
    slow = Fault(
        service="s3", operation="GetObject", resource={"Key": "reviews/iam.csv"}, kind="delay", delay=SLOW_SECONDS
    )
    with faults.injected(str(stack.endpoint), slow):
        arn = _start(stack, "hello", {"key": "reviews/iam.csv"})
        if not _within(SEEN_SECONDS, lambda: bool(sfn.list_map_runs(executionArn=arn)["mapRuns"])):
            return _ended(stack, arn) or "no Map Run"
        execution.stop(sfn, arn, cause="to be redriven")
        if _ended(stack, arn) is None:
            raise AssertionError(f"{arn} was over before it was stopped")
    return _redriven(stack, arn)


# noaa


def _noaa(
    stack: Stack, display: QuietDisplay, *, source: str, broken: bool = False, kind: str = "STANDARD"
) -> str | None:
    data.ensure(stack, NOAA, count=STATIONS, seed=1, progress=display.data)
    given: dict[str, Any] = {"prefix": "csv/by_station/", "source": source, "execution_type": kind}
    if source == "inventory":
        given["manifest"] = data.inventory(stack, NOAA, count=STATIONS, seed=1)
    start = partial(_start, stack, "noaa", given)
    return _failing(stack, "*noaa-stations*", start) if broken else _logged(stack, "noaa", "function", start())


# claims


def _claim(own: str) -> dict[str, Any]:
    return {
        "resourceType": "Claim",
        "id": own,
        "status": "active",
        "type": {"coding": [{"code": "x"}]},
        "created": "2020-01-02",
        "total": {"value": 6_000, "currency": "USD"},
    }


def _claims(stack: Stack, folder: str, ids: list[str], **knobs: Any) -> str:
    _put(stack, "claims", f"claims/{folder}/a.json", json.dumps([_claim(own) for own in ids]).encode())
    return _start(stack, "claims", {"prefix": f"claims/{folder}/", **knobs})


def _claims_run(stack: Stack, _display: QuietDisplay, *, function: str) -> str | None:
    return _logged(stack, "claims", function, _claims(stack, "iam", [uuid.uuid4().hex]))


def _claims_wide(stack: Stack, _display: QuietDisplay) -> str | None:
    return _ended(stack, _claims(stack, "iam-wide", [f"{number:064d}" for number in range(WIDE_IDS)]))


def _claims_redrive(stack: Stack, _display: QuietDisplay, *, kind: str) -> str | None:
    return _failing(stack, "*claims-load*", lambda: _claims(stack, "iam", ["redriven"], execution_type=kind))


def _logged(stack: Stack, use_case: str, function: str, arn: str) -> str | None:
    """None when an execution succeeds and the function tells of its batches in its log."""
    failed = _ended(stack, arn)
    if failed is not None:
        return failed
    group = stack.outputs_of(use_case)[f"{function}_log_group_name"]
    return None if _has_lines(stack, group, arn) else "no line in the log of the function"


def _has_lines(stack: Stack, group: str, words: str, *, since: float = 0.0) -> bool:
    logs = stack.client("logs")

    def has() -> bool:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
        return any(words in event["message"] for page in pages for event in page["events"])

    return _within(SEEN_SECONDS, has)


# ssn_scan


def _told(stack: Stack, key: str) -> bool:
    outputs = stack.outputs_of("ssn_scan")
    address = f"s3://{outputs['input_bucket']}/{key}"
    found = stack.client("dynamodb").get_item(
        TableName=outputs["table_name"], Key={"object": {"S": address}}, ConsistentRead=True
    )
    return "Item" in found


def _log_group(stack: Stack, part: str) -> str:
    groups = stack.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{part}-")["logGroups"]
    return str(groups[0]["logGroupName"])


def _scan(stack: Stack, _display: QuietDisplay, *, mode: str) -> str | None:
    began = time.time()
    folder = f"texts/iam-{uuid.uuid4().hex}/"
    _put(stack, "ssn_scan", f"{folder}a", SECRET)
    arn = _start(stack, "ssn_scan", {"prefix": folder, "mode": mode})
    failed = _ended(stack, arn)
    if failed is not None:
        return failed
    if not _within(SEEN_SECONDS, lambda: _told(stack, f"{folder}a")):
        return "the finding is not in the table"
    scanned = "ssn-scan-single" if mode == "objects" else "ssn-scan-batch"
    if not _has_lines(stack, _log_group(stack, scanned), arn):
        return "no line in the log of the function that scans"
    consumer = _log_group(stack, "ssn-scan-collect")
    return None if _has_lines(stack, consumer, "platform.report", since=began) else "no line in the consumer's log"


def _upload(stack: Stack, _display: QuietDisplay) -> str | None:
    key = f"arrivals/iam-{uuid.uuid4().hex}"
    _put(stack, "ssn_scan", key, SECRET)
    return None if _within(SEEN_SECONDS, lambda: _told(stack, key)) else "the finding is not in the table"


def _scan_redrive(stack: Stack, _display: QuietDisplay, *, mode: str) -> str | None:
    _put(stack, "ssn_scan", "texts/iam-redrive/a", b"clean")
    given = {"prefix": "texts/iam-redrive/", "mode": mode}
    return _failing(stack, "*ssn-scan*", partial(_start, stack, "ssn_scan", given))


_Row = tuple[str, str, str, Callable[[Stack, QuietDisplay], str | None]]
_ROWS: Final[tuple[_Row, ...]] = (
    ("run", "hello", "a run on two reviews", _hello),
    ("redrive", "hello", "a run that is stopped at work, redriven", _hello_redrive),
    ("listing", "noaa", "a run on two stations", partial(_noaa, source="listing")),
    ("inventory", "noaa", "a run on two stations of an S3 Inventory", partial(_noaa, source="inventory")),
    *(
        (
            f"redrive {source.capitalize()}{kind.capitalize() if kind == 'EXPRESS' else ''}",
            "noaa",
            f"a run by {source}, {kind} children, whose function fails, redriven",
            partial(_noaa, source=source, broken=True, kind=kind),
        )
        for source in ("listing", "inventory")
        for kind in ("STANDARD", "EXPRESS")
    ),
    ("load", "claims", "a run on one claim that the load function logs", partial(_claims_run, function="function")),
    (
        "rules",
        "claims",
        "a run on one claim that the rules function logs",
        partial(_claims_run, function="rules_function"),
    ),
    ("claim check", "claims", "a run on 3,200 claims in one file, whose ids go through S3", _claims_wide),
    (
        "redrive Claims",
        "claims",
        "a STANDARD run whose function fails, redriven",
        partial(_claims_redrive, kind="STANDARD"),
    ),
    (
        "redrive ClaimsExpress",
        "claims",
        "an EXPRESS run whose function fails, redriven",
        partial(_claims_redrive, kind="EXPRESS"),
    ),
    (
        "objects",
        "ssn_scan",
        "a run object by object: finding in the table, lines logged",
        partial(_scan, mode="objects"),
    ),
    ("batches", "ssn_scan", "a run in batches: finding in the table, lines logged", partial(_scan, mode="batches")),
    ("upload", "ssn_scan", "an upload through EventBridge: finding in the table", _upload),
    (
        "redrive Objects",
        "ssn_scan",
        "a run object by object whose function fails, redriven",
        partial(_scan_redrive, mode="objects"),
    ),
    (
        "redrive Batches",
        "ssn_scan",
        "a run in batches whose function fails, redriven",
        partial(_scan_redrive, mode="batches"),
    ),
)
EXERCISES: Final[Mapping[str, Exercise]] = {
    f"{use_case}: {name}": Exercise(name=f"{use_case}: {name}", use_case=use_case, told=told, run=run)
    for name, use_case, told, run in _ROWS
}
