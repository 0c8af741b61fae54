"""What became of each item of a batch, and the answer that tells it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from handlers.common.event import Item
from handlers.common.failures import ItemFailure, TransientFailure
from handlers.common.limits import MAX_ANSWER_BYTES

IN_THE_LOG = "left out here for its length; it is in the function's log"


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """An item and how it ended: a word for what was done, or the failure."""

    item: Item
    end: str | ItemFailure | TransientFailure


class Failed(TypedDict):
    """One failed item in an answer."""

    key: str
    error: str
    cause: str


class Answer(TypedDict):
    """The answer of a batch handler; ``items`` is the sum of ``outcomes`` and the number of ``failed``."""

    items: int
    outcomes: dict[str, int]
    failed: list[Failed]


def failures(done: Sequence[Done]) -> list[Failed]:
    """The items that failed, transient failures included, in the batch's order."""
    return [
        Failed(key=each.item.key, error=type(each.end).__name__, cause=str(each.end))
        for each in done
        if not isinstance(each.end, str)
    ]


def answer(done: Sequence[Done]) -> Answer:
    """The answer, with the failures' causes left out if Step Functions would not take it otherwise.

    Raises TransientFailure when that is how an item ended, naming the first.
    """
    passing = [(each.item.key, each.end) for each in done if isinstance(each.end, TransientFailure)]
    if passing:
        key, failure = passing[0]
        told = f"{len(passing)} of {len(done)} items are to be retried, the first {key!r}: {failure}"
        raise TransientFailure(told) from failure
    outcomes = Counter(each.end for each in done if isinstance(each.end, str))
    made = Answer(items=len(done), outcomes=dict(sorted(outcomes.items())), failed=failures(done))
    if len(json.dumps(made)) > MAX_ANSWER_BYTES:
        made["failed"] = [Failed(key=each["key"], error=each["error"], cause=IN_THE_LOG) for each in made["failed"]]
    return made
