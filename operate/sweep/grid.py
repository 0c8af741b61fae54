"""The points of a sweep: a grid, or points that are given one by one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from usecases.registry import UseCase

BATCHES = (1, 10, 100, 500)
CONCURRENCIES = (10, 100, 1_000)
FIELDS = {
    "batch": "batch_size",
    "concurrency": "max_concurrency",
    "type": "execution_type",
}
NEEDED = ("max_items", "batch_size", "max_concurrency")
EXECUTION_TYPE = "execution_type"


@dataclass(frozen=True, kw_only=True, order=True)
class Setting:
    """What a trial sets. ``max_concurrency`` 0 is the service's limit."""

    execution_type: str
    batch_size: int
    max_concurrency: int

    def __str__(self) -> str:
        """Say it as a person would."""
        at_once = self.max_concurrency or "no limit"
        return f"batch {self.batch_size:,}, concurrency {at_once}, {self.execution_type}"

    def knobs(self, use_case: UseCase) -> dict[str, str | int]:
        """The knobs of a run; a use case of one execution type has none for it."""
        values: dict[str, str | int] = {"batch_size": self.batch_size, "max_concurrency": self.max_concurrency}
        return {**values, EXECUTION_TYPE: self.execution_type} if has_knob(use_case, EXECUTION_TYPE) else values


@dataclass(frozen=True, kw_only=True, order=True)
class Wanted:
    """A point as it was asked for; ``memory_mb`` None is the memory that the function has."""

    setting: Setting
    memory_mb: int | None


@dataclass(frozen=True, kw_only=True)
class Axes:
    """The grid as it was written; an empty list takes the default of its axis."""

    batch: Sequence[str]
    concurrency: Sequence[str]
    type: Sequence[str]
    memory: Sequence[str]

    @property
    def given(self) -> bool:
        """Whether any axis was."""
        return any((self.batch, self.concurrency, self.type, self.memory))


def has_knob(use_case: UseCase, name: str) -> bool:
    """Whether runs of the use case may set this knob."""
    return any(parameter.name == name for parameter in use_case.parameters)


def split(text: str | None) -> tuple[str, ...]:
    """Take `1, 10,100` apart; None is no value at all."""
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


def check_sweepable(use_case: UseCase) -> None:
    """UsageError for a use case whose runs cannot be limited and shaped as trials are."""
    missing = [name for name in NEEDED if not has_knob(use_case, name)]
    if missing:
        raise UsageError(f"{use_case.name} cannot be swept: its runs have no parameter {', '.join(missing)}")


def grid(use_case: UseCase, axes: Axes, *, own_types: Sequence[str]) -> tuple[Wanted, ...]:
    """Every combination of the axes, each once; UsageError for the first value that does not exist.

    ``own_types`` are the execution types that the deployed machine has, and the default of that axis.
    """
    types = [_execution_type(use_case, text, own_types) for text in axes.type] or list(own_types)
    batches = [_number(use_case, "batch", text) for text in axes.batch] or list(BATCHES)
    concurrencies = [_number(use_case, "concurrency", text) for text in axes.concurrency] or list(CONCURRENCIES)
    memories: Sequence[int | None] = [_memory(text) for text in axes.memory] or [None]
    return _each_once(
        Wanted(setting=Setting(execution_type=type_, batch_size=batch, max_concurrency=concurrency), memory_mb=memory)
        for type_, batch, concurrency, memory in itertools.product(types, batches, concurrencies, memories)
    )


def points(use_case: UseCase, lines: Iterable[str], *, own_types: Sequence[str]) -> tuple[Wanted, ...]:
    """The points that `batch=100,concurrency=50,type=EXPRESS,memory=1024` lines write, each once."""
    return _each_once(_point(use_case, line, own_types) for line in lines if line.strip())


def _point(use_case: UseCase, line: str, own_types: Sequence[str]) -> Wanted:
    given: dict[str, str] = {}
    for part in split(line):
        name, separator, value = part.partition("=")
        if not separator or name not in {*FIELDS, "memory"}:
            raise UsageError(
                f"a point is written batch=100,concurrency=50 with type= and memory= if they differ: got {part!r}"
            )
        if name in given:
            raise UsageError(f"the point {line.strip()!r} gives {name} twice")
        given[name] = value
    for name in ("batch", "concurrency"):
        if name not in given:
            raise UsageError(f"the point {line.strip()!r} gives no {name}: write batch=100,concurrency=50")
    if "type" not in given and len(own_types) > 1:
        raise UsageError(f"the point {line.strip()!r} gives no type: add type={' or type='.join(own_types)}")
    return Wanted(
        setting=Setting(
            execution_type=_execution_type(use_case, given["type"], own_types) if "type" in given else own_types[0],
            batch_size=_number(use_case, "batch", given["batch"]),
            max_concurrency=_number(use_case, "concurrency", given["concurrency"]),
        ),
        memory_mb=_memory(given["memory"]) if "memory" in given else None,
    )


def _number(use_case: UseCase, name: str, text: str) -> int:
    return int(_parsed(use_case, name, text))


def _execution_type(use_case: UseCase, text: str, own_types: Sequence[str]) -> str:
    if not has_knob(use_case, EXECUTION_TYPE):
        raise UsageError(
            f"{use_case.name} has no parameter {EXECUTION_TYPE}, its children are {' and '.join(own_types)}:"
            " leave --type and type= out"
        )
    return _parsed(use_case, "type", text)


def _parsed(use_case: UseCase, name: str, text: str) -> str:
    from usecases.parameters import ParameterError

    try:
        return str(use_case.parameter(FIELDS[name]).parse(text))
    except ParameterError as error:
        raise UsageError(f"{name} {text!r}: {error}") from error


def _memory(text: str) -> int:
    from usecases.parameters import MEMORY_MB, ParameterError

    try:
        return int(MEMORY_MB.parse(text))
    except ParameterError as error:
        raise UsageError(f"memory {text!r}: {error}") from error


def _each_once(wanted: Iterable[Wanted]) -> tuple[Wanted, ...]:
    found = tuple(dict.fromkeys(wanted))
    if not found:
        raise UsageError("no point is given: write --point batch=100,concurrency=50, or fill the file of --points")
    return found
