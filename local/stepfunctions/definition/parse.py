"""A definition's JSON text into its checked tree, with every mistake found in one pass.

Source: Amazon States Language specification; Developer Guide, "State machine structure" and the pages of each state.
"""

from __future__ import annotations

from typing import cast

import orjson

from local.stepfunctions.definition.fields import Fields, Problem
from local.stepfunctions.definition.maps import parse_map
from local.stepfunctions.definition.nodes import Definition, State
from local.stepfunctions.definition.states import parse_state
from local.stepfunctions.definition.workflow import Context, parse_workflow
from local.stepfunctions.language import QueryLanguage
from local.stepfunctions.limits import MAX_DEFINITION_BYTES, MAX_TIMEOUT_SECONDS


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
    encoded = text.encode() if isinstance(text, str) else text
    if len(encoded) > MAX_DEFINITION_BYTES:
        message = f"The definition has {len(encoded)} bytes; the limit is {MAX_DEFINITION_BYTES}"
        raise InvalidDefinition([Problem(code="SCHEMA_VALIDATION_FAILED", message=message, pointer="")])
    try:
        document = orjson.loads(encoded)
    except orjson.JSONDecodeError as error:
        message = f"The definition is not valid JSON: {error}"
        raise InvalidDefinition([Problem(code="INVALID_JSON_DESCRIPTION", message=message, pointer="")]) from error
    if not isinstance(document, dict):
        message = "The definition must be a JSON object"
        raise InvalidDefinition([Problem(code="SCHEMA_VALIDATION_FAILED", message=message, pointer="")])
    problems: list[Problem] = []
    fields = Fields(document, "", problems)
    language = cast("QueryLanguage", fields.one_of("QueryLanguage", ("JSONPath", "JSONata")) or "JSONPath")
    fields.one_of("Version", ("1.0",))
    timeout = fields.integer("TimeoutSeconds", 1, MAX_TIMEOUT_SECONDS)
    comment = fields.take("Comment", str)
    context = Context(language=language, execution_type=machine_type, parse_state=_parse_state)
    workflow = parse_workflow(fields, context)
    fields.done()
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
