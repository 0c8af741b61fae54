"""What is allowed in a definition and still likely a mistake: a path that stands where it is not evaluated.

Source: API reference of ValidateStateMachineDefinitionDiagnostic, "List of warning codes".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.stepfunctions.definition.problem import Problem

_PATH: Final = re.compile(r"\$\$?([.\[].*)?")
_INTRINSIC: Final = re.compile(r"States\.[A-Za-z0-9]+\(.*\)", re.DOTALL)
_TEMPLATES: Final = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "BatchInput")
_HOLDERS: Final = ("ItemReader", "ItemBatcher", "ResultWriter")
_COMPARISON: Final = re.compile(r"(String|Numeric|Boolean|Timestamp)\w+")


def find_warnings(document: Mapping[str, Any]) -> Iterator[Problem]:
    """The warnings of a definition, state by state; JSONata states have none."""
    yield from _workflow(document, "", str(document.get("QueryLanguage", "JSONPath")))


def _workflow(workflow: Any, pointer: str, language: str) -> Iterator[Problem]:
    states = workflow.get("States") if isinstance(workflow, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        if isinstance(state, dict):
            yield from _state(state, f"{pointer}/States/{name}", language)


def _state(state: Mapping[str, Any], pointer: str, language: str) -> Iterator[Problem]:
    if state.get("QueryLanguage", language) == "JSONPath":
        yield from _templates(state, pointer)
        if state.get("Type") == "Pass":
            yield from _static_result(state.get("Result"), f"{pointer}/Result")
        for field in ("Error", "Cause"):
            yield from _pathless(state, field, pointer)
        for place, entry in (*_entries(state, "Choices", pointer), *_entries(state, "Catch", pointer)):
            yield from _templates(entry, place)
            yield from _comparisons(entry, place)
        for field in _HOLDERS:
            if isinstance(state.get(field), dict):
                yield from _templates(state[field], f"{pointer}/{field}")
    for field in ("ItemProcessor", "Iterator"):
        yield from _workflow(state.get(field), f"{pointer}/{field}", language)
    for place, branch in _entries(state, "Branches", pointer):
        yield from _workflow(branch, place, language)


def _entries(state: Mapping[str, Any], field: str, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = state.get(field)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield f"{pointer}/{field}[{index}]", entry


def _templates(holder: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    for field in _TEMPLATES:
        yield from _template(holder.get(field), f"{pointer}/{field}")


def _template(value: Any, pointer: str) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _template(item, f"{pointer}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            kind = _evaluated(item)
            if kind is None:
                yield from _template(item, f"{pointer}/{key}")
            elif not key.endswith(".$"):
                message = (
                    f"The value of '{key}' looks like {kind}. Instead of '{key}', "
                    f"use '{key}.$' to evaluate it as {kind} at runtime."
                )
                yield _warning("NO_DOLLAR", message, pointer)


def _comparisons(rule: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    for field in rule:
        if _COMPARISON.fullmatch(field) and not field.endswith("Path"):
            yield from _pathless(rule, field, pointer)
    for field in ("And", "Or"):
        for place, entry in _entries(rule, field, pointer):
            yield from _comparisons(entry, place)
    if isinstance(rule.get("Not"), dict):
        yield from _comparisons(rule["Not"], f"{pointer}/Not")


def _pathless(holder: Mapping[str, Any], field: str, pointer: str) -> Iterator[Problem]:
    kind = _evaluated(holder.get(field))
    if kind is not None:
        message = (
            f"The value of '{field}' looks like {kind}. Instead of '{field}', "
            f"use '{field}Path' to evaluate it as {kind} at runtime."
        )
        yield _warning("NO_PATH", message, pointer)


def _static_result(value: Any, pointer: str) -> Iterator[Problem]:
    """The first part of a Pass state's Result that would be evaluated in Parameters."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _static_result(item, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _static_result(item, f"{pointer}[{index}]")
    elif (kind := _evaluated(value)) is not None:
        message = f"The value looks like {kind}, and the Result of a Pass state is static. Use 'Parameters' instead."
        yield _warning("PASS_RESULT_IS_STATIC", message, pointer)


def _evaluated(value: Any) -> str | None:
    """What the value looks like, if it looks like something that is evaluated."""
    if not isinstance(value, str):
        return None
    if _PATH.fullmatch(value):
        return "a JSONPath"
    return "an intrinsic function" if _INTRINSIC.fullmatch(value) else None


def _warning(code: str, message: str, pointer: str) -> Problem:
    return Problem(code=code, message=message, pointer=pointer, severity="WARNING")
