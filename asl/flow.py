"""Flows: the states of a machine, of a branch or of a map's processor, in the order in which they follow."""

from __future__ import annotations

from collections import Counter
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING

from asl.states import FlowingState, State, WorkingState
from asl.values import Asl, Path, QueryLanguage, Template, parameters_key, render, template_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asl.iam import Statement


@dataclass(frozen=True)
class Flow:
    """States that start with the first; each goes on with the one after it unless it says otherwise."""

    states: tuple[State, ...]

    def to_asl(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        return {
            "StartAt": self.states[0].name,
            "States": {state.name: state.to_asl(machine) for state in self.linked()},
        }

    def linked(self) -> tuple[State, ...]:
        """The states with their successor filled in."""
        successors = [*(state.name for state in self.states[1:]), None]
        return tuple(
            replace(state, next=successor)
            if isinstance(state, FlowingState) and state.next is None and not state.end and successor is not None
            else state
            for state, successor in zip(self.states, successors, strict=True)
        )

    def statements(self) -> list[Statement]:
        return [statement for state in self.states for statement in state.statements()]

    def walk(self) -> Iterator[State]:
        """Every state of the flow and, depth first, the states inside them."""
        for state in self.states:
            yield from state.walk()

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        """Every mistake: of each state, of where states lead, and of states that nothing leads to."""
        if not self.states:
            return ["a flow needs at least one state"]
        own = [f"state {state.name!r}: {text}" for state in self.states for text in state.problems(machine)]
        return own + self._link_problems()

    def _link_problems(self) -> list[str]:
        states = {state.name: state for state in self.linked()}
        problems = [
            f"state {state.name!r}: leads to {target!r}, which is not in the same flow"
            for state in states.values()
            for target in state.targets()
            if target not in states
        ]
        reached = _reachable(states, self.states[0].name)
        problems += [f"state {name!r}: nothing leads to it" for name in states if name not in reached]
        if not any(_is_terminal(states[name]) for name in reached):
            problems.append("no state ends the flow: it would run for ever")
        return problems


def _is_terminal(state: State) -> bool:
    return state.next is None if isinstance(state, FlowingState) else not state.targets()


def _reachable(states: dict[str, State], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in states and name not in reached:
            reached.add(name)
            waiting.extend(states[name].targets())
    return reached


def duplicate_names(states: Iterator[State]) -> list[str]:
    """The names that more than one state bears; a machine knows its states by name, nested ones included."""
    return sorted(name for name, count in Counter(state.name for state in states).items() if count > 1)


@dataclass(frozen=True)
class Parallel(WorkingState):
    """Runs every branch on the same input at once; its result is the array of their outputs."""

    TYPE = "Parallel"

    _: KW_ONLY
    branches: tuple[Flow, ...]
    arguments: Template | Path | None = None

    def _body(self, machine: QueryLanguage) -> Asl:
        body: Asl = {"Branches": [branch.to_asl(machine) for branch in self.branches]}
        if self.arguments is not None:
            language = self.language(machine)
            body[parameters_key(language)] = render(self.arguments, language)
        return body

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = super().problems(machine)
        if not self.branches:
            problems.append("a Parallel needs at least one branch")
        return problems + template_problems(self.arguments, self.language(machine), "arguments")

    def flows(self) -> tuple[Flow, ...]:
        return self.branches
