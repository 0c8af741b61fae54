"""The failures of a Map Run, grouped by error: all are counted, some of each are kept to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from operate.page.privacy import EXCERPT_CHARS, excerpt, masked

SAMPLES_PER_ERROR = 6
ERRORS_SHOWN = 20
KEYS_SHOWN = 3  # of a batch
OUTPUT_DEPTH = 4  # how far inside a child's output its handler's answer may be nested
NO_ERROR_NAME = {"ABORTED": "aborted", "TIMED_OUT": "States.Timeout"}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One failure as it may be shown: texts masked and cut. ``child`` is the ARN of the child execution."""

    cause: str
    subject: str
    child: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """All failures with one error: ``items`` in all, of which ``alone`` in children that succeeded otherwise."""

    error: str
    children: int
    items: int
    alone: int
    samples: tuple[Sample, ...]


@dataclass
class _Counted:
    children: int = 0
    items: int = 0
    alone: int = 0
    samples: list[Sample] = field(default_factory=list)


class Tally:
    """Counts failures one by one and keeps ``SAMPLES_PER_ERROR`` of each error, so its size stays bounded."""

    def __init__(self) -> None:
        self._by_error: dict[str, _Counted] = {}

    def add_child(self, *, status: str, error: str | None, cause: str | None, given: str, child: str) -> None:
        """Count a child that did not succeed; ``given`` is its input as JSON text."""
        payload = _parsed(given)
        self._add(
            error or NO_ERROR_NAME.get(status, status.lower()),
            children=1,
            items=len(batch) if (batch := _batch_of(payload)) is not None else 1,
            cause=cause,
            subject=payload if payload is not None else given,
            child=child,
        )

    def add_item(self, failed: Mapping[str, Any], *, child: str) -> None:
        """Count an item that the handler of a batch gave up on: ``{"key", "error", "cause"}``."""
        self._add(
            str(failed.get("error", "unnamed")),
            children=0,
            items=1,
            cause=None if failed.get("cause") is None else str(failed["cause"]),
            subject=failed.get("key", ""),
            child=child,
        )

    def groups(self) -> tuple[Group, ...]:
        """Return the groups, the one with most items first."""
        found = sorted(self._by_error.items(), key=lambda each: (-each[1].items, each[0]))
        return tuple(
            Group(
                error=masked(error),
                children=counted.children,
                items=counted.items,
                alone=counted.alone,
                samples=tuple(counted.samples),
            )
            for error, counted in found
        )

    def _add(self, error: str, *, children: int, items: int, cause: str | None, subject: Any, child: str) -> None:
        counted = self._by_error.setdefault(error[:EXCERPT_CHARS], _Counted())
        counted.children += children
        counted.items += items
        counted.alone += items if not children else 0
        if len(counted.samples) < SAMPLES_PER_ERROR:
            counted.samples.append(Sample(cause=cause_text(cause), subject=subject_text(subject), child=masked(child)))


def failed_items(output: Any, depth: int = OUTPUT_DEPTH) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of every ``failed`` list, as batch handlers answer it, in a child's output."""
    if isinstance(output, Mapping):
        reported = output.get("failed")
        if isinstance(reported, list):
            yield from (each for each in reported if isinstance(each, Mapping) and "key" in each)
        if depth:
            for name, value in output.items():
                if name != "failed":
                    yield from failed_items(value, depth - 1)
    elif isinstance(output, list) and depth:
        for value in output:
            yield from failed_items(value, depth - 1)


def cause_text(cause: str | None) -> str:
    """Say a cause in short; of a function's error, which is JSON text, its type and message."""
    if not cause:
        return "no cause given"
    parsed = _parsed(cause)
    if isinstance(parsed, Mapping) and "errorMessage" in parsed:
        return excerpt(f"{parsed.get('errorType', 'Error')}: {parsed['errorMessage']}")
    return excerpt(cause)


def subject_text(given: Any) -> str:
    """Name what was processed: the key of an object, the first keys of a batch, else the start of the input."""
    batch = _batch_of(given)
    if batch is not None:
        keys = [_key_of(item) or _dumped(item) for item in batch[:KEYS_SHOWN]]
        more = ", …" if len(batch) > KEYS_SHOWN else ""
        return excerpt(f"{len(batch):,} item{'' if len(batch) == 1 else 's'}: {', '.join(keys)}{more}")
    return excerpt(given if isinstance(given, str) else _key_of(given) or _dumped(given))


def _batch_of(payload: Any) -> list[Any] | None:
    items = payload.get("Items") if isinstance(payload, Mapping) else None
    return items if isinstance(items, list) else None


def _key_of(item: Any) -> str | None:
    if isinstance(item, Mapping):
        for name in ("Key", "key"):
            if isinstance(item.get(name), str):
                return str(item[name])
    return None


def _dumped(value: Any) -> str:
    return orjson.dumps(value).decode()


def _parsed(text: str) -> Any:
    """Return the JSON value of the text, None when it is not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
