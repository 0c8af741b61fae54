"""Map states: a processor run once per item or batch, inline or as child executions of a Map Run."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from asl.flow import Flow
from asl.limits import MAX_CHILD_EXECUTIONS, MAX_INLINE_CONCURRENCY, MAX_LABEL_CHARACTERS
from asl.states import State, WorkingState
from asl.values import (
    Asl,
    IntField,
    Jsonata,
    NumberField,
    Path,
    QueryLanguage,
    field,
    language_problems,
    range_problems,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asl.batcher import ItemBatcher, ItemSelector
    from asl.iam import Statement
    from asl.readers import Reader
    from asl.writer import ResultWriter

# "Fields of the Distributed Map state": Label
_NOT_IN_LABELS = re.compile(r"[\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]")


class ExecutionType(StrEnum):
    """How child executions run: exactly once for up to a year, or at least once for up to five minutes."""

    STANDARD = "STANDARD"
    EXPRESS = "EXPRESS"


@dataclass(frozen=True)
class MapState(WorkingState):
    """What both kinds of map have: a processor, the shape of an item, and how many run at once."""

    TYPE = "Map"

    _: KW_ONLY
    states: tuple[State, ...]
    items: Path | Jsonata | None = None
    item_selector: ItemSelector | None = None
    max_concurrency: IntField | None = None

    def flows(self) -> tuple[Flow, ...]:
        return (Flow(self.states),)

    def _map_body(self, machine: QueryLanguage, processor: Mapping[str, str]) -> Asl:
        body: Asl = {"ItemProcessor": {"ProcessorConfig": dict(processor), **Flow(self.states).to_asl(machine)}}
        if isinstance(self.items, Path):
            body["ItemsPath"] = self.items.text
        elif self.items is not None:
            body["Items"] = self.items.to_asl()
        if self.item_selector is not None:
            body["ItemSelector"] = self.item_selector.to_asl(self.language(machine))
        return body | field("MaxConcurrency", self.max_concurrency)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        language = self.language(machine)
        problems = super().problems(machine) + language_problems(self.items, language, "items")
        if self.item_selector is not None:
            problems += self.item_selector.problems(language)
        return problems


@dataclass(frozen=True)
class InlineMap(MapState):
    """Runs the processor for each element of an array inside this execution, at most 40 at once."""

    def _body(self, machine: QueryLanguage) -> Asl:
        return self._map_body(machine, {"Mode": "INLINE"})

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        bounds = range_problems(
            self.max_concurrency, "max_concurrency", 0, MAX_INLINE_CONCURRENCY, self.language(machine)
        )
        return super().problems(machine) + bounds


@dataclass(frozen=True)
class DistributedMap(MapState):
    """A Map Run: a child execution per item or batch, up to 10,000 at once.

    ``label`` is required: it is part of the ARNs that the machine's role is granted.
    """

    STANDARD_ONLY = "a distributed map runs in STANDARD workflows only"

    _: KW_ONLY
    label: str
    execution_type: ExecutionType
    reader: Reader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None
    tolerated_failure_percentage: NumberField | None = None
    tolerated_failure_count: IntField | None = None

    def _body(self, machine: QueryLanguage) -> Asl:
        language = self.language(machine)
        body = self._map_body(machine, {"Mode": "DISTRIBUTED", "ExecutionType": self.execution_type.value})
        body["Label"] = self.label
        if self.reader is not None:
            body["ItemReader"] = self.reader.to_asl(language)
        if self.batcher is not None:
            body["ItemBatcher"] = self.batcher.to_asl(language)
        if self.writer is not None:
            body["ResultWriter"] = self.writer.to_asl(language)
        return (
            body
            | field("ToleratedFailurePercentage", self.tolerated_failure_percentage)
            | field("ToleratedFailureCount", self.tolerated_failure_count)
        )

    def statements(self) -> list[Statement]:
        statements = super().statements()
        if self.reader is not None:
            statements += self.reader.statements()
        if self.writer is not None:
            statements += self.writer.statements()
        return statements

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        language = self.language(machine)
        problems = super().problems(machine) + label_problems(self.label)
        problems += range_problems(self.max_concurrency, "max_concurrency", 0, MAX_CHILD_EXECUTIONS, language)
        problems += range_problems(self.tolerated_failure_percentage, "tolerated_failure_percentage", 0, 100, language)
        problems += range_problems(self.tolerated_failure_count, "tolerated_failure_count", 0, None, language)
        if self.reader is not None and self.items is not None:
            problems.append("items is ignored when there is a reader; leave one of them out")
        for part, name in ((self.reader, "reader"), (self.batcher, "batcher"), (self.writer, "writer")):
            if part is not None:
                problems += [f"{name}: {text}" for text in part.problems(language)]
        return problems + self._express_problems()

    def _express_problems(self) -> list[str]:
        if self.execution_type is ExecutionType.STANDARD:
            return []
        return [
            f"EXPRESS children cannot run state {state.name!r}: {state.standard_only()}"
            for state in Flow(self.states).walk()
            if state.standard_only() is not None
        ]


def label_problems(label: str) -> list[str]:
    """What keeps ``label`` from being the label of a distributed map."""
    problems = []
    if not 0 < len(label) <= MAX_LABEL_CHARACTERS:
        problems.append(f"label has 1 to {MAX_LABEL_CHARACTERS} characters, got {len(label)} in {label!r}")
    found = sorted(set(_NOT_IN_LABELS.findall(label)))
    if found:
        problems.append(f"label {label!r} has {' '.join(map(repr, found))}, which labels may not")
    return problems
