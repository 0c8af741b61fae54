"""`noaa`: every station file is processed once, and the table holds for each what the file says.

Judged are the stations that the run read. The table keeps the items of earlier data sets, whose stations are other
ones or whose files are gone: they are told, and neither help nor harm a run. A station of this run cannot pass by an
older item, as an item names the ETag and the time of the object that it was made from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from operate.data import location
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
from operate.verification.noaa_source import Listed, inventory, listing
from operate.verification.stations import GONE, read_all, station_of, stations_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from operate.evidence import Evidence
    from operate.execution import MapRun
    from operate.verification.stations import Expected, Record

NAMED_FAILURES = 10


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the run should have come to: each key of its source, and the generator's own word on stations."""

    expected: Mapping[str, Expected]  # by key
    planted: Mapping[str, tuple[int | None, int | None]]  # greatest value that passed, and of all, by key


@dataclass(kw_only=True)
class Ran:
    """What the result files say of a run, gathered while they stream by."""

    keys: Counter[str] = field(default_factory=Counter)  # of all statuses
    children: Counter[str] = field(default_factory=Counter)  # by status
    items: Counter[str] = field(default_factory=Counter)  # by status
    outcomes: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)  # the error's name by key
    unprocessed: set[str] = field(default_factory=set)  # keys of children that did not succeed
    errors: list[str] = field(default_factory=list)
    miscounted: list[str] = field(default_factory=list)  # children whose answer does not add up


def check(evidence: Evidence) -> list[Check]:
    """Verify a succeeded run of `noaa` on the files that are at its input."""
    stack, given = evidence.stack, evidence.map_input
    outputs = stack.outputs_of("noaa")
    inputs = stack.bucket(outputs["input_bucket"])
    source = generated(inputs, location(outputs))
    if source.completed_at > evidence.execution.started:
        return [stale(source, evidence.execution)]
    try:
        ran = gather(RunFiles.of(evidence)) if evidence.manifests else None
    except UNREADABLE as error:
        return [unreadable(error)]
    if given["source"] == "inventory":
        listed = list(inventory(inputs, given["manifest"]))
    else:
        listed = list(listing(stack.client("s3"), bucket=outputs["input_bucket"], prefix=given["prefix"]))
        listed = _with_deleted(listed, ran)
    listed = listed[: given["max_items"] or None]
    changed = [one.key for one in listed if one.modified and one.modified > evidence.execution.started]
    if changed:
        return [_changed(changed)]
    planted = source.table(inputs, "stations").select("key", "max_prcp_passed", "max_prcp").collect().rows()
    truth = Truth(
        expected=dict(read_all(inputs, ((one.key, one.size) for one in listed))),
        planted={f"{outputs['data_prefix']}{key}": (passed, all_) for key, passed, all_ in planted},
    )
    table = stations_in(stack.client("dynamodb"), outputs["table_name"])
    if ran is None:
        return verify_without_files(truth, evidence.map_run, evidence.execution.output, table)
    return [manifest_check(RunFiles.of(evidence)), *verify(truth, evidence.map_run, ran, table)]


def _with_deleted(listed: list[Listed], ran: Ran | None) -> list[Listed]:
    """Add what the run had listed too, and then did not find; that it is gone is checked when it is read."""
    known = {one.key for one in listed}
    gone = [key for key, error in ran.failed.items() if error == GONE and key not in known] if ran else []
    found = [*listed, *(Listed(key=key, size=None, modified=None) for key in gone)]
    return sorted(found, key=lambda one: one.key.encode())


def _changed(keys: list[str]) -> Check:
    return Check(
        name="the data are those that the run read",
        ok=False,
        detail=f"{len(keys):,} objects changed after the run started{examples(keys)}: run again to verify",
    )


def gather(files: RunFiles) -> Ran:
    """Read the result files; ResultsError and others of UNREADABLE when they are not those of this machine."""
    ran = Ran()
    for status in files.manifest.files:
        for entry in files.entries(status):
            keys = [item["Key"] for item in orjson.loads(entry["Input"])["Items"]]
            ran.keys.update(keys)
            ran.children[status] += 1
            ran.items[status] += len(keys)
            if status == SUCCEEDED:
                _answered(ran, entry["Name"], keys, orjson.loads(entry["Output"]))
            else:
                ran.unprocessed.update(keys)
                if "Error" in entry and len(ran.errors) < EXAMPLES:
                    ran.errors.append(failure_of(entry))
    return ran


