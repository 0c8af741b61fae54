"""`claims` in both variants, what becomes of files and claims that are not as they should be, and faults on the way."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local import faults
from local.faults import Fault

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("operate")]

COUNT = 8
FAILED = "files and claims failed that had to"
DECISIONS = "decisions by reason are those of the rules"
TABLE = "every item of the table is right"
LOAD: dict[str, Any] = {"service": "lambda", "operation": "Invoke", "resource": {"FunctionName": "*claims-load*"}}
RULES: dict[str, Any] = {"service": "lambda", "operation": "Invoke", "resource": {"FunctionName": "*claims-rules*"}}
TABLE_OF_CLAIMS: dict[str, Any] = {"service": "dynamodb", "resource": {"RequestItems": "claims-*"}}


def reported(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


def details(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["detail"] for check in report["checks"]}


def wrong(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["detail"] for check in report["checks"] if not check["ok"]}


@pytest.fixture
def claims(distmap):
    """Run the use case on the same eight files with some knobs set; returns its report."""

    def run(*knobs: str) -> dict[str, Any]:
        settings = [word for knob in knobs for word in ("--set", knob)]
        _, out, err = distmap("run", "claims", "--count", str(COUNT), "--json", *settings)
        assert out, err
        return reported(out)

    return run


@pytest.fixture
def outputs(stack):
    return stack.outputs_of("claims")


@pytest.fixture
def faulty(stack):
    yield stack
    faults.clear(stack.endpoint)


def assert_whole(report: dict[str, Any], items: int = COUNT) -> None:
    """Nothing lost and nothing doubled, as the use case's own verification says."""
    assert wrong(report) == {}
    assert report["verified"]
    assert report["items"] == {"total": items, "succeeded": items, "failed": 0, "pending": 0}


@pytest.mark.parametrize(
    ("knobs", "label", "children", "items"),
    [
        (["batch_size=3"], "Claims", 3, COUNT),
        (["execution_type=EXPRESS", "max_items=5", "batch_size=4"], "ClaimsExpress", 2, 5),
    ],
)
def test_both_variants_are_verified(claims, knobs, label, children, items):
    report = claims(*knobs)
    assert_whole(report, items)
    (map_run,) = report["map_runs"]
    assert (map_run["label"], map_run["executions"]["succeeded"]) == (label, children)


def finished(sfn: Any, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise AssertionError(f"{arn} still runs")


def started(stack: Any, outputs: Any, **knobs: Any) -> tuple[str, dict[str, Any]]:
    """Start the machine on whatever is under its prefix; its ARN and how it ended."""
    sfn = stack.client("stepfunctions")
    given = {"prefix": outputs["data_prefix"], "output": outputs["results_prefix"], **knobs}
    arn = sfn.start_execution(stateMachineArn=outputs["state_machine_arn"], input=json.dumps(given))["executionArn"]
    return arn, finished(sfn, arn)


def claim(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Claim",
        "id": f"odd-{number}",
        "status": "active",
        "type": {"coding": [{"code": "institutional"}]},
        "created": "2020-01-02",
        "total": {"value": 6_000, "currency": "USD"},
        **changes,
    }


WRONG_TOTAL = {"total": {"value": "6000"}}
# Each odd file, and the failures that it must lead to; its other claims count.
ODD: dict[str, tuple[bytes, list[str]]] = {
    "": (b"", ["EmptyObject"]),  # what the console makes for a folder
    "a-binary.json": (os.urandom(9_999).replace(b"[", b"x").lstrip(b' \t\n\r{"-0123456789tfn\xef'), ["NotJson"]),
    "b-gzip.json": (gzip.compress(b"[]" * 999_999), ["NotJson"]),
    "c-truncated.json": (json.dumps([claim(1), claim(2)]).encode()[:-60], ["Truncated"]),
    "d-no-list.json": (json.dumps(claim(3)).encode(), ["NotAList"]),
    "e-one-huge-line.json": (b'["' + b"x" * (5 << 20), ["ClaimTooLarge"]),
    "f-utf-8.json": (b'[{"id": "\xff"}]', ["NotJson"]),
    "g-empty.json": (b"", ["EmptyObject"]),
    "h-claims.json": (
        json.dumps([claim(4), claim(5, **WRONG_TOTAL), 17, claim(6, resourceType="Patient"), claim(4)]).encode(),
        ["InvalidClaim 2", "InvalidClaim odd-5 total.value", "InvalidClaim odd-6 resourceType"],
    ),
    "i-other-content.json": (json.dumps([claim(4, status="draft"), claim(7)]).encode(), ["InvalidClaim odd-4 id"]),
    "j-no-claims.json": (b"[]", []),
    "k-decimal.json": (json.dumps([claim(8)]).replace("6000", "4999.9999999999999999").encode(), []),
}


@pytest.fixture
def odd_files(claims, stack, outputs) -> Iterator[list[str]]:
    """Files beside the generated ones that are not as they should be, and what must be told of them."""
    claims()
    s3, bucket = stack.client("s3"), outputs["input_bucket"]
    keys = {f"{outputs['data_prefix']}{name}": found for name, found in ODD.items()}
    for key, (body, _) in keys.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    yield [f"{key}: {failure}" for key, (_, failures) in keys.items() for failure in failures]
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)


