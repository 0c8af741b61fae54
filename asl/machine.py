"""A whole state machine: its definition, the permissions of its role, and every mistake in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asl.flow import Flow, duplicate_names
from asl.iam import Statement
from asl.limits import MAX_DEFINITION_BYTES, MAX_SECONDS
from asl.maps import DistributedMap
from asl.values import Asl, Intrinsic, Path, QueryLanguage, range_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asl.states import State


class DefinitionError(ValueError):
    """A state machine that AWS would refuse, or that could not work; the message lists every mistake."""


@dataclass(frozen=True, kw_only=True)
class StateMachine:
    """A STANDARD state machine that starts with the first of ``states``."""

    states: tuple[State, ...]
    comment: str | None = None
    timeout_seconds: int | None = None
    query_language: QueryLanguage = QueryLanguage.JSONPATH

    def to_asl(self) -> Asl:
        machine: Asl = {}
        if self.comment is not None:
            machine["Comment"] = self.comment
        if self.query_language is not QueryLanguage.JSONPATH:
            machine["QueryLanguage"] = self.query_language.value
        if self.timeout_seconds is not None:
            machine["TimeoutSeconds"] = self.timeout_seconds
        return machine | Flow(self.states).to_asl(self.query_language)

    def definition(self) -> str:
        """The definition as the API takes it, or DefinitionError with every mistake."""
        problems = self.problems()
        if problems:
            raise DefinitionError("the state machine has mistakes:\n" + "\n".join(f"- {text}" for text in problems))
        return _text(self.to_asl())

    def statements(self) -> list[Statement]:
        """What the role needs for the readers, writers and tasks."""
        return Flow(self.states).statements()

    def self_statements(self, machine_arn: str) -> list[Statement]:
        """What the role needs on the machine itself so that its Map Runs can start and redrive children.

        A child belongs to ``<machine>/<label>``, but is started through the ARN of the machine; AWS documents
        the plain form for describing and stopping children and matches the labelled one, so both are granted.
        """
        labels = self.labels()
        if not labels:
            return []
        executions = machine_arn.replace(":stateMachine:", ":execution:")
        children = tuple(f"{executions}/{label}:*" for label in labels)
        return [
            Statement(actions=("states:StartExecution",), resources=(machine_arn,)),
            Statement(
                actions=("states:DescribeExecution", "states:StopExecution"),
                resources=(f"{executions}:*", *children),
            ),
            Statement(actions=("states:RedriveExecution",), resources=children),
        ]

    def labels(self) -> tuple[str, ...]:
        """The labels of the distributed maps, in the order in which they are defined."""
        return tuple(state.label for state in Flow(self.states).walk() if isinstance(state, DistributedMap))

    def problems(self) -> list[str]:
        problems = Flow(self.states).problems(self.query_language)
        problems += range_problems(self.timeout_seconds, "timeout_seconds", 1, MAX_SECONDS, self.query_language)
        problems += [f"{name!r} names more than one state" for name in duplicate_names(Flow(self.states).walk())]
        labels = self.labels()
        problems += [
            f"{label!r} labels more than one map" for label in sorted({x for x in labels if labels.count(x) > 1})
        ]
        if not problems and len(_text(self.to_asl()).encode()) > MAX_DEFINITION_BYTES:
            problems.append(f"the definition is over {MAX_DEFINITION_BYTES:,} bytes")
        return problems


def merged_with_input(defaults: Mapping[str, Any]) -> Intrinsic:
    """The state's input over ``defaults``: a key that the input lacks gets its default."""
    text = _text(defaults).replace("\\", "\\\\").replace("'", "\\'")
    return Intrinsic(f"States.JsonMerge(States.StringToJson('{text}'), {Path('$').text}, false)")


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
