"""Which variables the states of a definition read (DescribeStateMachine's ``variableReferences``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from local.stepfunctions.language.intrinsic_syntax import Argument, Call, PathArgument, parse_call
from local.stepfunctions.language.jsonata import is_expression, parse_expression
from local.stepfunctions.language.jsonata_check import variables
from local.stepfunctions.language.path_syntax import parse_path
from local.stepfunctions.language.template import QueryLanguage
from local.stepfunctions.scope import Json

_WORKFLOWS: Final = frozenset({"ItemProcessor", "Iterator", "Branches"})
_TEMPLATES: Final = frozenset({"Parameters", "ResultSelector", "ItemSelector", "Assign", "BatchInput", "Credentials"})
_LITERALS: Final = frozenset({"Result", "Comment"})


def variable_references(definition: Mapping[str, Json]) -> dict[str, list[str]]:
    """The variables that each state reads, sorted, by the state's name; states that read none are left out.

    Takes a definition that compiles; states of maps and parallel branches are listed under their own names.
    """
    language: QueryLanguage = "JSONata" if definition.get("QueryLanguage") == "JSONata" else "JSONPath"
    found = {name: sorted(set(_of_state(state, _language(state, language)))) for name, state in _states(definition)}
    return {name: names for name, names in sorted(found.items()) if names}


def _language(state: Mapping[str, Json], default: QueryLanguage) -> QueryLanguage:
    chosen = state.get("QueryLanguage")
    if chosen == "JSONata":
        return "JSONata"
    return "JSONPath" if chosen == "JSONPath" else default


def _states(workflow: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Every state of a workflow and of the workflows in it, with its name."""
    for name, state in workflow.get("States", {}).items():
        yield name, state
        inner = [state[field] for field in ("ItemProcessor", "Iterator") if field in state]
        for nested in [*inner, *state.get("Branches", ())]:
            yield from _states(nested)


def _of_state(state: Mapping[str, Json], language: QueryLanguage) -> Iterator[str]:
    for field, value in state.items():
        if field in _WORKFLOWS:
            continue
        if language == "JSONata":
            yield from _of_jsonata(value)
        elif field not in _LITERALS:
            yield from _of_field(field, value)


def _of_jsonata(value: Json) -> Iterator[str]:
    if isinstance(value, str) and is_expression(value):
        yield from variables(parse_expression(value).ast)
    elif isinstance(value, list):
        for item in value:
            yield from _of_jsonata(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _of_jsonata(item)


def _of_field(field: str, value: Json) -> Iterator[str]:
    """A JSONPath state's field: a path, a template, or an object of such fields (a rule, a catcher, a reader)."""
    if field in _TEMPLATES:
        yield from _of_template(value)
    elif isinstance(value, str):
        if field.endswith("Path") or field == "Variable":
            yield from _of_text(value)
    elif isinstance(value, list):
        for item in value:
            yield from _of_field(field, item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _of_field(name, item)


def _of_template(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _of_template(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _of_text(item) if key.endswith(".$") else _of_template(item)


def _of_text(text: str) -> Iterator[str]:
    if text.startswith("States."):
        yield from _of_argument(parse_call(text))
    elif name := parse_path(text).variable:
        yield name


def _of_argument(argument: Argument) -> Iterator[str]:
    if isinstance(argument, Call):
        for inner in argument.arguments:
            yield from _of_argument(inner)
    elif isinstance(argument, PathArgument) and argument.syntax.variable:
        yield argument.syntax.variable
