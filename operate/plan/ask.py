"""What a quote is asked for on the command line, checked against what the use case takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from operate.errors import UsageError
from operate.plan.assumptions import AssumptionError, Assumptions
from operate.plan.memory import CurveError
from operate.plan.quote import Quote, quote
from operate.plan.workload import EXPRESS, STANDARD, Point, Reader
from operate.plan.workloads import UnknownWorkloadError, default_point, workload_of
from operate.runs import use_case_named
from usecases.parameters import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from operate.plan.workload import Workload
    from usecases.parameters import Value
    from usecases.registry import UseCase

FULL = "full"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options as they were written; None takes the default of the use case."""

    batch: str | None = None
    concurrency: str | None = None
    type: str | None = None
    memory: str | None = None
    source: str | None = None
    curve: str | None = None


def quote_for(name: str, *, items: int | None, asked: Asked, overrides: Sequence[str]) -> Quote:
    """Return the quote; UsageError names the value that is wrong, its limit and what is known."""
    use_case = use_case_named(name)
    if items is not None and items < 1:
        raise UsageError(f"--items must be 1 or more, got {items:,}")
    try:
        workload = _workload(use_case, asked)
        return quote(
            workload,
            _point(use_case, workload, asked),
            use_case.counts[FULL] if items is None else items,
            Assumptions().with_overrides(overrides),
            execution_types=_execution_types(use_case),
            measured=None if asked.curve is None else _curve(asked.curve),
        )
    except (ParameterError, AssumptionError, CurveError, UnknownWorkloadError) as error:
        raise UsageError(str(error)) from error


def _workload(use_case: UseCase, asked: Asked) -> Workload:
    workload = workload_of(use_case.name)
    if asked.source is None:
        return workload
    return replace(workload, reader=Reader(str(use_case.parameter("source").parse(asked.source))))


def _point(use_case: UseCase, workload: Workload, asked: Asked) -> Point:
    default = default_point(use_case.name)

    def knob(name: str, text: str | None, otherwise: Value) -> Value:
        return otherwise if text is None else use_case.parameter(name).parse(text)

    return Point(
        execution_type=str(knob("execution_type", asked.type, default.execution_type)),
        batch_size=int(knob("batch_size", asked.batch, default.batch_size)),
        max_concurrency=int(knob("max_concurrency", asked.concurrency, default.max_concurrency)),
        memory_mb=default.memory_mb if asked.memory is None else _memory(use_case, workload, asked.memory),
    )


def _memory(use_case: UseCase, workload: Workload, text: str) -> int:
    options = [option for option in use_case.options if option.name == "memory_mb"]
    if not options:
        raise UsageError(f"{workload.use_case} has no function whose memory could be set")
    return int(options[0].parse(text))


def _execution_types(use_case: UseCase) -> tuple[str, ...]:
    if any(parameter.name == "execution_type" for parameter in use_case.parameters):
        return STANDARD, EXPRESS
    return (default_point(use_case.name).execution_type,)


def _curve(text: str) -> Mapping[int, float]:
    """Read `512=8200,1024=4100`."""
    measured = {}
    for pair in text.split(","):
        memory, _, milliseconds = pair.partition("=")
        try:
            measured[int(memory)] = float(milliseconds)
        except ValueError as error:
            raise UsageError(f"--curve takes MB=milliseconds,..., got {pair!r}") from error
    return measured
