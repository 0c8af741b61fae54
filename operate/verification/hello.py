"""`hello`: every highly rated review is in the result files exactly once, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import obstore
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
from operate.verification.rows import RowHasher, compare, concatenated

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from numpy.typing import NDArray
    from obstore.store import ObjectStore

    from operate.evidence import Evidence
    from operate.verification.generated import Generated

COLUMNS = (
    "item_id",
    "user_id",
    "rating",
    "timestamp",
    "model_attr",
    "category",
    "brand",
    "year",
    "user_attr",
    "split",
)
HIGH_RATINGS = frozenset({"4.0", "5.0"})
# One for each item of a child's input: quotes within a JSON string are escaped, so this is always a field.
ITEM_MARK = '"rating":"'


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What was generated: the number of reviews, and the highly rated ones, all columns being text."""

    reviews: int
    highly_rated: pl.LazyFrame


def check(evidence: Evidence) -> list[Check]:
    """Verify a succeeded run of `hello` on the data that are at its input."""
    outputs = evidence.stack.outputs_of("hello")
    inputs = evidence.stack.bucket(outputs["input_bucket"])
    source = generated(inputs, location(outputs))
    if source.completed_at > evidence.execution.started:
        return [stale(source, evidence.execution)]
    limit = evidence.map_input["max_items"]
    truth = _first_rows(inputs, outputs["data_key"], limit) if 0 < limit < source.rows else _planted(inputs, source)
    return verify(truth, RunFiles.of(evidence))


def _planted(inputs: ObjectStore, source: Generated) -> Truth:
    """Take the highly rated reviews that the generator wrote down."""
    return Truth(reviews=source.rows, highly_rated=source.table(inputs, "highly_rated"))


def _first_rows(inputs: ObjectStore, key: str, limit: int) -> Truth:
    """Recompute the highly rated ones of the first ``limit`` reviews from the CSV itself, for a trial run."""
    import polars as pl

    read = pl.scan_csv(BytesIO(obstore.get(inputs, key).bytes()), infer_schema=False, empty_string_is_null=False)
    return Truth(reviews=limit, highly_rated=read.head(limit).filter(pl.col("rating").is_in(HIGH_RATINGS)))


