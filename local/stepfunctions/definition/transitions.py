"""Where the states of a workflow lead to: whether every target exists, and every state can be reached.

It looks at the definition's text, not at the checked tree: AWS reports these mistakes beside those of the states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.stepfunctions.definition.problem import Problem

_CODE: Final = "MISSING_TRANSITION_TARGET"
_TERMINAL: Final = ("Succeed", "Fail")


def transition_problems(start_at: str, states: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    """What is wrong with the transitions of a workflow whose JSON pointer is given ("" for the machine itself)."""
    known = {name: state for name, state in states.items() if isinstance(state, dict)}
    if start_at not in states:
        yield Problem(code=_CODE, message=f"Missing 'Next' target: {start_at}", pointer=f"{pointer}/StartAt")
    for name, state in known.items():
        for place, target in _targets(state):
            if target not in states:
                yield Problem(
                    code=_CODE, message=f"Missing 'Next' target: {target}", pointer=f"{pointer}/States/{name}/{place}"
                )
    if known and not any(_ends(state) for state in known.values()):
        yield Problem(code="MISSING_END_STATE", message="Workflow has no terminal state", pointer=None)
        return
    reached = _reached(start_at, known)
    for name in known:
        if name not in reached:
            yield Problem(code=_CODE, message=f'State "{name}" is not reachable.', pointer=f"{pointer}/States/{name}")


def _ends(state: Mapping[str, Any]) -> bool:
    return state.get("Type") in _TERMINAL or state.get("End") is True


def _reached(start_at: str, states: Mapping[str, Any]) -> set[str]:
    reached: set[str] = set()
    waiting = [start_at]
    while waiting:
        name = waiting.pop()
        if name in states and name not in reached:
            reached.add(name)
            waiting += [target for _place, target in _targets(states[name])]
    return reached


def _targets(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field within the state, name of the target)."""
    for field in ("Next", "Default"):
        if isinstance(state.get(field), str):
            yield field, state[field]
    for field in ("Choices", "Catch"):
        entries = state.get(field)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and isinstance(entry.get("Next"), str):
                yield f"{field}[{index}]/Next", entry["Next"]
