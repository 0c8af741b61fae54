"""`ssn_scan`: every object is scanned once, and the findings are those that were planted, with last four digits only.

Findings travel from the queue to the table on their own: they are awaited first. The table keeps what was found in
other objects, which is told and neither helps nor harms a run.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from operate.data import location
from operate.errors import ResultsError
from operate.execution import SUCCEEDED
from operate.verification.check import Check
from operate.verification.files import (
    EXAMPLES,
    UNREADABLE,
    RunFiles,
    examples,
    execution_check,
    failure_of,
    manifest_check,
    unprocessed_check,
    unreadable,
)
from operate.verification.generated import generated, stale
from operate.verification.tables import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from obstore.store import ObjectStore

    from operate.evidence import Evidence
    from operate.execution import MapRun
    from operate.verification.generated import Generated

Found = tuple[int, tuple[str, ...]]
"""How many numbers an object holds, and the last four digits of each in order."""

IDENTIFIER: Final = "ssn"
FULL_NUMBER: Final = re.compile(r"(?<![\d-])\d{3}-\d\d-\d{4}(?![\d-])")
DRAIN_SECONDS: Final = 120.0
DRAIN_POLL_SECONDS: Final = 0.5
EMPTY_LOOKS: Final = 2  # SQS counts messages approximately
IN_QUEUE: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(kw_only=True)
class Ran:
    """What the result files say of a run, gathered while they stream by."""

    keys: Counter[str] = field(default_factory=Counter)  # of all statuses
    children: Counter[str] = field(default_factory=Counter)  # by status
    items: Counter[str] = field(default_factory=Counter)  # by status
    found: int = 0  # objects that hold numbers
    failed: dict[str, str] = field(default_factory=dict)  # the error's name by key, of objects that failed alone
    gone: set[str] = field(default_factory=set)  # deleted before their turn
    unprocessed: set[str] = field(default_factory=set)  # keys of children that did not succeed
    errors: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)  # names of children whose entry holds a full number


def check(evidence: Evidence) -> list[Check]:
    """Verify a succeeded run of `ssn_scan` on the objects that are at its input."""
    stack, given = evidence.stack, evidence.map_input
    outputs = stack.outputs_of("ssn_scan")
    inputs = stack.bucket(outputs["input_bucket"])
    source = generated(inputs, location(outputs))
    if source.completed_at > evidence.execution.started:
        return [stale(source, evidence.execution)]
    files = RunFiles.of(evidence)
    try:
        ran = gather(files)
    except UNREADABLE as error:
        return [unreadable(error)]
    planted = {f"{outputs['data_prefix']}{name}": found for name, found in planted_in(source, inputs).items()}
    if given["max_items"]:
        planted = {key: planted[key] for key in sorted(planted, key=str.encode)[: given["max_items"]]}
    drained = await_drained(stack.client("sqs"), outputs)
    table = {str(item["object"]["S"]): item for item in scan(stack.client("dynamodb"), outputs["table_name"])}
    return [
        manifest_check(files),
        *verify(planted, evidence.map_run, ran),
        drained,
        table_check(planted, table, bucket=outputs["input_bucket"], excused=ran.unprocessed | ran.failed.keys()),
    ]


def planted_in(source: Generated, inputs: ObjectStore) -> dict[str, Found]:
    """Return the numbers that the generator planted in each object, by its name."""
    rows = source.table(inputs, "texts").select("key", "count", "last_four").collect().rows()
    return {key: (count, tuple(last_four)) for key, count, last_four in rows}


def gather(files: RunFiles) -> Ran:
    """Read the result files; ResultsError and others of UNREADABLE when they are not those of this machine."""
    ran = Ran()
    for status in files.manifest.files:
        for entry in files.entries(status):
            given = orjson.loads(entry["Input"])
            keys = [item["Key"] for item in given["Items"]] if "Items" in given else [given["detail"]["object"]["key"]]
            ran.keys.update(keys)
            ran.children[status] += 1
            ran.items[status] += len(keys)
            if FULL_NUMBER.search(entry.get("Output", "")) or FULL_NUMBER.search(entry.get("Cause", "")):
                ran.leaks.append(entry["Name"])
            if status == SUCCEEDED:
                _answered(ran, keys, orjson.loads(entry["Output"]))
            else:
                ran.unprocessed.update(keys)
                if "Error" in entry and len(ran.errors) < EXAMPLES:
                    ran.errors.append(failure_of(entry))
    return ran


def _answered(ran: Ran, keys: list[str], answer: Mapping[str, Any]) -> None:
    """Take the answer of a batch, of one object, or the error that the machine caught for one that was gone."""
    if "outcomes" in answer:
        if answer["items"] != len(keys) or sum(answer["outcomes"].values()) + len(answer["failed"]) != len(keys):
            raise ResultsError(f"a batch of {len(keys)} objects answers for {answer['items']}")
        ran.found += answer["outcomes"].get("found", 0)
        ran.failed |= {failure["key"]: failure["error"] for failure in answer["failed"]}
    elif "count" in answer:
        ran.found += answer["count"] > 0
    elif answer["Error"] == "NoSuchKey":
        ran.gone.update(keys)
    else:
        raise ResultsError(f"an object ended with {answer['Error']}, which the machine does not catch")


def verify(planted: Mapping[str, Found], map_run: MapRun, ran: Ran) -> list[Check]:
    """Compare the run's keys and counts with what was planted."""
    dirty = {key for key, (count, _) in planted.items() if count}
    due = dirty - ran.unprocessed - ran.gone - ran.failed.keys()
    return [
        _keys_check(planted, map_run, ran),
        execution_check(map_run, succeeded=ran.children[SUCCEEDED], failed=ran.children["FAILED"]),
        _failures_check(ran),
        Check(
            name="children found what was planted",
            ok=ran.found == len(due),
            detail=f"{ran.found:,} objects with numbers of {len(planted):,}, planted in {len(due):,}",
        ),
        Check(
            name="no full number in result files",
            ok=not ran.leaks,
            detail=f"{len(ran.leaks):,} entries hold one{examples(ran.leaks)}"
            if ran.leaks
            else "last four digits only",
        ),
        unprocessed_check(map_run, failed=ran.items["FAILED"], pending=ran.items["PENDING"], errors=ran.errors),
    ]