@dataclass(kw_only=True)
class _Found:
    """What the result files of one status hold, gathered while they stream by."""

    entries: int = 0
    items: int = 0
    rows: int = 0
    hashes: list[NDArray[np.int64]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def verify(truth: Truth, actual: RunFiles) -> list[Check]:
    """Compare every row of the result files with the truth, as multisets of whole rows.

    Rows of children that failed, or never started, count as accounted for when the FAILED and PENDING files
    hold their input. Result files that are missing or not readable end the comparison with one failed check.
    Memory stays at the truth, the hashes of all rows, and a few ranges of a result file.
    """
    hasher = RowHasher(COLUMNS)
    expected = concatenated([hashes for _, hashes in hasher.batches(truth.highly_rated)])
    try:
        succeeded = _succeeded(actual, hasher)
        failed = _unprocessed(actual, "FAILED", hasher)
        pending = _unprocessed(actual, "PENDING", hasher)
    except UNREADABLE as error:
        return [unreadable(error)]
    return [
        manifest_check(actual),
        *_row_checks(truth, actual, expected, succeeded, (failed, pending)),
        _item_check(truth, actual, succeeded, failed, pending),
        execution_check(actual.map_run, succeeded=succeeded.entries, failed=failed.entries),
        unprocessed_check(actual.map_run, failed=failed.items, pending=pending.items, errors=failed.errors),
    ]


def _output_rows(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(entry["Output"])["highrated"]
    return rows


def _succeeded(actual: RunFiles, hasher: RowHasher) -> _Found:
    found = _Found()
    for entry in actual.entries(SUCCEEDED):
        rows = _output_rows(entry)
        found.entries += 1
        found.items += entry["Input"].count(ITEM_MARK)
        found.rows += len(rows)
        found.hashes.append(hasher.rows(rows))
    return found


def _unprocessed(actual: RunFiles, status: str, hasher: RowHasher) -> _Found:
    """Gather the highly rated rows of the inputs that never came to an output."""
    found = _Found()
    for entry in actual.entries(status):
        items = orjson.loads(entry["Input"])["Items"]
        high = [item for item in items if item["rating"] in HIGH_RATINGS]
        found.entries += 1
        found.items += len(items)
        found.rows += len(high)
        found.hashes.append(hasher.rows(high))
        if len(found.errors) < EXAMPLES and "Error" in entry:
            found.errors.append(failure_of(entry))
    return found


def _row_checks(
    truth: Truth,
    actual: RunFiles,
    expected: NDArray[np.int64],
    succeeded: _Found,
    unprocessed: tuple[_Found, ...],
) -> list[Check]:
    came = concatenated([*succeeded.hashes, *(part for found in unprocessed for part in found.hashes)])
    difference = compare(expected=expected, came=came)
    total = len(expected)
    set_aside = sum(found.rows for found in unprocessed)

    aside = f", {set_aside:,} in FAILED and PENDING files" if set_aside else ""
    return [
        Check(
            name="every highly rated review is there",
            ok=difference.missing == 0,
            detail=f"{difference.missing:,} of {total:,} missing{aside}"
            f"{examples(_of_truth(truth, difference.missing_hashes))}",
        ),
        Check(
            name="none is there twice",
            ok=difference.doubled == 0,
            detail=f"{difference.doubled:,} doubled{examples(_of_truth(truth, difference.doubled_hashes))}",
        ),
        Check(
            name="nothing else is there",
            ok=difference.strangers == 0,
            detail=f"{difference.strangers:,} of {len(came):,} rows are no highly rated review"
            f"{examples(_strangers(actual, difference.stranger_hashes))}",
        ),
    ]


def _of_truth(truth: Truth, hashes: NDArray[np.int64]) -> list[str]:
    """Show a few rows of the truth that have these hashes."""
    shown: list[str] = []
    if not len(hashes):
        return shown
    for part, found in RowHasher(COLUMNS).batches(truth.highly_rated):
        positions = np.flatnonzero(np.isin(found, hashes))[: EXAMPLES - len(shown)].tolist()
        shown += [_shown(row) for row in part[positions].to_dicts()]
        if len(shown) == EXAMPLES:
            break
    return shown


def _strangers(actual: RunFiles, hashes: NDArray[np.int64]) -> list[str]:
    """Read the result files once more for a few rows that have these hashes."""
    hasher = RowHasher(COLUMNS)
    shown: list[str] = []
    if not len(hashes):
        return shown
    for entry in actual.entries(SUCCEEDED):
        rows = _output_rows(entry)
        positions = np.flatnonzero(np.isin(hasher.rows(rows), hashes))
        shown += [f"{_shown(rows[position])} in child {entry['Name']}" for position in positions]
        if len(shown) >= EXAMPLES:
            break
    return shown[:EXAMPLES]


def _item_check(truth: Truth, actual: RunFiles, succeeded: _Found, failed: _Found, pending: _Found) -> Check:
    items = actual.map_run.items
    in_files = succeeded.items + failed.items + pending.items
    agree = (
        truth.reviews == items.total == items.results_written == in_files
        and items.succeeded == succeeded.items
        and items.unsuccessful == failed.items
        and items.pending == pending.items
    )
    told = (
        f"source {truth.reviews:,}; DescribeMapRun {items.total:,} ({items.succeeded:,} succeeded,"
        f" {items.unsuccessful:,} failed, {items.pending:,} pending, {items.results_written:,} written);"
        f" files {in_files:,}"
    )
    return Check(
        name="item counts agree",
        ok=agree,
        detail=f"{truth.reviews:,} in source, DescribeMapRun and files" if agree else told,
    )


def _shown(row: Mapping[str, Any]) -> str:
    return ",".join(str(value) for value in row.values())
