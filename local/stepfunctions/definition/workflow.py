"""A workflow: states that lead from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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

    def within(self, *, execution_type: str, language: QueryLanguage) -> Context:
        """The context of a nested workflow: state names stay unique in the whole definition."""
        return Context(
            language=language,
            execution_type=execution_type,
            parse_state=self.parse_state,
            maps=self.maps,
            names=self.names,
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
        states_fields.problem("At least one state is required")
    for name in names:
        if len(name) > MAX_STATE_NAME:
            states_fields.problem(
                f"The state name has {len(name)} characters; the limit is {MAX_STATE_NAME}",
                name[:MAX_STATE_NAME],
            )
        if name in context.names:
            states_fields.problem("State names must be unique within the definition", name, "DUPLICATE_STATE_NAME")
        context.names.add(name)
        state_fields = states_fields.state(name)
        if state_fields is None:
            continue
        state = context.parse_state(name, state_fields, context)
        if state is not None:
            found[name] = state
    if start_at is not None and start_at not in names:
        fields.problem(f"Missing 'StartAt' target: {start_at}", "StartAt", "MISSING_TRANSITION_TARGET")
    if len(fields.problems) > before or start_at is None:
        return None
    _check_transitions(states_fields, start_at, found)
    return Workflow(start_at=start_at, states=found, immediate=all(_immediate(state) for state in found.values()))


def targets(state: State) -> list[tuple[str, str]]:
    """Where a state may go next: (field within the state, name of the target)."""
    found: list[tuple[str, str]] = []
    if state.next is not None:
        found.append(("Next", state.next))
    if isinstance(state, ChoiceState):
        found += [(f"Choices[{index}]/Next", rule.next) for index, rule in enumerate(state.rules)]
        if state.default is not None:
            found.append(("Default", state.default))
    found += [(f"Catch[{index}]/Next", catcher.next) for index, catcher in enumerate(state.catchers)]
    return found


def _check_transitions(fields: Fields, start_at: str, states: dict[str, State]) -> None:
    reached: set[str] = set()
    waiting = [start_at]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in states:
            continue
        reached.add(name)
        waiting += [target for _field, target in targets(states[name])]
    for name, state in states.items():
        for place, target in targets(state):
            if target not in states:
                fields.problem(
                    f"Missing '{place.rsplit('/', 1)[-1]}' target: {target}",
                    f"{name}/{place}",
                    "MISSING_TRANSITION_TARGET",
                )
        if name not in reached:
            fields.problem(f'State "{name}" is not reachable.', name, "MISSING_TRANSITION_TARGET")


def _immediate(state: State) -> bool:
    return isinstance(state, PassState | ChoiceState | SucceedState | FailState)
