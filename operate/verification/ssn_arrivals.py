"""`ssn_scan`, objects that arrive: each is scanned by an execution, and findings are exactly those planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from operate.execution import SUCCEEDED
from operate.verification.check import Check
from operate.verification.files import examples
from operate.verification.ssn_scan import FULL_NUMBER, await_drained, table_check
from operate.verification.tables import scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from operate.execution import Execution
    from operate.stacks import Stack
    from operate.verification.ssn_scan import Found


def check(
    stack: Stack,
    outputs: Mapping[str, str],
    planted: Mapping[str, Found],
    executions: Mapping[str, Sequence[Execution]],
) -> list[Check]:
    """Verify the executions that objects started, by their keys, and what became of their findings."""
    drained = await_drained(stack.client("sqs"), outputs)
    table = {str(item["object"]["S"]): item for item in scan(stack.client("dynamodb"), outputs["table_name"])}
    return [
        *verify(planted, executions),
        drained,
        table_check(planted, table, bucket=outputs["input_bucket"], excused=()),
    ]


def verify(planted: Mapping[str, Found], executions: Mapping[str, Sequence[Execution]]) -> list[Check]:
    """Compare what executions put out with what was planted; events that came twice do no harm."""
    every = [(key, each) for key, found in executions.items() for each in found]
    scanned = {key for key, each in every if each.status == SUCCEEDED}
    missing = sorted(planted.keys() - scanned)
    twice = sum(len(found) > 1 for found in executions.values())
    again = f", {twice:,} of them more than once" if twice else ""
    failed = sorted(
        f"{key}: {each.status} {each.error or ''}".strip() for key, each in every if each.status != SUCCEEDED
    )
    wrong = sorted(
        key
        for key, each in every
        if each.status == SUCCEEDED and each.output.get("count") != planted.get(key, (None, ()))[0]
    )
    leaks = sorted(
        key for key, each in every if FULL_NUMBER.search(orjson.dumps(each.output).decode() + (each.cause or ""))
    )
    return [
        Check(
            name="every object is scanned as it arrives",
            ok=not missing,
            detail=f"{len(missing):,} missing{examples(missing)}" if missing else f"{len(planted):,} objects{again}",
        ),
        Check(name="no execution failed", ok=not failed, detail=f"{len(failed):,} failed{examples(failed)}"),
        Check(
            name="executions found what was planted",
            ok=not wrong,
            detail=f"{len(wrong):,} differ{examples(wrong)}" if wrong else f"{len(every):,} executions",
        ),
        Check(
            name="no full number in outputs",
            ok=not leaks,
            detail=f"{len(leaks):,} hold one{examples(leaks)}" if leaks else "last four digits only",
        ),
    ]
