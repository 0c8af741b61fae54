"""Whether a workflow may come back to a state that it has left."""

from __future__ import annotations

from collections.abc import Mapping

from local.stepfunctions.definition.nodes import ChoiceState, State


def has_cycle(states: Mapping[str, State]) -> bool:
    """Whether Next and Default lead in a circle; Catch is not followed."""
    leads_to = {name: _following(state) & states.keys() for name, state in states.items()}
    reached_from: dict[str, list[str]] = {name: [] for name in states}
    for name, following in leads_to.items():
        for target in following:
            reached_from[target].append(name)
    ends = [name for name, following in leads_to.items() if not following]
    left = len(states)
    while ends:  # taking away what leads nowhere takes away everything that is not in or before a circle
        left -= 1
        ended = ends.pop()
        for name in reached_from[ended]:
            leads_to[name].discard(ended)
            if not leads_to[name]:
                ends.append(name)
    return left > 0


def _following(state: State) -> set[str]:
    found = {state.next}
    if isinstance(state, ChoiceState):
        found |= {state.default, *(rule.next for rule in state.rules)}
    return {name for name in found if name is not None}
