"""What a parsed JSONata expression refers to, and what AWS refuses in it when a state machine is created."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from jsonata.parser import Parser

from local.stepfunctions.language.diagnostics import UNSUPPORTED_JSONATA_EXPRESSION, LanguageError
from local.stepfunctions.language.jsonata_engine import BUILT_IN

WHOLE: Final = "*"
"""Stands for all fields of $states in the names that an expression uses."""

_STATES_FIELDS: Final = frozenset({"input", "context", "result", "errorOutput"})
_SAME_CONTEXT: Final = ("lhs", "rhs", "expression", "condition", "then", "_else", "body", "procedure")
_OTHER_CONTEXT: Final = ("pattern", "update", "delete", "expr", "group")
_SAME_CONTEXT_LISTS: Final = ("expressions", "arguments")
_OTHER_CONTEXT_LISTS: Final = ("steps", "stages", "predicate", "terms")


def check(tree: Any, *, catching: bool) -> frozenset[str]:
    """The names that the expression uses: variables, and the fields of $states or WHOLE.

    Raises LanguageError for ``$$``, for a name that is read from the top level, where there is nothing to read,
    and for a field that $states does not have.
    """
    _check_top_level(tree)
    used: set[str] = set()
    read_by_field: set[int] = set()
    for node in _nodes(tree):
        if node.type == "path" and (name := _states_field(node)) is not None:
            if name not in _STATES_FIELDS or (name == "errorOutput" and not catching):
                raise _unsupported(f"Field '$states.{name}' does not exist.")
            used.add(name)
            read_by_field.add(id(node.steps[0]))
        elif node.type == "variable" and id(node) not in read_by_field:
            if node.value == "$":
                raise _unsupported("Reference to '$$' is not supported.")
            used.add(WHOLE if node.value == "states" else str(node.value))
    return frozenset(used)


def variables(tree: Any) -> frozenset[str]:
    """The variables of the state machine that the expression reads."""
    bound: set[str] = set()
    read: set[str] = set()
    for node in _nodes(tree):
        if node.type == "bind":
            bound.add(str(node.lhs.value))
        elif node.type == "lambda":
            bound.update(str(argument.value) for argument in node.arguments)
        elif node.type == "variable":
            read.add(str(node.value))
        bound.update(name for name in (node.focus, node.index) if isinstance(name, str))
    return frozenset(read - bound - BUILT_IN - {"", "$", "states", "eval"})


def _states_field(path: Any) -> str | None:
    """The field in ``$states.field``; None for any other path."""
    first = path.steps[0]
    if first.type != "variable" or first.value != "states" or first.stages or first.predicate:
        return None
    following = path.steps[1] if len(path.steps) > 1 else None
    return str(following.value) if following is not None and following.type == "name" else None


def _nodes(tree: Any) -> Iterator[Any]:
    """Every node of the tree, outer ones before what they hold."""
    pending = [tree]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if not isinstance(node, Parser.Symbol) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        pending.extend(getattr(node, name, None) for name in (*_SAME_CONTEXT, *_OTHER_CONTEXT))
        for name in (*_SAME_CONTEXT_LISTS, *_OTHER_CONTEXT_LISTS):
            pending.extend(getattr(node, name, None) or ())
        for pair in getattr(node, "lhs_object", None) or ():
            pending.extend(pair)


def _check_top_level(node: Any) -> None:
    """Refuse a name that is looked up where the expression has no context: only later steps have one."""
    if not isinstance(node, Parser.Symbol):
        return
    if node.type == "path":
        first = node.steps[0]
        if first.type == "name":
            raise _unsupported(f"Reference to '{first.value}' at the top level is not supported.")
        _check_top_level(first)
        return
    for name in _SAME_CONTEXT:
        _check_top_level(getattr(node, name, None))
    for name in _SAME_CONTEXT_LISTS if node.type != "lambda" else ():
        for child in getattr(node, name, None) or ():
            _check_top_level(child)
    for pair in getattr(node, "lhs_object", None) or ():
        for child in pair:
            _check_top_level(child)


def _unsupported(message: str) -> LanguageError:
    return LanguageError(message, code=UNSUPPORTED_JSONATA_EXPRESSION)
