"""The function that loads: every claim of its batch of files into the table, each whole and with its exact total."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from handlers.claims.claim_check import checked_in
from handlers.claims.loading import FailedEntry, Loading
from handlers.claims.prefetch import opened
from handlers.claims.writer import Writer
from handlers.common.edge import handler_of
from handlers.common.event import environment, parse
from handlers.common.failures import ItemFailure, TransientFailure

if TYPE_CHECKING:
    from handlers.common.edge import Report

SERVICE: Final = "claims_load"
OK: Final = 200


def load(event: Any, report: Report) -> dict[str, Any]:
    """Load the claims of the event's files.

    A claim at fault fails alone; of a file at fault the claims before the place at fault are loaded. Raises
    TransientFailure after all else is done, and a BatchFailure at once. Loading again leads to the same table.
    """
    batch = parse(event)
    report.execution, report.counts = batch.execution, {"items": len(batch.items), "failed": len(batch.items)}
    bucket, prefix = environment("WORK_BUCKET"), environment("WORK_PREFIX")
    outcomes: Counter[str] = Counter()
    files: list[FailedEntry] = []
    transient: list[tuple[str, TransientFailure]] = []
    with Writer(environment("TABLE_NAME"), report.meter) as writer:
        loading = Loading(writer.put)
        for item, stream in opened(batch.items, report.meter):
            try:
                outcomes[loading.file(item.key, stream().blocks)] += 1
            except ItemFailure as failure:
                files.append(FailedEntry(key=item.key, error=type(failure).__name__, cause=str(failure)))
            except TransientFailure as failure:
                transient.append((item.key, failure))
    failed = [*files, *loading.failed]
    report.failed = list(failed)
    report.counts = {
        "items": len(batch.items),
        "failed": len(files) + len(transient),
        "claims": len(loading.ids),
        "failed_claims": len(loading.failed),
    }
    if transient:
        key, first = transient[0]
        told = f"{len(transient)} of {len(batch.items)} files are to be retried, the first {key!r}: {first}"
        raise TransientFailure(told) from first
    answer = {
        "statusCode": OK,
        "items": len(batch.items),
        "outcomes": dict(sorted(outcomes.items())),
        "claims": len(loading.ids),
        "duplicates": loading.duplicates,
        "failed": failed,
        "body": loading.ids,
    }
    return checked_in(answer, bucket=bucket, prefix=prefix, execution=batch.execution)


handler = handler_of(SERVICE, load)
