"""The input of a task: which loans to simulate, under which terms, and where the results go; checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from handlers.common.event import Batch, parse
from handlers.common.failures import InvalidBatch
from handlers.loans.draws import MAX_SEED
from handlers.loans.loan import month_number
from handlers.loans.simulation import SCENARIOS
from handlers.loans.tally import Terms

MAX_SCENARIOS: Final = 100_000
"""With which a worker needs about 200 MB."""
ROWS_IN_OBJECT: Final = 50
MAX_ROWS_IN_OBJECT: Final = 100_000
NAME_DIGITS: Final = 32
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One batch. ``name`` depends on the objects alone: whoever does them again writes to the same keys."""

    batch: Batch
    to_bucket: str
    to_prefix: str
    terms: Terms
    month: int
    rows_in_object: int
    name: str

    @property
    def losses_key(self) -> str:
        """The object with what the batch adds to the portfolio."""
        return f"{losses_prefix(self.to_prefix)}{self.name}.zst"

    def loans_key(self, number: int) -> str:
        """An object with results of single loans."""
        return f"{self.to_prefix}/loans/{self.name}-{number:05d}.csv"


def losses_prefix(to_prefix: str) -> str:
    """Where all batches of a run leave what is to be added up."""
    return f"{to_prefix}/losses/"


def task_of(event: Any) -> Task:
    """The task of ``{"BatchInput": {"srcbkt", "dstbkt", "dstkey", "as_of", ...}, "Items": [{"Bucket", "Key"}, ...]}``.

    ``as_of`` is the month of the balances as YYYY-MM. Optional are ``seed`` (0), ``scenarios`` (10,000),
    ``rows_per_object`` (50) and ``execution``, for the log. Raises InvalidBatch.
    """
    shared = event.get("BatchInput") if isinstance(event, Mapping) else None
    if not isinstance(shared, Mapping):
        raise InvalidBatch(f"BatchInput must be an object, got {shared!r:.100}")
    source = {"bucket": text(shared, "srcbkt"), "execution": text(shared, "execution", "none")}
    batch = parse({"BatchInput": source, "Items": event.get("Items")})
    as_of = text(shared, "as_of")
    if not (month := _MONTH.fullmatch(as_of)):
        raise InvalidBatch(f"as_of of BatchInput must be a month as YYYY-MM, got {as_of!r:.100}")
    return Task(
        batch=batch,
        to_bucket=text(shared, "dstbkt"),
        to_prefix=text(shared, "dstkey").strip("/"),
        terms=Terms(
            seed=_whole(shared, "seed", 0, 0, MAX_SEED),
            scenarios=_whole(shared, "scenarios", SCENARIOS, 1, MAX_SCENARIOS),
            as_of=as_of,
        ),
        month=month_number(int(month[1]), int(month[2])),
        rows_in_object=_whole(shared, "rows_per_object", ROWS_IN_OBJECT, 1, MAX_ROWS_IN_OBJECT),
        name=_name(batch),
    )


def text(of: Mapping[str, Any], name: str, unless_given: str | None = None) -> str:
    """A member that is a text and not empty. Raises InvalidBatch."""
    found = of.get(name, unless_given)
    if isinstance(found, str) and found:
        return found
    raise InvalidBatch(f"{name} must be a text that is not empty, got {found!r:.100}")


def _whole(of: Mapping[str, Any], name: str, unless_given: int, minimum: int, maximum: int) -> int:
    found = of.get(name, unless_given)
    if isinstance(found, int) and not isinstance(found, bool) and minimum <= found <= maximum:
        return found
    raise InvalidBatch(f"{name} of BatchInput must be a whole number from {minimum} to {maximum}, got {found!r:.100}")


def _name(batch: Batch) -> str:
    digest = hashlib.sha256()
    for item in batch.items:
        digest.update(f"{item.bucket}\0{item.key}\0".encode())
    return digest.hexdigest()[:NAME_DIGITS]
