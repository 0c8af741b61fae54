"""A workflow: states that lead from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local.stepfunctions.definition.cycles import has_cycle
from local.stepfunctions.definition.fields import Fields
from local.stepfunctions.definition.nodes import (
    ChoiceState,
    DistributedMapState,
    FailState,
    PassState,
    State,
    SucceedState,
    Workflow,
)
from local.stepfunctions.definition.problem import Problem
from local.stepfunctions.definition.transitions import transition_problems
from local.stepfunctions.language import QueryLanguage
from local.stepfunctions.limits import MAX_STATE_NAME


@dataclass(kw_only=True, slots=True)
class Context:
    """What the parser knows while it goes down the tree."""

    language: QueryLanguage
    execution_type: str
    parse_state: Callable[[str, Fields, Context], State | None]
    maps: list[DistributedMapState] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    transition_problems: list[Problem] = field(default_factory=list)
    """Reported after the mistakes within states, as AWS does."""

    def within(self, *, execution_type: str, language: QueryLanguage) -> Context:
        """The context of a nested workflow: state names stay unique in the whole definition."""
        return Context(
            language=language,
            execution_type=execution_type,
            parse_state=self.parse_state,
            maps=self.maps,
            names=self.names,
            transition_problems=self.transition_problems,
        )


def parse_workflow(fields: Fields, context: Context) -> Workflow | None:
    """StartAt and States of a machine, branch or item processor; None when something is wrong with them."""
    start_at = fields.take("StartAt", str, required=True)
    states_fields = fields.child("States", required=True)
    if states_fields is None:
        return None
    found: dict[str, State] = {}
    before = len(fields.problems)
    names = states_fields.names()
    if not names:
        states_fields.problem("Value cannot be empty")
    for name in names:
        if len(name) > MAX_STATE_NAME:
            message = f"The state name '{name}' exceeds the {MAX_STATE_NAME}-character limit allowed by the service"
            states_fields.problem(message, name, "INVALID_STATE_NAME")
        if name in context.names:
            states_fields.problem(f"Duplicate State name: {name}", name, "DUPLICATE_STATE_NAME")
        context.names.add(name)
        state_fields = states_fields.state(name)
        if state_fields is None:
            continue
        state = context.parse_state(name, state_fields, context)
        if state is not None:
            found[name] = state
    if start_at is None:
        return None
    states = {name: states_fields.raw(name) for name in names}
    context.transition_problems += transition_problems(start_at, states, fields.pointer)
    if len(fields.problems) > before:
        return None
    immediate = all(_immediate(state) for state in found.values()) and not has_cycle(found)
    return Workflow(start_at=start_at, states=found, immediate=immediate)


def _immediate(state: State) -> bool:
    return isinstance(state, PassState | ChoiceState | SucceedState | FailState)