def _answered(ran: Ran, name: str, keys: list[str], answer: Mapping[str, Any]) -> None:
    failed = {failure["key"]: failure["error"] for failure in answer["failed"]}
    ran.outcomes.update(answer["outcomes"])
    ran.failed |= failed
    told = sum(answer["outcomes"].values()) + len(answer["failed"])
    if not answer["items"] == told == len(keys) or not failed.keys() <= set(keys):
        ran.miscounted.append(f"{name}: {len(keys)} items in, {answer['items']} told, {told} accounted for")


def verify(truth: Truth, map_run: MapRun, ran: Ran, table: Iterable[Record]) -> list[Check]:
    """Compare the run's keys, its failures and every field of every item with what the files say."""
    judged = {key: found for key, found in truth.expected.items() if not isinstance(found, str)}
    required = {key for key in judged if key not in ran.unprocessed}
    records = _records(judged.values(), table)
    return [
        _keys_check(truth, ran),
        _items_check(truth, map_run, ran),
        execution_check(map_run, succeeded=ran.children[SUCCEEDED], failed=ran.children["FAILED"]),
        _failures_check(truth, ran),
        _table_check(judged, required, records, excused=0),
        _planted_check(truth, required, records),
        unprocessed_check(map_run, failed=ran.items["FAILED"], pending=ran.items["PENDING"], errors=ran.errors),
    ]


def verify_without_files(truth: Truth, map_run: MapRun, output: Any, table: Iterable[Record]) -> list[Check]:
    """Compare counts and the table alone: without result files, nothing tells which items a child had."""
    judged = {key: found for key, found in truth.expected.items() if not isinstance(found, str)}
    records = _records(judged.values(), table)
    unprocessed = map_run.items.unsuccessful + map_run.items.pending
    found = {key for key, record in judged.items() if str(record["station"]) in records.found}
    answers = [answer["failed"] for answer in output if answer is not None]
    failures = sorted(f"{key}: {name}" for key, name in truth.expected.items() if isinstance(name, str))
    failed, total = sum(answers), map_run.items.total
    told = f"{total:,} read of {len(truth.expected):,}; {failed:,} of {len(failures):,} expected failures"
    return [
        Check(
            name="item counts agree",
            ok=total == len(truth.expected) and len(failures) - unprocessed <= failed <= len(failures),
            detail=f"{told}{_named(failures)}",
        ),
        _table_check(judged, set(judged), records, excused=unprocessed),
        _planted_check(truth, found, records),
    ]


def _keys_check(truth: Truth, ran: Ran) -> Check:
    missing = sorted(truth.expected.keys() - ran.keys.keys())
    strange = sorted(ran.keys.keys() - truth.expected.keys())
    doubled = sorted(key for key, times in ran.keys.items() if times > 1)
    wrong = [f"{len(keys):,} {what}{examples(keys)}" for keys, what in _named_groups(missing, doubled, strange)]
    return Check(
        name="every station file is processed once",
        ok=not wrong,
        detail="; ".join(wrong) or f"{len(truth.expected):,} files",
    )


def _named_groups(missing: list[str], doubled: list[str], strange: list[str]) -> Iterator[tuple[list[str], str]]:
    for keys, what in ((missing, "missing"), (doubled, "doubled"), (strange, "not of the source")):
        if keys:
            yield keys, what


def _items_check(truth: Truth, map_run: MapRun, ran: Ran) -> Check:
    items, in_files = map_run.items, ran.items.total()
    accounted = ran.outcomes.total() + len(ran.failed)
    agree = (
        len(truth.expected) == items.total == items.results_written == in_files
        and items.succeeded == ran.items[SUCCEEDED] == accounted
        and not ran.miscounted
    )
    outcomes = ", ".join(f"{number:,} {word}" for word, number in sorted(ran.outcomes.items()))
    told = (
        f"source {len(truth.expected):,}; DescribeMapRun {items.total:,} ({items.succeeded:,} succeeded,"
        f" {items.results_written:,} written); files {in_files:,}; children answer for {accounted:,}"
        f"{examples(ran.miscounted)}"
    )
    good = f"{in_files:,} in source, DescribeMapRun and files: {outcomes or 'none handled'}, {len(ran.failed):,} failed"
    return Check(name="item counts agree", ok=agree, detail=good if agree else told)


