"""What is known of every use case without deploying it: names, sizes, data set, knobs and options.

A use case is one entry here and one module with ``build(settings, platform) -> outputs``. Its knobs travel in
the execution input, its options are fixed when it is deployed; the stack's config keys ``<use case>_<name>``
hold the knobs' defaults and the options. Nothing here knows of Pulumi.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

from usecases.parameters import (
    BATCH_BYTES,
    BATCH_SIZE,
    CLAIM_CURRENCY,
    CLAIM_EVIDENCE,
    CLAIM_EVIDENCE_WORDS,
    CLAIM_LIMIT,
    EXECUTION_TYPE,
    IDENTIFIERS,
    MAX_CONCURRENCY,
    MAX_ITEMS_READ,
    MEMORY_MB,
    MODE,
    RESERVED_CONCURRENCY,
    RULES_VERSION,
    SOURCE,
    TOLERATED_FAILURE_PERCENTAGE,
    WRITE_RESULTS,
    ParameterError,
    Settable,
    Value,
)

Outputs: TypeAlias = Mapping[str, str]


class Trigger(StrEnum):
    """What may start a use case besides a person."""

    SCHEDULE = "schedule"
    OBJECT_CREATED = "on_object_created"


@dataclass(frozen=True, kw_only=True)
class UseCase:
    """The facts of one use case.

    ``make_input`` gives the part of the execution input that is no knob, ``data_parameters`` those of the data set
    that are not as its author has them.
    """

    name: str
    title: str
    summary: str
    dataset: str
    module: str
    counts: Mapping[str, int]
    parameters: tuple[Settable, ...]
    triggers: tuple[Trigger, ...]
    make_input: Callable[[Outputs], dict[str, Any]]
    options: tuple[Settable, ...] = ()
    data_parameters: Mapping[str, float | str] = field(default_factory=dict)

    def parameter(self, name: str) -> Settable:
        """The knob called ``name``, or ParameterError that lists the knobs."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(parameter.name for parameter in self.parameters)
        raise ParameterError(f"{self.name} has no parameter {name!r}; it has {known}")

    def parse_parameters(self, assignments: tuple[str, ...] | list[str]) -> dict[str, Value]:
        """The knobs that ``name=value`` texts set, or ParameterError for the first that is wrong."""
        values = {}
        for assignment in assignments:
            name, separator, text = assignment.partition("=")
            if not separator:
                raise ParameterError(f"write name=value, got {assignment!r}")
            values[name] = self.parameter(name).parse(text)
        return values

    def execution_input(self, outputs: Outputs, parameters: Mapping[str, Value]) -> dict[str, Any]:
        """The input of a run on the stack with these ``outputs``; absent knobs keep the stack's default."""
        checked = {name: self.parameter(name).checked(value) for name, value in parameters.items()}
        return {**self.make_input(outputs), **checked}


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

NOAA = UseCase(
    name="noaa",
    title="Highest precipitation of each station",
    summary="Reads the weather station files under a prefix, one function call a batch, into a DynamoDB table.",
    dataset="stations",
    module="usecases.noaa",
    counts=MappingProxyType({"tiny": 20, "demo": 120, "full": 1_000}),
    parameters=(
        MAX_CONCURRENCY,
        BATCH_SIZE,
        BATCH_BYTES,
        TOLERATED_FAILURE_PERCENTAGE,
        MAX_ITEMS_READ,
        EXECUTION_TYPE,
        SOURCE,
    ),
    options=(WRITE_RESULTS, MEMORY_MB, RESERVED_CONCURRENCY),
    triggers=(Trigger.SCHEDULE,),
    make_input=lambda outputs: {"prefix": outputs["data_prefix"], "output": outputs["results_prefix"]},
)

CLAIMS = UseCase(
    name="claims",
    title="Decisions on healthcare claims",
    summary="Loads the claims of files under a prefix into a DynamoDB table and decides on each by rule.",
    dataset="claims",
    module="usecases.claims",
    counts=MappingProxyType({"tiny": 10, "demo": 100, "full": 1_026}),
    parameters=(MAX_CONCURRENCY, BATCH_SIZE, TOLERATED_FAILURE_PERCENTAGE, MAX_ITEMS_READ, EXECUTION_TYPE),
    options=(CLAIM_LIMIT, CLAIM_CURRENCY, CLAIM_EVIDENCE, CLAIM_EVIDENCE_WORDS, RULES_VERSION, MEMORY_MB),
    triggers=(Trigger.SCHEDULE,),
    make_input=lambda outputs: {"prefix": outputs["data_prefix"], "output": outputs["results_prefix"]},
)

SSN_SCAN = UseCase(
    name="ssn_scan",
    title="Objects that hold social security numbers",
    summary="Scans text objects as they arrive, one by one or in batches; findings go to a queue and a table.",
    dataset="texts",
    module="usecases.ssn_scan",
    counts=MappingProxyType({"tiny": 20, "demo": 500, "full": 200_000}),
    parameters=(MODE, MAX_CONCURRENCY, BATCH_BYTES, TOLERATED_FAILURE_PERCENTAGE, MAX_ITEMS_READ),
    options=(IDENTIFIERS, MEMORY_MB),
    data_parameters=MappingProxyType({"adversarial": 0.03}),  # texts that mislead scanners, each kind in the demo
    triggers=(Trigger.SCHEDULE, Trigger.OBJECT_CREATED),
    make_input=lambda outputs: {"prefix": outputs["data_prefix"], "output": outputs["results_prefix"]},
)

USE_CASES: Mapping[str, UseCase] = MappingProxyType({each.name: each for each in (HELLO, NOAA, CLAIMS, SSN_SCAN)})
