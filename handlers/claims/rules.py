"""The function that decides: a decision by rule beside every claim that was loaded, each on what the table holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from handlers.claims import dynamodb
from handlers.claims.claim_check import ids_of
from handlers.claims.decisions import READ, Decided, decide, statement, values
from handlers.claims.failures import ClaimNotFound
from handlers.claims.rule_table import APPROVED, Rules, parameters
from handlers.common.edge import handler_of
from handlers.common.event import environment
from handlers.common.failures import InvalidBatch, TransientFailure
from handlers.common.once import once

if TYPE_CHECKING:
    from handlers.common.edge import Report
    from handlers.common.meter import Meter

SERVICE: Final = "claims_rules"
THREADS: Final = 8
ROUNDS: Final = 3  # of reading and deciding, for claims that are loaded anew in between


@dataclass(kw_only=True)
class Made:
    """What became of some claims; ``unchanged`` counts decisions that the table held already."""

    decided: list[Decided] = field(default_factory=list)
    unchanged: int = 0
    missing: list[str] = field(default_factory=list)


def rules(event: Any, report: Report) -> dict[str, Any]:
    """Decide on the claims that the event names.

    Raises TransientFailure or a BatchFailure. Deciding again changes nothing: a decision that stands is left as it is.
    """
    shared = event.get("BatchInput") if isinstance(event, Mapping) else None
    if not isinstance(shared, Mapping) or not isinstance(shared.get("execution"), str):
        raise InvalidBatch("BatchInput.execution of the event must be the ARN of the execution")
    report.execution = shared["execution"]
    ids = list(dict.fromkeys(ids_of(event, report.meter)))
    report.counts = {"items": len(ids), "failed": len(ids)}
    table, given = environment("TABLE_NAME"), configured(environment("RULES"))
    size = dynamodb.READS_AT_A_TIME
    parts = [ids[start : start + size] for start in range(0, len(ids), size)]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="rules") as pool:
        made = list(pool.map(lambda part: decided(table, part, given, report.meter), parts))
    missing = [each for part in made for each in part.missing]
    report.failed = [
        {"claim": each, "error": ClaimNotFound.__name__, "cause": f"table {table} has no claim {each}: it was deleted"}
        for each in missing
    ]
    report.counts = {"items": len(ids), "failed": len(missing)}
    by_rule = Counter(each.made for part in made for each in part.decided)
    return {
        "claims": len(ids),
        "approved": sum(count for each, count in by_rule.items() if each.decision == APPROVED),
        "rejected": {each.rule: count for each, count in sorted(by_rule.items()) if each.decision != APPROVED},
        "unchanged": sum(part.unchanged for part in made),
        "failed": report.failed,
    }


@once
def configured(config: str) -> Rules:
    """The rules by that configuration, made once a process."""
    return Rules(parameters(config))


def decided(table: str, ids: Sequence[str], given: Rules, meter: Meter) -> Made:
    """Decide on up to 100 claims; on those that were loaded anew before their decision was written, once more."""
    made = Made()
    for _ in range(ROUNDS):
        found = decide(dynamodb.read(table, ids, READ, meter), given)
        made.missing += sorted(set(ids) - {each.id["S"] for each in found})
        standing = [each for each in found if each.standing]
        new = [each for each in found if not each.standing]
        held = _write(table, new, given.given.version, meter)
        made.unchanged += len(standing)
        made.decided += standing + [each for each, holds in zip(new, held, strict=True) if holds]
        ids = [each.id["S"] for each, holds in zip(new, held, strict=True) if not holds]
        if not ids:
            return made
    raise TransientFailure(f"{len(ids)} claims changed {ROUNDS} times while they were decided on, the first {ids[0]}")


def _write(table: str, new: Sequence[Decided], version: str, meter: Meter) -> list[bool]:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    asked = values(new, version, at)
    size = dynamodb.STATEMENTS_AT_A_TIME
    held: list[bool] = []
    for start in range(0, len(asked), size):
        held += dynamodb.execute(table, statement(table), asked[start : start + size], meter)
    return held


handler = handler_of(SERVICE, rules)
