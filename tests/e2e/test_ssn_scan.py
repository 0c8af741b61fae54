"""`ssn_scan` in its three modes and under faults; at the end, no full number is anywhere but in the objects."""

from __future__ import annotations

import gzip
import json
import re
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from local import faults, server
from local.deploy import deploy
from local.faults import Fault
from local.server import PACKAGE_ROOT
from local.state import StateDir
from operate import runs, stacks
from operate.console import THEME
from operate.redrive import redrive
from operate.verification.ssn_scan import messages_in
from operate.verification.tables import scan
from operate.watch import QuietDisplay
from usecases.registry import SSN_SCAN, USE_CASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from operate.report import Report
    from operate.stacks import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("ssn_scan")]

COUNT = 36
RUN_SECONDS = 60.0
# Many findings in short texts, and each text that misleads scanners.
TEXTS = replace(SSN_SCAN, data_parameters={"words": 400, "dirty": 0.3, "adversarial": 0.35})
# As open as a stack can be: whatever may be logged is logged.
CONFIG = {
    **{f"{name}_enabled": "false" for name in USE_CASES if name != SSN_SCAN.name},
    "log_level": "ALL",
    "log_execution_data": "true",
}
NUMBER = re.compile(rb"(?=(\d{3}-\d\d-\d{4}|\d{9}))")
SECRET = "ssn=912-34-5678"
TOLERANT = {"tolerated_failure_percentage": 40}
VISIBLE_SECONDS = 1  # so that a message that failed comes again at once


def quiet() -> QuietDisplay:
    return QuietDisplay(Console(file=StringIO(), theme=THEME))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateDir]:
    found = StateDir(path=tmp_path_factory.mktemp("stack") / "local")
    with server.serving(state=found) as running:
        deploy(stack="local", state=found, endpoint=running.endpoint, config_overrides=CONFIG, root=PACKAGE_ROOT)
        queue = stacks.local_stack(found).outputs_of("ssn_scan")["queue_url"]
        sqs = stacks.local_stack(found).client("sqs")
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": str(VISIBLE_SECONDS)})
        yield found


@pytest.fixture
def stack(state: StateDir) -> Iterator[Stack]:
    found = stacks.local_stack(state)
    yield found
    faults.clear(str(found.endpoint))


@pytest.fixture
def outputs(stack: Stack) -> Any:
    return stack.outputs_of("ssn_scan")


@pytest.fixture
def scanned(stack: Stack) -> Callable[..., Report]:
    """Run the use case on texts of a seed with some knobs set; returns its report."""

    return partial(scan_texts, stack)


def scan_texts(stack: Stack, mode: str, seed: int = 1, **knobs: Any) -> Report:
    request = runs.RunRequest(
        use_case=TEXTS, count=COUNT, seed=seed, parameters={"mode": mode, **knobs}, timeout=RUN_SECONDS
    )
    return runs.run(request, stack, quiet(), ask_to_stop=lambda: True)


def wrong(report: Report) -> dict[str, str]:
    return {check.name: check.detail for check in report.checks if not check.ok}


def assert_whole(report: Report) -> None:
    """Nothing lost and nothing doubled, as the use case's own verification says."""
    assert wrong(report) == {}
    assert report.verified
    assert (report.items.total, report.items.succeeded) == (COUNT, COUNT)


def findings(stack: Stack, outputs: Any) -> dict[str, Any]:
    return {item["object"]["S"]: item for item in scan(stack.client("dynamodb"), outputs["table_name"])}