def _failures_check(truth: Truth, ran: Ran) -> Check:
    """Failures must be those of the files, by name; a child that did not succeed has named none."""
    due = {key: name for key, name in truth.expected.items() if isinstance(name, str) and key not in ran.unprocessed}
    wrong = sorted(key for key in due.keys() | ran.failed.keys() if due.get(key) != ran.failed.get(key))
    if wrong:
        shown = [f"{key} {ran.failed.get(key, 'handled')}, expected {due.get(key, 'to be handled')}" for key in wrong]
        return Check(name="items failed that had to", ok=False, detail=f"{len(wrong):,} wrong{examples(shown)}")
    named = sorted(f"{key}: {name}" for key, name in ran.failed.items())
    return Check(name="items failed that had to", ok=True, detail=f"{len(named):,} failed{_named(named)}")


def _named(failures: list[str]) -> str:
    shown = "; ".join(failures[:NAMED_FAILURES])
    more = len(failures) - NAMED_FAILURES
    return f": {shown}{f'; and {more:,} more' if more > 0 else ''}" if failures else ""


@dataclass(frozen=True, kw_only=True)
class _Records:
    """The items of the stations that are judged, and how many others the table has."""

    found: Mapping[str, Record]  # by station
    others: int


def _records(judged: Iterable[Record], table: Iterable[Record]) -> _Records:
    stations = {record["station"] for record in judged}
    found: dict[str, Record] = {}
    others = 0
    for record in table:
        if record["station"] in stations:
            found[str(record["station"])] = record
        else:
            others += 1
    return _Records(found=found, others=others)


def _table_check(judged: Mapping[str, Record], required: set[str], records: _Records, *, excused: int) -> Check:
    """Items of unprocessed files may be absent, or right from an earlier run or attempt: they are not looked at."""
    missing: list[str] = []
    wrong: list[str] = []
    for key in sorted(required):
        record = records.found.get(str(judged[key]["station"]))
        if record is None:
            missing.append(str(judged[key]["station"]))
        elif record != judged[key]:
            wrong.append(_difference(judged[key], record))
    others = f"; {records.others:,} items of other stations" if records.others else ""
    if len(missing) <= excused and not wrong:
        detail = f"{len(required) - len(missing):,} items recomputed from their files{others}"
        return Check(name="every item of the table is right", ok=True, detail=detail)
    detail = f"{len(missing):,} missing{examples(missing)}; {len(wrong):,} wrong{examples(wrong)}{others}"
    return Check(name="every item of the table is right", ok=False, detail=detail)


def _difference(due: Record, record: Record) -> str:
    """Show the fields in which an item is wrong."""
    fields = sorted(name for name in due.keys() | record.keys() if due.get(name) != record.get(name))
    shown = ", ".join(f"{name} {record.get(name, 'absent')} for {due.get(name, 'absent')}" for name in fields)
    return f"{due['station']} has {shown}"


def _planted_check(truth: Truth, required: set[str], records: _Records) -> Check:
    """The generator knows the greatest values of each station, whether they passed and of all."""
    wrong: list[str] = []
    compared = 0
    for key in sorted(required & truth.planted.keys()):
        passed, of_all = truth.planted[key]
        record = records.found.get(station_of(key), {})
        values = [value for name in ("PRCP", "flagged_PRCP") if isinstance(value := record.get(name), int)]
        compared += 1
        if record.get("PRCP") != passed or max(values, default=None) != of_all:
            wrong.append(f"{station_of(key)} has {record.get('PRCP')}, planted {passed}, {of_all} with flagged ones")
    return Check(
        name="the table agrees with the generator's truth",
        ok=not wrong,
        detail=f"{len(wrong):,} of {compared:,} differ{examples(wrong)}",
    )
