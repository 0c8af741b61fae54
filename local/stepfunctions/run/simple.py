"""Pass, Succeed, Fail, Choice and Wait."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime

from local.stepfunctions.definition.nodes import ChoiceState, FailState, Field, PassState, SucceedState, WaitState
from local.stepfunctions.errors import RuntimeFailure, StatesError
from local.stepfunctions.language.jsonata_errors import unexpected_type
from local.stepfunctions.language.jsonpath import PathNotFound
from local.stepfunctions.payload import Payload, dumps
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.run.flow import Outcome
from local.stepfunctions.scope import MISSING, Json

# ISO-8601 extended date and time with an offset; AWS refuses a local time.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<fraction>\.\d+)?(?:Z|[+-]\d\d:\d\d)")


async def run_pass(state: PassState, payload: Payload, branch: Branch) -> Outcome:
    """Pass the input on, or the Result."""
    if state.language == "JSONata":
        return flow.finish_with_input(state, payload, payload.value, branch)
    value = flow.effective_input(state, payload, branch)
    if state.parameters is not None:
        value = state.parameters(branch.scope(value))
    if state.has_result:
        value = state.result
    return flow.finish_with_result(state, payload, payload if value is payload.value else Payload(value), branch)


async def run_succeed(state: SucceedState, payload: Payload, branch: Branch) -> Outcome:
    """End the workflow well."""
    return flow.finish_with_input(state, payload, flow.effective_input(state, payload, branch), branch)


async def run_fail(state: FailState, payload: Payload, branch: Branch) -> Outcome:
    """End the workflow with the state's error."""
    scope = branch.scope(payload.value)
    texts: list[str | None] = []
    for field in (state.error, state.cause):
        value = None if field is None else field.evaluate(scope)
        if value is not None and not isinstance(value, str):
            raise RuntimeFailure(
                f"The {field.name if field else ''} parameter must be a string, but was {_text(value)}"
            )
        texts.append(value)
    raise StatesError(texts[0] or "", texts[1])


async def run_choice(state: ChoiceState, payload: Payload, branch: Branch) -> Outcome:
    """Go on at the first rule that matches."""
    value = flow.effective_input(state, payload, branch)
    scope = branch.scope(value)
    for rule in state.rules:
        if rule.condition(scope):
            output, assigned = flow.evaluate_output(rule.output, rule.assign, branch, value)
            break
    else:
        if state.default is None:
            raise RuntimeFailure("Failed to transition out of the state. The state does not point to a next state.")
        rule = None
        output, assigned = flow.evaluate_output(state.output, state.assign, branch, value)
    if output is not MISSING:
        return Outcome(Payload(output), rule.next if rule else state.default, assigned)
    done = flow.finish_with_input(state, payload, value, branch)
    return Outcome(done.output, rule.next if rule else state.default, assigned)


async def run_wait(state: WaitState, payload: Payload, branch: Branch) -> Outcome:
    """Wait until the time has come."""
    value = flow.effective_input(state, payload, branch)
    if state.seconds is not None:
        delay = _seconds(state, _field(state.seconds, value, branch))
    else:
        assert state.timestamp is not None  # noqa: S101 - the parser takes exactly one of the two
        delay = _until(state, _field(state.timestamp, value, branch))
    if delay > 0:
        await asyncio.sleep(delay)
    return flow.finish_with_input(state, payload, value, branch)


def _field(field: Field, value: Json, branch: Branch) -> Json:
    try:
        return field.evaluate(branch.scope(value))
    except PathNotFound:
        raise RuntimeFailure(f"The {field.name} parameter does not reference an input value: {field.text}") from None


def _seconds(state: WaitState, value: Json) -> float:
    field = state.seconds
    assert field is not None  # noqa: S101 - narrows the type
    if isinstance(value, bool) or not isinstance(value, int):
        if state.language == "JSONata":
            raise unexpected_type(field.text, "Seconds", "number", value)
        raise RuntimeFailure(
            f"The SecondsPath parameter cannot be parsed as a long value: {field.text} == {_text(value)}"
        )
    if value < 0:
        raise RuntimeFailure(f"The {field.name} parameter references a negative value: {field.text} == {value}")
    return value


def _until(state: WaitState, value: Json) -> float:
    field = state.timestamp
    assert field is not None  # noqa: S101 - narrows the type
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        shown = value if isinstance(value, str) else _text(value)
        raise RuntimeFailure(
            f"The {field.name} parameter does not reference a valid ISO-8601 extended offset date-time format "
            f"string: {field.text} == {shown}"
        )
    fraction = match["fraction"] or ""
    return datetime.fromisoformat(value.replace(fraction, fraction[:7])).timestamp() - time.time()


def _text(value: Json) -> str:
    return dumps(value).decode()
