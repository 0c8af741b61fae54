"""A definition's JSON text into its checked tree, with every mistake found in one pass.

Source: Amazon States Language specification; Developer Guide, "State machine structure" and the pages of each state.
"""

from __future__ import annotations

from typing import Any, cast

import orjson

from local.stepfunctions import jackson
from local.stepfunctions.definition.fields import Fields
from local.stepfunctions.definition.maps import parse_map
from local.stepfunctions.definition.nodes import Definition, State
from local.stepfunctions.definition.problem import Problem
from local.stepfunctions.definition.states import parse_state
from local.stepfunctions.definition.warnings import find_warnings
from local.stepfunctions.definition.workflow import Context, parse_workflow
from local.stepfunctions.language import QueryLanguage
from local.stepfunctions.limits import MAX_DEFINITION_BYTES, MAX_TIMEOUT_SECONDS

_TOO_DEEP = Problem(code="TOO_DEEPLY_NESTED", message="The states are too deeply nested", pointer=None)


class InvalidDefinition(ValueError):
    """A definition that cannot be run; ``problems`` names each mistake."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("Invalid State Machine Definition: '" + ", ".join(map(str, problems)) + "'")


def parse_definition(text: str | bytes, *, machine_type: str = "STANDARD") -> Definition:
    """The checked tree of a definition.

    Raises:
        InvalidDefinition: with all mistakes, in the form that CreateStateMachine reports them.
    """
    document = _read(text)
    try:
        return _parse(document, machine_type)
    except RecursionError:
        raise InvalidDefinition([_TOO_DEEP]) from None


def check_definition(text: str, *, machine_type: str) -> list[Problem]:
    """Every mistake of a definition, then what is likely to be one (severity WARNING)."""
    try:
        document = _read(text)
    except InvalidDefinition as error:
        return error.problems
    try:
        warnings = list(find_warnings(document))
        _parse(document, machine_type)
    except RecursionError:
        return [_TOO_DEEP]
    except InvalidDefinition as error:
        return [*error.problems, *warnings]
    return warnings


def _read(text: str | bytes) -> dict[str, Any]:
    encoded = text.encode() if isinstance(text, str) else text
    if len(encoded) > MAX_DEFINITION_BYTES:
        message = f"The definition has {len(encoded)} bytes; the limit is {MAX_DEFINITION_BYTES}"
        raise InvalidDefinition([Problem(code="SCHEMA_VALIDATION_FAILED", message=message, pointer="")])
    try:
        document = orjson.loads(encoded) if encoded.strip() else None
    except orjson.JSONDecodeError as error:
        raise InvalidDefinition([_no_json(encoded.decode(errors="replace"), error)]) from error
    if not isinstance(document, dict):
        message = "Definition must be a valid JSON object"
        raise InvalidDefinition([Problem(code="SCHEMA_VALIDATION_FAILED", message=message, pointer=None)])
    return document


def _no_json(text: str, error: orjson.JSONDecodeError) -> Problem:
    fault = jackson.find_fault(text)
    if fault is None:
        return Problem(code="INVALID_JSON_DESCRIPTION", message=str(error), pointer=None)
    place = jackson.location(text, fault.line, fault.column)
    return Problem(code="INVALID_JSON_DESCRIPTION", message=f"{fault.message}\n at {place}", pointer=place)


def _parse(document: dict[str, Any], machine_type: str) -> Definition:
    problems: list[Problem] = []
    fields = Fields(document, "", problems)
    chosen = fields.one_of("QueryLanguage", ("JSONPath", "JSONata"))
    language = cast("QueryLanguage", chosen or ("JSONata" if "QueryLanguage" in fields else "JSONPath"))
    fields.one_of("Version", ("1.0",))
    timeout = fields.integer("TimeoutSeconds", 1, MAX_TIMEOUT_SECONDS)
    comment = fields.take("Comment", str)
    context = Context(language=language, execution_type=machine_type, parse_state=_parse_state)
    workflow = parse_workflow(fields, context)
    fields.done()
    problems += context.transition_problems
    if problems:
        raise InvalidDefinition(problems)
    assert workflow is not None, "a workflow without problems is complete"  # noqa: S101 - narrows the type
    return Definition(
        workflow=workflow,
        language=language,
        timeout_seconds=timeout,
        comment=comment,
        maps=tuple(context.maps),
    )


def _parse_state(name: str, fields: Fields, context: Context) -> State | None:
    return parse_state(name, fields, context, {"Map": parse_map})