def _keys_check(planted: Mapping[str, Found], map_run: MapRun, ran: Ran) -> Check:
    missing = sorted(planted.keys() - ran.keys.keys())
    strange = sorted(ran.keys.keys() - planted.keys())
    doubled = sorted(key for key, times in ran.keys.items() if times > 1)
    wrong = [
        f"{len(keys):,} {what}{examples(keys)}"
        for keys, what in ((missing, "missing"), (doubled, "doubled"), (strange, "not of the source"))
        if keys
    ]
    if map_run.items.total != len(planted):
        wrong.append(f"DescribeMapRun counts {map_run.items.total:,} items of {len(planted):,}")
    return Check(
        name="every object is scanned once", ok=not wrong, detail="; ".join(wrong) or f"{len(planted):,} objects"
    )


def _failures_check(ran: Ran) -> Check:
    """The generator makes no object that cannot be scanned."""
    named = sorted([f"{key}: {error}" for key, error in ran.failed.items()] + [f"{key}: gone" for key in ran.gone])
    return Check(name="no object failed alone", ok=not named, detail=f"{len(named):,} failed{examples(named)}")


def await_drained(sqs: Any, outputs: Mapping[str, str], *, at_most: float = DRAIN_SECONDS) -> Check:
    """Wait until the consumer has taken every finding, and see that none went to the dead-letter queue."""
    deadline = time.monotonic() + at_most
    empty = 0
    waiting = 0
    while empty < EMPTY_LOOKS and time.monotonic() < deadline:
        waiting = messages_in(sqs, outputs["queue_url"])
        empty = 0 if waiting else empty + 1
        if empty < EMPTY_LOOKS:
            time.sleep(DRAIN_POLL_SECONDS)
    dead = messages_in(sqs, outputs["dead_letter_url"])
    left = f"{waiting:,} messages after {at_most:.0f} s" if waiting else "no message left"
    return Check(
        name="the consumer handled every finding",
        ok=not waiting and not dead,
        detail=f"{left}, {dead:,} in the dead-letter queue",
    )


def messages_in(sqs: Any, url: str) -> int:
    """Return how many messages a queue holds, those that a consumer has included."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(IN_QUEUE))["Attributes"]
    return sum(int(found.get(name, 0)) for name in IN_QUEUE)


def table_check(
    planted: Mapping[str, Found], table: Mapping[str, Mapping[str, Any]], *, bucket: str, excused: Iterable[str]
) -> Check:
    """Compare every finding with the planted numbers; objects that are clean must have no item."""
    wrong: list[str] = []
    equal = 0
    skip = set(excused)
    for key, (count, last_four) in planted.items():
        if key in skip:
            continue
        item = table.get(f"s3://{bucket}/{key}")
        told = (0, ()) if item is None else _told(item)
        if told != (count, last_four):
            wrong.append(f"{key} has {told[0]} found, {count} planted")
        equal += bool(count) and told == (count, last_four)
    others = len(table) - sum(f"s3://{bucket}/{key}" in table for key in planted)
    besides = f"; {others:,} items of other objects" if others else ""
    detail = (
        f"{len(wrong):,} differ{examples(sorted(wrong))}" if wrong else f"{equal:,} findings, last four digits each"
    )
    return Check(name="findings are exactly those planted", ok=not wrong, detail=detail + besides)


def _told(item: Mapping[str, Any]) -> Found:
    found = item["found"]["M"]
    if set(found) != {IDENTIFIER}:
        return (int(item["count"]["N"]), tuple(sorted(found)))
    told = found[IDENTIFIER]["M"]
    return int(told["count"]["N"]), tuple(each["S"] for each in told["last_four"]["L"])
