"""What is known of every use case without deploying it: names, sizes, data set, and the knobs of a run.

A use case is one entry here and one module with ``build(settings, platform) -> outputs``. Its knobs travel in
the execution input; their defaults are the stack's config keys ``<use case>_<knob>``. Nothing here knows of
Pulumi.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

Number: TypeAlias = int | float
Outputs: TypeAlias = Mapping[str, str]

MAX_CHILD_EXECUTIONS = 10_000  # "Quotas related to Map Runs": parallel child executions of a Map Run
MAX_ITEMS = 100_000_000  # "ItemReader (Map)": MaxItems


class ParameterError(ValueError):
    """A knob that does not exist, or a value that it does not take; the message names the remedy."""


class Trigger(StrEnum):
    """What may start a use case besides a person."""

    SCHEDULE = "schedule"
    OBJECT_CREATED = "on_object_created"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One knob of a run: a number within bounds (``maximum`` None: no upper bound)."""

    name: str
    type: type[int | float]
    minimum: Number
    maximum: Number | None
    help: str

    def parse(self, text: str) -> Number:
        """The value that ``text`` writes, or ParameterError."""
        try:
            value = self.type(text)
        except ValueError as error:
            kind = "a whole number" if self.type is int else "a number"
            raise ParameterError(f"{self.name} must be {kind}, got {text!r}") from error
        return self.checked(int(value) if isinstance(value, float) and value.is_integer() else value)

    def checked(self, value: Number) -> Number:
        """``value`` itself, or ParameterError if it is out of bounds."""
        if not (self.minimum <= value and (self.maximum is None or value <= self.maximum)):
            upper = "or more" if self.maximum is None else f"to {self.maximum:,}"
            raise ParameterError(f"{self.name} must be {self.minimum:,} {upper}, got {value:,}")
        return value


@dataclass(frozen=True, kw_only=True)
class UseCase:
    """The facts of one use case; ``make_input`` gives the part of the execution input that is no knob."""

    name: str
    title: str
    summary: str
    dataset: str
    module: str
    counts: Mapping[str, int]
    parameters: tuple[Parameter, ...]
    triggers: tuple[Trigger, ...]
    make_input: Callable[[Outputs], dict[str, Any]]

    def parameter(self, name: str) -> Parameter:
        """The knob called ``name``, or ParameterError that lists the knobs."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters)
        raise ParameterError(f"{self.name} has no parameter {name!r}; it has {known}")

    def parse_parameters(self, assignments: tuple[str, ...] | list[str]) -> dict[str, Number]:
        """The knobs that ``name=value`` texts set, or ParameterError for the first that is wrong."""
        values = {}
        for assignment in assignments:
            name, separator, text = assignment.partition("=")
            if not separator:
                raise ParameterError(f"write name=value, got {assignment!r}")
            values[name] = self.parameter(name).parse(text)
        return values

    def execution_input(self, outputs: Outputs, parameters: Mapping[str, Number]) -> dict[str, Any]:
        """The input of a run on the stack with these ``outputs``; absent knobs keep the stack's default."""
        checked = {name: self.parameter(name).checked(value) for name, value in parameters.items()}
        return {**self.make_input(outputs), **checked}


MAX_CONCURRENCY = Parameter(
    name="max_concurrency",
    type=int,
    minimum=0,
    maximum=MAX_CHILD_EXECUTIONS,
    help="child executions at once; 0 is the service's limit",
)
BATCH_SIZE = Parameter(name="batch_size", type=int, minimum=1, maximum=None, help="items in a batch")
TOLERATED_FAILURE_PERCENTAGE = Parameter(
    name="tolerated_failure_percentage",
    type=float,
    minimum=0,
    maximum=100,
    help="percentage of items that may fail before the run fails",
)
MAX_ITEMS_READ = Parameter(
    name="max_items",
    type=int,
    minimum=0,
    maximum=MAX_ITEMS,
    help="items after which reading stops; 0 reads all",
)

HELLO = UseCase(
    name="hello",
    title="Highly rated reviews",
    summary="Keeps the reviews rated 4 or 5 stars of one CSV object; no compute service at all.",
    dataset="reviews",
    module="usecases.hello",
    counts=MappingProxyType({"tiny": 20_000, "demo": 1_292_954, "full": 1_292_954}),
    parameters=(MAX_CONCURRENCY, BATCH_SIZE, TOLERATED_FAILURE_PERCENTAGE, MAX_ITEMS_READ),
    triggers=(Trigger.SCHEDULE, Trigger.OBJECT_CREATED),
    make_input=lambda outputs: {"key": outputs["data_key"], "output": outputs["results_prefix"]},
)

USE_CASES: Mapping[str, UseCase] = MappingProxyType({use_case.name: use_case for use_case in (HELLO,)})
