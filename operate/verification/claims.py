"""`claims`: every claim of every file is in the table once, whole, with the decision that the rules and truth say.

The files of each child are read anew and in its order, so that what it must have loaded, counted twice and refused is
known claim by claim. Less than 1 KB a claim is held. Judged are the claims that the run read; the table may keep those
of earlier runs, which neither help nor harm.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import obstore
import orjson

from operate.data import location
from operate.execution import SUCCEEDED
from operate.verification import claim_table
from operate.verification.check import Check
from operate.verification.claim_files import GONE, INVALID, Fault, read_all
from operate.verification.claim_rules import Rules
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
from operate.verification.noaa_source import listing
from operate.verification.tables import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from obstore.store import ObjectStore

    from operate.evidence import Evidence
    from operate.execution import MapRun
    from operate.verification.claim_files import Claim, ClaimFile
    from operate.verification.claim_table import Expected, Item

NAMED_FAILURES = 10
Failure = tuple[str, str | int | None, str]
"""The key of a file with the error's name, or with a claim of it and the field at fault."""


@dataclass(kw_only=True)
class Ran:
    """What children said, and what their files say they had to say; gathered while the result files stream by."""

    keys: Counter[str] = field(default_factory=Counter)  # of all statuses
    children: Counter[str] = field(default_factory=Counter)  # by status
    items: Counter[str] = field(default_factory=Counter)  # by status
    outcomes: Counter[str] = field(default_factory=Counter)
    failed: Counter[Failure] = field(default_factory=Counter)
    due_failed: Counter[Failure] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)  # by code
    due_rejected: Counter[str] = field(default_factory=Counter)
    approved: int = 0
    due_approved: int = 0
    duplicates: int = 0
    claims: dict[str, Expected] = field(default_factory=dict)  # by id
    found: Counter[str] = field(default_factory=Counter)  # claims by the key of their file, duplicates included
    unprocessed: set[str] = field(default_factory=set)  # keys of children that did not succeed
    errors: list[str] = field(default_factory=list)
    miscounted: list[str] = field(default_factory=list)  # children whose answer does not add up


def check(evidence: Evidence) -> list[Check]:
    """Verify a succeeded run of `claims` on the files that are at its input."""
    stack, given = evidence.stack, evidence.map_input
    outputs = stack.outputs_of("claims")
    inputs = stack.bucket(outputs["input_bucket"])
    source = generated(inputs, location(outputs))
    if source.completed_at > evidence.execution.started:
        return [stale(source, evidence.execution)]
    listed = list(listing(stack.client("s3"), bucket=outputs["input_bucket"], prefix=given["prefix"]))
    changed = [one.key for one in listed if one.modified and one.modified > evidence.execution.started]
    if changed:
        return [_changed(changed)]
    rules = Rules.of(outputs)
    files = RunFiles.of(evidence)
    try:
        ran = gather(files, inputs, rules)
    except UNREADABLE as error:
        return [unreadable(error)]
    due = {one.key for one in listed} | {key for key, claim, name in ran.failed if claim is None and name == GONE}
    if given["max_items"]:
        due = set(sorted(due, key=str.encode)[: given["max_items"]])
    truth = source.table(inputs, "claims").collect().iter_rows()
    planted = ((f"{outputs['data_prefix']}{key}", *row) for key, *row in truth)
    table = fetch(stack.client("dynamodb"), outputs["table_name"], "id", ran.claims)
    return [manifest_check(files), *verify(due, evidence.map_run, ran, table, planted, rules)]


def _changed(keys: list[str]) -> Check:
    return Check(
        name="the data are those that the run read",
        ok=False,
        detail=f"{len(keys):,} objects changed after the run started{examples(keys)}: run again to verify",
    )


def gather(files: RunFiles, source: ObjectStore, rules: Rules) -> Ran:
    """Read the result files and the files of their children; UNREADABLE when they are not those of this machine."""
    ran = Ran()
    for status in files.manifest.files:
        for entry in files.entries(status):
            items = [(item["Key"], item.get("Size")) for item in orjson.loads(entry["Input"])["Items"]]
            ran.keys.update(key for key, _ in items)
            ran.children[status] += 1
            ran.items[status] += len(items)
            if status == SUCCEEDED:
                answer = orjson.loads(entry["Output"])
                _told(ran, files, entry["Name"], answer, _due(ran, read_all(source, items), rules), len(items))
            else:
                ran.unprocessed.update(key for key, _ in items)
                if "Error" in entry and len(ran.errors) < EXAMPLES:
                    ran.errors.append(failure_of(entry))
    return ran


