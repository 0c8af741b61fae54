"""Paths of the Amazon States Language: ``$`` (input), ``$$`` (context) or ``$name``, then JSONPath steps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from local.stepfunctions.errors import ResultPathMatchFailure, RuntimeFailure
from local.stepfunctions.language.diagnostics import LanguageError, compact
from local.stepfunctions.language.path_syntax import (
    Child,
    Function,
    Index,
    PathSyntax,
    Slice,
    Step,
    parse_path,
)
from local.stepfunctions.language.path_values import UNDEFINED
from local.stepfunctions.language.path_walk import compile_walk, is_definite
from local.stepfunctions.scope import Json, Scope

if TYPE_CHECKING:
    from local.stepfunctions.language.path_filter import Walk

Evaluate: TypeAlias = Callable[[Scope], Json]

NOT_A_REFERENCE_PATH = "Value must be a valid reference path."
NULL_INPUT = "Unable to apply Path transformation to null or empty input."


class PathNotFound(RuntimeFailure):
    """A path found nothing; the cause is the one that InputPath and OutputPath give.

    ``path`` is its text, ``reason`` the engine's explanation, ``document`` what it was applied to.
    """

    def __init__(self, path: str, reason: str, document: Json) -> None:
        super().__init__(NULL_INPUT if document is None else f"Invalid path '{path}' : {reason}")
        self.path = path
        self.reason = reason
        self.document = document


class ReferencePathConflict(ResultPathMatchFailure):
    """ResultPath cannot be applied to the state's input; AWS names it so, not as its specification does."""

    NAME: ClassVar[str] = "States.ReferencePathConflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A compiled path: ``path(scope)`` gives what it finds.

    A definite path gives one value and raises PathNotFound where there is none; any other gives a list, and
    raises only where its definite beginning finds nothing. ``evaluate`` is the call without the object.
    """

    text: str
    definite: bool
    evaluate: Evaluate

    def __call__(self, scope: Scope) -> Json:
        return self.evaluate(scope)


@functools.lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """The path that ``text`` writes; raises LanguageError where it is none."""
    syntax = parse_path(text)
    walk = compile_walk(syntax.steps)
    return Path(text=text, definite=is_definite(syntax.steps), evaluate=_evaluation(text, syntax, walk))


def _evaluation(text: str, syntax: PathSyntax, walk: Walk) -> Evaluate:
    steps, name = syntax.steps, syntax.variable

    if syntax.root == "context":

        def from_context(scope: Scope) -> Json:
            found = walk(scope.context)
            return found if found is not UNDEFINED else _fail(text, steps, scope.context)

        return from_context

    if syntax.root == "variable":

        def from_variable(scope: Scope) -> Json:
            if name not in scope.variables:
                raise PathNotFound(text, f"No results for path: $['{name}']", dict(scope.variables))
            found = walk(scope.variables[name])
            return found if found is not UNDEFINED else _fail(text, steps, scope.variables[name])

        return from_variable

    if not steps:
        return lambda scope: scope.input

    def from_input(scope: Scope) -> Json:
        found = walk(scope.input)
        return found if found is not UNDEFINED else _fail(text, steps, scope.input)

    return from_input


def _fail(text: str, steps: tuple[Step, ...], document: Json) -> Json:
    raise PathNotFound(text, _explain(steps, document), document)


def _explain(steps: tuple[Step, ...], document: Json) -> str:
    """Why ``steps`` find nothing in ``document``, in Jayway's words."""
    place = "$"
    node: Any = document
    for number, step in enumerate(steps):
        fragment = _fragment(step)
        if isinstance(step, Index | Slice) and node.__class__ is not list:
            if node is None:
                return f"The path {place} is null"
            return f"Filter: {fragment} can only be applied to arrays. Current context is: {compact(node)}"
        if isinstance(step, Child) and node.__class__ is not dict:
            return (
                f"Expected to find an object with property {fragment} in path {place} but found "
                f"'{_java_class(node)}'. This is not a json object according to the JsonProvider: "
                "'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'."
            )
        place += fragment
        following = compile_walk((step,))(node)
        if following is UNDEFINED:
            leaf = number == len(steps) - 1
            missing_child = isinstance(step, Child) and not leaf
            return f"{'Missing property in path' if missing_child else 'No results for path:'} {place}"
        node = following
    return f"No results for path: {place}"


def _fragment(step: Step) -> str:
    if isinstance(step, Child):
        return "[" + ",".join(f"'{name}'" for name in step.names) + "]"
    if isinstance(step, Index):
        return "[" + ",".join(map(str, step.indices)) + "]"
    if isinstance(step, Slice):
        return f"[{'' if step.start is None else step.start}:{'' if step.stop is None else step.stop}]"
    return f".{step.name}()" if isinstance(step, Function) else "[?]"


def _java_class(node: Json) -> str:
    names = {str: "TextNode", bool: "BooleanNode", int: "IntNode", float: "DoubleNode", list: "ArrayNode"}
    if node is None:
        return "null"
    return f"com.fasterxml.jackson.databind.node.{names.get(type(node), 'ObjectNode')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePath:
    """A path that names one place, into which ``put`` writes."""

    text: str
    marks: tuple[str | int, ...]

    def put(self, document: Json, value: Json) -> Json:
        """``document`` with ``value`` at the path; objects that are missing on the way are made.

        The given document is not changed: what lies on the path is copied, the rest is shared. Raises
        ReferencePathConflict where the way leads through something that is no object, or past a list's end.
        """
        if not self.marks:
            return value
        return self._written(document, 0, value, document)

    def _written(self, node: Json, depth: int, value: Json, document: Json) -> Json:
        if depth == len(self.marks):
            return value
        mark = self.marks[depth]
        if isinstance(mark, int):
            if node.__class__ is not list or not 0 <= mark < len(node):
                raise self._conflict(document)
            items = list(node)
            items[mark] = self._written(items[mark], depth + 1, value, document)
            return items
        if node.__class__ is not dict:
            raise self._conflict(document)
        return {**node, mark: self._written(node.get(mark, {}), depth + 1, value, document)}

    def _conflict(self, document: Json) -> ReferencePathConflict:
        return ReferencePathConflict(f"Unable to apply ReferencePath {self.text} to input {compact(document)}")


@functools.lru_cache(maxsize=1024)
def compile_reference_path(text: str) -> ReferencePath:
    """The reference path that ``text`` writes: from ``$``, names and indices only, or LanguageError."""
    syntax = parse_path(text)
    if syntax.root != "input":
        raise LanguageError(NOT_A_REFERENCE_PATH, detail=f"'{text}' does not begin at the input '$'")
    marks: list[str | int] = []
    for step in syntax.steps:
        if isinstance(step, Child) and len(step.names) == 1:
            marks.append(step.names[0])
        elif isinstance(step, Index) and len(step.indices) == 1:
            marks.append(step.indices[0])
        else:
            raise LanguageError(NOT_A_REFERENCE_PATH, detail=f"'{text}' can name more than one place")
    return ReferencePath(text=text, marks=tuple(marks))
