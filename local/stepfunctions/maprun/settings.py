"""The settings of one Map Run, evaluated from its state when it begins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.stepfunctions.definition.nodes import DistributedMapState
from local.stepfunctions.errors import ItemReaderFailed, ResultWriterFailed, RuntimeFailure
from local.stepfunctions.limits import MAX_ITEMS, MAX_MAP_RUN_CONCURRENCY
from local.stepfunctions.payload import dumps
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.run.numbers import percentage, positive_number, whole_number
from local.stepfunctions.scope import MISSING, Json


@dataclass(slots=True, kw_only=True)
class Limits:
    """What UpdateMapRun may change while the Map Run goes on; None: the definition's author set none."""

    max_concurrency: int = 0
    tolerated_failure_count: int | None = None
    tolerated_failure_percentage: float | None = None

    @property
    def children_at_once(self) -> int:
        """How many child executions may run at once."""
        return min(self.max_concurrency or MAX_MAP_RUN_CONCURRENCY, MAX_MAP_RUN_CONCURRENCY)

    def exceeded(self, *, failed: int, total: int | None) -> bool:
        """Whether more items failed than are tolerated: strictly more, by the limits that were set.

        ``total`` is None while the reader still delivers; a percentage is judged against the final total only.
        """
        if failed == 0:
            return False
        if self.tolerated_failure_count is None and self.tolerated_failure_percentage is None:
            return True
        if self.tolerated_failure_count is not None and failed > self.tolerated_failure_count:
            return True
        share = self.tolerated_failure_percentage
        return share is not None and total is not None and failed * 100 / total > share


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """The evaluated ItemBatcher; limits of None are not set."""

    batched: bool = False
    max_items: int | None = None
    max_bytes: int | None = None
    batch_input: Json = MISSING


def evaluate_limits(state: DistributedMapState, value: Json, branch: Branch) -> Limits:
    """Concurrency and tolerance.

    Raises:
        RuntimeFailure: a value is not a number of the right kind, or out of range.
    """
    scope = branch.scope(value)
    return Limits(
        max_concurrency=whole_number(state.max_concurrency, scope) or 0,
        tolerated_failure_count=whole_number(state.tolerated_failure_count, scope),
        tolerated_failure_percentage=percentage(state.tolerated_failure_percentage, scope),
    )


def evaluate_batching(state: DistributedMapState, value: Json, branch: Branch) -> Batching:
    """The batcher's limits and BatchInput, resolved once in the scope of the Map state."""
    batcher = state.batcher
    if batcher is None:
        return Batching()
    scope = branch.scope(value)
    return Batching(
        batched=True,
        max_items=positive_number(batcher.max_items, scope),
        max_bytes=positive_number(batcher.max_bytes, scope),
        batch_input=MISSING if batcher.batch_input is None else batcher.batch_input(scope),
    )


_WHOLE_NUMBER = re.compile(r"-?\d{1,18}")


def evaluate_max_items(state: DistributedMapState, value: Json, branch: Branch) -> int:
    """How many items the reader may give; 0 is no limit, and negative values are refused by ``check_max_items``."""
    field = None if state.reader is None else state.reader.max_items
    if field is None:
        return 0
    found = field.evaluate(branch.scope(value))
    if isinstance(found, str) and _WHOLE_NUMBER.fullmatch(found):
        found = int(found)  # AWS reads a number's text too
    if isinstance(found, bool) or not isinstance(found, int):
        raise RuntimeFailure(
            f"The {field.name} field refers to value {_quoted(found)} which is not a valid integer: {field.text}"
        )
    return min(found, MAX_ITEMS)


def check_max_items(max_items: int) -> None:
    """Refuse a negative MaxItems, as AWS does: when the Map Run has already begun."""
    if max_items < 0:
        raise ItemReaderFailed("field MaxItems must be positive")


def _quoted(value: Json) -> str:
    # AWS shows every value between quotes here, a number too.
    text = dumps(value).decode()
    return text if text.startswith('"') else f'"{text}"'


def destination(parameters: Json) -> tuple[str, str]:
    """Bucket and prefix of an evaluated ResultWriter.

    Raises:
        ResultWriterFailed: they are not there, or no strings.
    """
    if not isinstance(parameters, dict):
        raise ResultWriterFailed("The parameters of the ResultWriter must be an object.")
    bucket, prefix = parameters.get("Bucket"), parameters.get("Prefix", "")
    if not isinstance(bucket, str) or not bucket:
        raise ResultWriterFailed(f"The Bucket of the ResultWriter must be a bucket's name, got {bucket!r}.")
    if not isinstance(prefix, str):
        raise ResultWriterFailed(f"The Prefix of the ResultWriter must be a string, got {prefix!r}.")
    return bucket, prefix