def test_odd_files_and_odd_claims_fail_alone_and_by_name(distmap, stack, outputs, odd_files):
    arn, ended = started(stack, outputs)
    assert ended["status"] == "SUCCEEDED", "a file at fault does not fail its child"
    code, out, err = distmap("report", arn, "--json")
    report = reported(out)
    assert wrong(report) == {}, err
    assert code == 0
    told = details(report)[FAILED]
    assert told.startswith("8 files and 4 claims failed: ")
    for due in odd_files[:8]:
        assert due in told
    assert (
        "failed: ClaimTooLarge 1, EmptyObject 2, InvalidClaim 4, NotAList 1, NotJson 3, Truncated 1"
        in (details(report)[DECISIONS])
    )
    dynamodb = stack.client("dynamodb")
    held = {
        number: dynamodb.get_item(TableName=outputs["table_name"], Key={"id": {"S": f"odd-{number}"}}).get("Item")
        for number in range(1, 9)
    }
    assert {number for number, item in held.items() if item} == {1, 4, 7, 8}, "whole claims of odd files are kept"
    assert held[4]["status"] == {"S": "active"}, "the first of two that share an id"
    assert held[8]["decision"] == {"S": "Approved"}, "4,999.9999999999999999 is below 5,000, and no binary float"


def test_a_claim_that_was_changed_or_lost_is_found_and_made_again(claims, distmap, stack, outputs):
    report = claims()
    dynamodb, table, s3 = stack.client("dynamodb"), outputs["table_name"], stack.client("s3")
    (first,) = s3.list_objects_v2(Bucket=outputs["input_bucket"], Prefix=outputs["data_prefix"], MaxKeys=1)["Contents"]
    listed = json.loads(s3.get_object(Bucket=outputs["input_bucket"], Key=first["Key"])["Body"].read())
    changed, lost = listed[0]["id"], listed[1]["id"]
    dynamodb.update_item(
        TableName=table,
        Key={"id": {"S": changed}},
        UpdateExpression="SET #d = :other",
        ExpressionAttributeNames={"#d": "decision"},
        ExpressionAttributeValues={":other": {"S": "Pending"}},
    )
    dynamodb.delete_item(TableName=table, Key={"id": {"S": lost}})
    code, out, _ = distmap("report", report["execution_arn"], "--json")
    assert code == 1
    assert wrong(reported(out))[TABLE].startswith(f"1 missing, e.g. {lost}; 1 wrong, e.g. {changed}: decision")
    assert_whole(claims())


def test_a_redelivered_batch_and_a_busy_table_leave_no_trace(claims, faulty):
    """Throttles and leftovers of every kind of request to the table, and answers of both functions lost."""
    table: dict[str, Any] = {"service": "dynamodb"}
    rules = (
        Fault(**TABLE_OF_CLAIMS, operation="BatchWriteItem", kind="unprocessed", first=5),
        Fault(**TABLE_OF_CLAIMS, operation="BatchWriteItem", kind="lost", after=5, first=2),
        Fault(**TABLE_OF_CLAIMS, operation="BatchGetItem", kind="unprocessed", first=3),
        Fault(**table, operation="BatchExecuteStatement", code="ThrottlingException", first=3),
        Fault(**table, operation="BatchExecuteStatement", kind="lost", after=4, first=2),
        Fault(**LOAD, kind="lost", first=1),
        Fault(**RULES, kind="lost", first=1),
    )
    with faults.injected(faulty.endpoint, *rules) as struck:
        assert_whole(claims("batch_size=4"))
    assert all(each.fired for each in struck.counts()), [each.fired for each in struck.counts()]


@pytest.mark.parametrize(("function", "execution_type"), [(LOAD, "STANDARD"), (RULES, "EXPRESS")])
def test_a_run_whose_worker_was_killed_is_finished_by_a_redrive(claims, distmap, faulty, function, execution_type):
    """A process that dies is no error that the tasks retry: its child fails, the Map Run with it."""
    with faults.injected(faulty.endpoint, Fault(**function, kind="kill", delay=0.01, first=1)) as struck:
        report = claims("batch_size=4", "max_concurrency=1", f"execution_type={execution_type}")
    assert struck.counts()[0].fired == 1
    assert (report["status"], report["verified"]) == ("FAILED", False), "what is not complete never passes for it"
    code, out, err = distmap("redrive", report["execution_arn"], "--no-watch", "--json")
    assert code == 0, err
    assert_whole(reported(out))