@dataclass(kw_only=True)
class _Due:
    """What a child must say of its files."""

    claims: dict[str, Claim] = field(default_factory=dict)
    duplicates: int = 0
    failed: Counter[Failure] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)


def _due(ran: Ran, batch: Iterable[tuple[str, ClaimFile]], rules: Rules) -> _Due:
    due, met = _Due(), set[str]()
    for key, file in batch:
        failed = 0
        for element in file.elements:
            if isinstance(element, Fault):
                due.failed[key, element.claim, element.field] += 1
                failed += 1
                continue
            own, claim = element
            ran.found[key] += 1
            first = due.claims.setdefault(own, claim)
            if first != claim:  # only one of both can be kept
                due.failed[key, own, "id"] += 1
                failed += 1
                continue
            due.duplicates += own in met
            met.add(own)
            claim_table.expect(ran.claims, own, claim, key)
        if file.fault:
            due.failed[key, None, file.fault] += 1
        else:
            due.outcomes["loaded_in_part" if failed else "loaded"] += 1
    codes = Counter(rules.code(claim) for claim in due.claims.values())
    ran.due_approved += codes.pop(None, 0)
    ran.due_rejected.update({code: count for code, count in codes.items() if code})
    ran.due_failed.update(due.failed)
    return due


def _told(ran: Ran, files: RunFiles, name: str, answer: Mapping[str, Any], due: _Due, items: int) -> None:
    """Take a child's answer, and compare its counts with what they must be."""
    loaded, decided = answer["load"], answer["rules"]
    failures = [_failure(each) for each in _all_failures(loaded, files)]
    ran.failed.update(failures)
    ran.failed.update(("", each["claim"], each["error"]) for each in decided["failed"])
    ran.outcomes.update(loaded["outcomes"])
    ran.duplicates += loaded["duplicates"]
    ran.approved += decided["approved"]
    ran.rejected.update(decided["rejected"])
    files_failed = sum(claim is None for _, claim, _ in failures)
    said = (loaded["items"], Counter(loaded["outcomes"]), loaded["claims"], loaded["duplicates"], decided["claims"])
    must = (items, due.outcomes, len(due.claims), due.duplicates, len(due.claims))
    accounted = sum(loaded["outcomes"].values()) + files_failed
    if said != must or accounted != items:
        ran.miscounted.append(
            f"{name}: {loaded['items']} files of {items}, {accounted} accounted for; {loaded['claims']} claims and"
            f" {loaded['duplicates']} duplicates of {len(due.claims)} and {due.duplicates}; {decided['claims']} decided"
        )


def _all_failures(loaded: Mapping[str, Any], files: RunFiles) -> list[dict[str, Any]]:
    """The failures of a child, which lie in S3 where they are too many for its output."""
    if "failed_at" not in loaded:
        return list(loaded["failed"])
    kept = orjson.loads(bytes(obstore.get(files.store, loaded["failed_at"]["key"]).bytes()))
    return list(kept["failed"])


def _failure(told: Mapping[str, Any]) -> Failure:
    if "claim" not in told:
        return told["key"], None, told["error"]
    return told["key"], told["claim"], told["field"] if told["error"] == INVALID else told["error"]


def verify(
    due: set[str],
    map_run: MapRun,
    ran: Ran,
    table: Iterable[Item],
    planted: Iterable[tuple[Any, ...]],
    rules: Rules,
) -> list[Check]:
    """Compare keys, counts, failures, and every field of every claim with what the files and the truth say."""
    held = claim_table.compare(ran.claims, table, rules)
    return [
        _keys_check(due, ran),
        _items_check(due, map_run, ran),
        execution_check(map_run, succeeded=ran.children[SUCCEEDED], failed=ran.children["FAILED"]),
        _failures_check(ran),
        _decisions_check(ran),
        claim_table.table_check(ran.claims, held),
        claim_table.reasons_check(held, rules),
        claim_table.planted_check(
            ran.claims, held, planted, found=ran.found, read=ran.keys.keys() - ran.unprocessed, rules=rules
        ),
        unprocessed_check(map_run, failed=ran.items["FAILED"], pending=ran.items["PENDING"], errors=ran.errors),
    ]


