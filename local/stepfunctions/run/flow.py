"""How data flows through a state: what it works on, and what it passes on.

Source: Developer Guide, "Processing input and output", "Passing data between states with variables".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.stepfunctions.definition.nodes import Assign, Discard, Evaluate, State
from local.stepfunctions.payload import Payload, dumps
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.scope import MISSING, Json


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a state ended: its output, the state after it (None at the end) and the variables it assigned."""

    output: Payload
    next: str | None
    assigned: dict[str, Json] | None = None


def effective_input(state: State, payload: Payload, branch: Branch) -> Json:
    """The state's input after InputPath."""
    path = state.input_path
    if path is None:
        return payload.value
    return {} if path is Discard else _evaluate(path, branch, payload.value)


def arguments(state: State, value: Json, branch: Branch) -> Json:
    """Parameters or Arguments, or the effective input when there are none."""
    return value if state.parameters is None else state.parameters(branch.scope(value))


def finish_with_input(state: State, payload: Payload, value: Json, branch: Branch) -> Outcome:
    """The end of a state that has no result of its own (Wait, Succeed)."""
    if state.language == "JSONata":
        return _finish_jsonata(state, payload, MISSING, branch)
    assigned = _assign(state.assign, branch, value)
    return Outcome(_output_path(state, payload, value, branch), state.next, assigned)


def finish_with_result(state: State, payload: Payload, result: Payload, branch: Branch) -> Outcome:
    """The end of a state with a result: ResultSelector, ResultPath, OutputPath, or Output; and Assign."""
    if state.language == "JSONata":
        return _finish_jsonata(state, payload, result.value, branch, result)
    assigned = _assign(state.assign, branch, result.value)
    if state.result_selector is not None:
        result = Payload(state.result_selector(branch.scope(result.value)))
    combined = put_result(state.result_path, payload, result)
    if state.output_path is None:
        return Outcome(combined, state.next, assigned)
    return Outcome(_output_path(state, combined, combined.value, branch), state.next, assigned)


def put_result(path: Any, payload: Payload, result: Payload) -> Payload:
    """The state's input with the result where ResultPath says."""
    if path is None:
        return result
    if path is Discard:
        return payload
    return Payload(path.put(payload.value, result.value))


def _finish_jsonata(
    state: State, payload: Payload, result: Json, branch: Branch, default: Payload | None = None
) -> Outcome:
    scope = branch.scope(payload.value, result=result)
    assigned = None if state.assign is None else state.assign(scope)
    output = (default or payload) if state.output is None else Payload(state.output(scope))
    return Outcome(output, state.next, assigned)


def _output_path(state: State, payload: Payload, value: Json, branch: Branch) -> Payload:
    path = state.output_path
    if path is None:
        return payload if value is payload.value else Payload(value)
    return Payload({} if path is Discard else _evaluate(path, branch, value))


def _evaluate(path: Any, branch: Branch, value: Json) -> Json:
    return path(branch.scope(value))


def _assign(assign: Assign | None, branch: Branch, value: Json) -> dict[str, Json] | None:
    return None if assign is None else assign(branch.scope(value))


def evaluate_output(output: Evaluate | None, assign: Assign | None, branch: Branch, value: Json, **more: Any) -> Any:
    """Output and Assign of a choice rule or catcher: (output or MISSING, assigned variables or None)."""
    scope = branch.scope(value, **more)
    assigned = None if assign is None else assign(scope)
    return (MISSING if output is None else output(scope)), assigned


def assigned_texts(assigned: dict[str, Json]) -> dict[str, str]:
    """Variables as the history shows them: name to JSON text."""
    return {name: dumps(value).decode() for name, value in assigned.items()}