def finished(sfn: Any, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise AssertionError(f"{arn} still runs")


def until(true: Callable[[], bool], what: str, *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


@pytest.mark.parametrize(("mode", "label", "children"), [("objects", "Objects", COUNT), ("batches", "Batches", 4)])
def test_every_object_of_a_listing_is_scanned_and_every_finding_is_right(scanned, mode, label, children):
    report = scanned(mode, batch_bytes=1_000)
    assert_whole(report)
    assert [map_run.label for map_run in report.map_runs] == [label]
    assert report.executions.total == children, "bytes close a batch"
    told = {check.name: check.detail for check in report.checks}
    assert int(told["findings are exactly those planted"].split(" ")[0]) > 10, "there was something to be found"


@pytest.fixture(scope="module")
def arrived(state: StateDir) -> Report:
    """The report of a run by uploads."""
    return scan_texts(stacks.local_stack(state), "arrivals")


def test_uploads_are_scanned_one_by_one_as_they_arrive(arrived, stack, outputs):
    report = arrived
    assert_whole(report)
    assert report.execution.arn == outputs["object_state_machine_arn"]
    assert report.to_json()["items"] == {"total": COUNT, "succeeded": COUNT, "failed": 0, "pending": 0}
    lines = {line.name: line for line in report.cost.lines}
    assert lines["Lambda requests"].quantity == COUNT
    assert lines["Step Functions transitions"].quantity == 3 * COUNT, "scan, choose, tell or not"
    assert any("/arrivals/" in key for key in findings(stack, outputs)), (
        "findings of uploads are told under their own keys"
    )


@contextmanager
def replayed(stack: Stack, outputs: Any, source: str) -> Iterator[None]:
    """A second rule to the machine for one object, for events that anybody may put."""
    events, own = stack.client("events"), "distmap-replay"
    (rule,) = events.list_rule_names_by_target(TargetArn=outputs["object_state_machine_arn"])["RuleNames"]
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.put_rule(Name=own, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=own, Targets=[{"Id": "1", "Arn": target["Arn"], "RoleArn": target["RoleArn"]}])
    yield
    events.remove_targets(Rule=own, Ids=["1"])
    events.delete_rule(Name=own)


def test_an_event_that_comes_twice_changes_nothing(arrived, stack, outputs):
    assert_whole(arrived)
    before = findings(stack, outputs)
    address = max(key for key in before if "/arrivals/" in key)
    bucket, _, key = address.removeprefix("s3://").partition("/")
    sfn, machine = stack.client("stepfunctions"), outputs["object_state_machine_arn"]

    def ended() -> int:
        rows = sfn.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED", maxResults=1000)["executions"]
        return len(rows)

    known = ended()
    event = {
        "Source": "test.replay",
        "DetailType": "Object Created",
        "Detail": json.dumps({"bucket": {"name": bucket}, "object": {"key": key}}),
    }
    with replayed(stack, outputs, "test.replay"):
        for _ in range(2):
            assert stack.client("events").put_events(Entries=[event])["FailedEntryCount"] == 0
        until(lambda: ended() == known + 2, "both events start an execution")
    until(lambda: not waiting(stack, outputs), "both messages are consumed")
    assert findings(stack, outputs) == before


def waiting(stack: Stack, outputs: Any, which: str = "queue_url") -> int:
    return messages_in(stack.client("sqs"), outputs[which])


# Faults


def test_a_scanner_that_is_killed_at_work_is_finished_by_a_redrive(scanned, stack):
    slow = Fault(service="s3", operation="GetObject", resource={"Key": "texts/*"}, kind="delay", delay=0.5)
    invoke: dict[str, Any] = {
        "service": "lambda",
        "operation": "Invoke",
        "resource": {"FunctionName": "*ssn-scan-batch*"},
    }
    with faults.injected(stack.endpoint, Fault(**invoke, kind="kill", delay=0.3, first=1), slow) as struck:
        report = scanned("batches", seed=2, batch_bytes=1_500)
        assert struck.counts()[0].fired == 1
    assert report.execution.status == "FAILED", "a batch is more than 5 % of so few objects"
    assert not report.verified
    assert_whole(redrive(stack, report.execution.arn, quiet(), timeout=RUN_SECONDS, ask_to_stop=lambda: True))


SENDS: dict[str, Any] = {"service": "sqs", "operation": "SendMessage", "resource": {"QueueUrl": "*ssn-scan*"}}
PUTS: dict[str, Any] = {"service": "dynamodb", "operation": "PutItem", "resource": {"TableName": "ssn-scan-*"}}


def test_sends_of_the_machine_that_fail_or_lose_their_answer_are_sent_again(scanned, stack):
    rules = (Fault(**SENDS, code="ServiceUnavailable", first=6), Fault(**SENDS, kind="lost", every=5))
    with faults.injected(stack.endpoint, *rules) as struck:
        report = scanned("objects", seed=3)
    assert all(each.fired for each in struck.counts())
    assert_whole(report)


def test_a_queue_and_then_a_table_that_refuse_for_a_while_lose_nothing(scanned, stack):
    throttled = "ProvisionedThroughputExceededException"
    rules = (Fault(**SENDS, code="ServiceUnavailable", first=6), Fault(**PUTS, code=throttled, first=8))
    with faults.injected(stack.endpoint, *rules) as struck:
        report = scanned("batches", seed=4)
    assert [each.fired for each in struck.counts()] == [6, 8]
    assert_whole(report)


POISON = {
    "binary": (bytes(range(256)) * 40 + SECRET.encode() + bytes(range(256)), "found"),
    "one-line": (b"x" * 9_000_000 + SECRET.encode() + b"x" * 9_000_000, "found"),
    "invalid-utf-8": (b"\xff\xfe\x80 " + SECRET.encode() + b" \xc3\x28", "found"),
    "packed.gz": (gzip.compress(SECRET.encode()), "found"),
    "cut.gz": (gzip.compress(SECRET.encode() * 999)[:-20], "BrokenGzip"),
    "no.gz": (b"\x1f\x8b" + SECRET.encode(), "BrokenGzip"),
    "bomb.gz": (gzip.compress(bytes(80 * 1024**2)), "GzipBomb"),
    "empty": (b"", "clean"),
    "utf-16": (SECRET.encode("utf-16"), "clean"),
}


@pytest.fixture(scope="module")
def poison(state: StateDir) -> Iterator[str]:
    """Objects that want to break the scanner, and the prefix that they have."""
    stack = stacks.local_stack(state)
    s3, outputs = stack.client("s3"), stack.outputs_of("ssn_scan")
    prefix = f"{outputs['data_prefix']}poison/"
    for name, (body, _) in POISON.items():
        s3.put_object(Bucket=outputs["input_bucket"], Key=f"{prefix}{name}", Body=body)
    yield prefix
    for name in POISON:
        s3.delete_object(Bucket=outputs["input_bucket"], Key=f"{prefix}{name}")


@pytest.mark.parametrize("mode", ["objects", "batches"])
def test_each_poison_object_is_scanned_or_fails_alone_and_by_name(stack, outputs, poison, mode):
    sfn = stack.client("stepfunctions")
    given = {"prefix": poison, "output": "results", "mode": mode, **TOLERANT}
    arn = sfn.start_execution(stateMachineArn=outputs["state_machine_arn"], input=json.dumps(given))["executionArn"]
    ended = finished(sfn, arn)
    assert ended["status"] == "SUCCEEDED", ended
    due = {name: how for name, (_, how) in POISON.items() if mode == "objects" or how not in {"found", "clean"}}
    assert ends_of(stack, json.loads(ended["output"])) == due
    until(lambda: not waiting(stack, outputs), "the findings are consumed")
    told = {key.rpartition("/")[2]: item for key, item in findings(stack, outputs).items() if "/poison/" in key}
    assert {name: item["found"]["M"]["ssn"]["M"]["last_four"]["L"] for name, item in told.items()} == {
        name: [{"S": SECRET[-4:]}] for name, (_, how) in POISON.items() if how == "found"
    }


def ends_of(stack: Stack, output: dict[str, Any]) -> dict[str, str]:
    """How each poison object ended, by its name, as the result files have it."""
    at = output["ResultWriterDetails"]
    s3 = stack.client("s3")
    manifest = json.loads(s3.get_object(Bucket=at["Bucket"], Key=at["Key"])["Body"].read())
    ends: dict[str, str] = {}
    for files in manifest["ResultFiles"].values():
        for file in files:
            for entry in json.loads(s3.get_object(Bucket=at["Bucket"], Key=file["Key"])["Body"].read()):
                given = json.loads(entry["Input"])
                answer = json.loads(entry.get("Output", "{}"))
                if "Items" in given:
                    ends |= {each["key"].rpartition("/")[2]: each["error"] for each in answer["failed"]}
                    continue
                name = given["detail"]["object"]["key"].rpartition("/")[2]
                ends[name] = entry["Error"] if "Error" in entry else "found" if answer["count"] else "clean"
    return ends


def test_a_message_that_nobody_can_handle_ends_in_the_dead_letter_queue_and_raises_its_alarm(stack, outputs):
    sqs, cloudwatch = stack.client("sqs"), stack.client("cloudwatch")
    (alarm,) = [
        each
        for each in cloudwatch.describe_alarms()["MetricAlarms"]
        if {"Name": "QueueName", "Value": outputs["dead_letter_url"].rpartition("/")[2]} in each["Dimensions"]
    ]
    assert alarm["StateValue"] != "ALARM"
    sqs.set_queue_attributes(QueueUrl=outputs["queue_url"], Attributes={"VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=outputs["queue_url"], MessageBody="no finding")
    until(lambda: waiting(stack, outputs, "dead_letter_url") == 1, "five deliveries, then the dead-letter queue")
    sqs.set_queue_attributes(QueueUrl=outputs["queue_url"], Attributes={"VisibilityTimeout": str(VISIBLE_SECONDS)})
    assert waiting(stack, outputs) == 0

    def goes_off() -> bool:
        (now,) = cloudwatch.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
        return bool(now["StateValue"] == "ALARM")

    until(goes_off, "the alarm")
    (message,) = sqs.receive_message(QueueUrl=outputs["dead_letter_url"])["Messages"]
    assert message["Body"] == "no finding", "kept for whoever is to look at it"
    sqs.delete_message(QueueUrl=outputs["dead_letter_url"], ReceiptHandle=message["ReceiptHandle"])


# Leaks


def test_no_full_number_is_anywhere_but_in_the_objects(stack, outputs, state):
    """After all runs above, failed ones included, and with one in each mode whose messages are kept."""
    planted = numbers_of_objects(stack, outputs)
    assert len(planted) > 30, "there was something to leak"
    assert planted & set(NUMBER.findall(b"x" + min(planted) + b"9")), "and it would be seen"
    places = {
        "logs": logs(stack),
        "executions": executions(stack),
        "result files": result_files(stack, outputs),
        "table": [json.dumps(item).encode() for item in findings(stack, outputs).values()],
        "metrics": [json.dumps(page).encode() for page in stack.client("cloudwatch").list_metrics()["Metrics"]],
        "alarms": [json.dumps(stack.client("cloudwatch").describe_alarm_history(), default=str).encode()],
        "messages": messages(stack, outputs),
        "the server's own log": [state.log.read_bytes()],
    }
    for where, texts in places.items():
        found = list(texts)
        assert sum(map(len, found)) > 100, f"nothing was read of {where}"
        leaked = {number for text in found for number in NUMBER.findall(text)} & planted
        assert not leaked, f"{where} hold {len(leaked)} full numbers"
    last = {item for text in places["table"] for item in re.findall(rb'"S": "(\d{4})"', text)}
    assert last, "the last four digits are told"
    assert last <= {number[-4:] for number in planted}


def numbers_of_objects(stack: Stack, outputs: Any) -> set[bytes]:
    """Every number in every version of every object, as it is written and as its digits alone."""
    s3, bucket = stack.client("s3"), outputs["input_bucket"]
    found: set[bytes] = {SECRET.encode()[4:]}
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            if "_truth/" in version["Key"] or version["Size"] > 1_000_000:
                continue
            body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
            found |= set(re.findall(rb"\d{3}-\d\d-\d{4}", body))
    return found | {number.replace(b"-", b"") for number in found}


def logs(stack: Stack) -> Iterator[bytes]:
    client = stack.client("logs")
    for group in client.describe_log_groups()["logGroups"]:
        for page in client.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            yield from (event["message"].encode() for event in page["events"])


def executions(stack: Stack) -> Iterator[bytes]:
    """Every description and history: of machines, of Map Runs, of children."""
    sfn = stack.client("stepfunctions")
    for machine in sfn.list_state_machines()["stateMachines"]:
        for page in sfn.get_paginator("list_executions").paginate(stateMachineArn=machine["stateMachineArn"]):
            for row in page["executions"]:
                yield from execution(sfn, row["executionArn"])


def execution(sfn: Any, arn: str) -> Iterator[bytes]:
    yield json.dumps(sfn.describe_execution(executionArn=arn), default=str).encode()
    yield json.dumps(sfn.get_execution_history(executionArn=arn), default=str).encode()
    for map_run in sfn.list_map_runs(executionArn=arn)["mapRuns"]:
        for child in sfn.list_executions(mapRunArn=map_run["mapRunArn"], maxResults=1000)["executions"]:
            yield json.dumps(sfn.describe_execution(executionArn=child["executionArn"]), default=str).encode()


def result_files(stack: Stack, outputs: Any) -> Iterator[bytes]:
    s3, bucket = stack.client("s3"), outputs["results_bucket"]
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for version in page.get("Versions", []):
            yield version["Key"].encode()
            yield s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()


def messages(stack: Stack, outputs: Any) -> list[bytes]:
    """All messages of a run in each mode, read while the consumer rests."""
    functions, sqs, sfn = stack.client("lambda"), stack.client("sqs"), stack.client("stepfunctions")
    (source,) = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    for mode in ("objects", "batches"):
        given = {"prefix": outputs["data_prefix"], "output": "results", "mode": mode, **TOLERANT}
        arn = sfn.start_execution(stateMachineArn=outputs["state_machine_arn"], input=json.dumps(given))["executionArn"]
        assert finished(sfn, arn)["status"] == "SUCCEEDED"
    bodies = []
    while got := sqs.receive_message(
        QueueUrl=outputs["queue_url"],
        MaxNumberOfMessages=10,
        VisibilityTimeout=30,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    ).get("Messages"):
        bodies += [json.dumps(message).encode() for message in got]
    dead = sqs.receive_message(QueueUrl=outputs["dead_letter_url"], MaxNumberOfMessages=10).get("Messages", [])
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=True)
    assert len(bodies) > 10
    return bodies + [json.dumps(message).encode() for message in dead]