def _keys_check(due: set[str], ran: Ran) -> Check:
    groups = (
        (sorted(due - ran.keys.keys()), "missing"),
        (sorted(key for key, times in ran.keys.items() if times > 1), "doubled"),
        (sorted(ran.keys.keys() - due), "not of the source"),
    )
    wrong = [f"{len(keys):,} {what}{examples(keys)}" for keys, what in groups if keys]
    return Check(name="every file is processed once", ok=not wrong, detail="; ".join(wrong) or f"{len(due):,} files")


def _items_check(due: set[str], map_run: MapRun, ran: Ran) -> Check:
    items, in_files = map_run.items, ran.items.total()
    agree = (
        len(due) == items.total == items.results_written == in_files
        and items.succeeded == ran.items[SUCCEEDED]
        and not ran.miscounted
    )
    outcomes = ", ".join(f"{number:,} {word}" for word, number in sorted(ran.outcomes.items()))
    failed = sum(claim is None for _, claim, _ in ran.failed)
    good = (
        f"{in_files:,} in source, DescribeMapRun and files: {outcomes or 'none loaded'}, {failed:,} failed;"
        f" {len(ran.claims):,} claims, {ran.duplicates:,} duplicates in one batch"
    )
    told = (
        f"source {len(due):,}; DescribeMapRun {items.total:,} ({items.succeeded:,} succeeded,"
        f" {items.results_written:,} written); files {in_files:,}{examples(ran.miscounted)}"
    )
    return Check(name="item counts agree", ok=agree, detail=good if agree else told)


def _failures_check(ran: Ran) -> Check:
    """Failures must be those of the files, by name; a child that did not succeed has named none."""
    missing, strange = ran.due_failed - ran.failed, ran.failed - ran.due_failed
    wrong = [f"{_named(each)} was not told" for each in missing] + [f"{_named(each)} is none" for each in strange]
    if wrong:
        detail = f"{len(wrong):,} wrong{examples(sorted(wrong))}"
        return Check(name="files and claims failed that had to", ok=False, detail=detail)
    named = sorted(_named(each) for each in ran.failed)
    files = sum(claim is None for _, claim, _ in ran.failed)
    shown, more = "; ".join(named[:NAMED_FAILURES]), len(named) - NAMED_FAILURES
    told = f": {shown}{f'; and {more:,} more' if more > 0 else ''}" if named else ""
    return Check(
        name="files and claims failed that had to",
        ok=True,
        detail=f"{files:,} files and {len(named) - files:,} claims failed{told}",
    )


def _named(failure: Failure) -> str:
    key, claim, what = failure
    return f"{key}: {what}" if claim is None else f"{key}: {INVALID} {claim} {what}".strip()


def _decisions_check(ran: Ran) -> Check:
    """Where batches hold claims of one id and other content, each batch decides on what the table holds just then."""
    rivals = sum(len(each.versions) > 1 for each in ran.claims.values())
    apart = (ran.rejected - ran.due_rejected).total() + (ran.due_rejected - ran.rejected).total()
    apart += abs(ran.approved - ran.due_approved)
    agree = apart <= 2 * rivals
    rejected = ", ".join(f"{code} {count:,}" for code, count in sorted(ran.rejected.items()))
    causes = Counter(what if claim is None else INVALID for _, claim, what in ran.failed.elements())
    failed = ", ".join(f"{name} {count:,}" for name, count in sorted(causes.items()))
    detail = f"approved {ran.approved:,}; rejected: {rejected or 'none'}; failed: {failed or 'none'}"
    if not agree:
        due = ", ".join(f"{code} {count:,}" for code, count in sorted(ran.due_rejected.items()))
        detail += f"; expected approved {ran.due_approved:,}; rejected: {due or 'none'}"
    return Check(name="decisions by reason are those of the rules", ok=agree, detail=detail)
