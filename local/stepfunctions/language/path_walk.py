"""The steps of a JSONPath as functions over JSON, with the results that Jayway's engine gives.

A definite path finds one node or nothing (UNDEFINED); any other path finds a list, perhaps an empty one, and
nothing only where its definite beginning finds nothing or cannot take the first indefinite step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from local.stepfunctions.language.path_filter import Walk, compile_filter
from local.stepfunctions.language.path_syntax import (
    Child,
    Descend,
    Filter,
    Function,
    Index,
    Slice,
    Step,
    Wildcard,
)
from local.stepfunctions.language.path_values import UNDEFINED

Spread: TypeAlias = Callable[[list[Any], Any], list[Any]]
"""(nodes, document) -> the nodes one step further."""


def is_definite(steps: tuple[Step, ...]) -> bool:
    """Whether ``steps`` find at most one node."""
    if steps and isinstance(steps[-1], Function):
        return is_definite(steps[:-1]) or Descend() in steps
    last = len(steps) - 1
    return all(_is_single(step) or (isinstance(step, Child) and place == last) for place, step in enumerate(steps))


def compile_walk(steps: tuple[Step, ...]) -> Walk:
    """A function from the document to what ``steps`` find in it."""
    if steps and isinstance(steps[-1], Function):
        return _called(steps[:-1], steps[-1])
    prefix = 0
    while prefix < len(steps) and _is_single(steps[prefix]):
        prefix += 1
    walk = _straight(steps[:prefix])
    if prefix == len(steps):
        return walk
    first = steps[prefix]
    if isinstance(first, Child) and prefix == len(steps) - 1:
        return _merging(walk, first.names)
    takes = _demand(first)
    spreads = _compile_spreads(steps[prefix:])

    def search(document: Any) -> Any:
        node = walk(document)
        if node is UNDEFINED or not takes(node):
            return UNDEFINED
        nodes = [node]
        for spread in spreads:
            nodes = spread(nodes, document)
        return nodes

    return search


def _is_single(step: Step) -> bool:
    return len(_marks(step)) == 1


def _marks(step: Step) -> tuple[str, ...] | tuple[int, ...]:
    """The names or indices that ``step`` lists; none for a step that searches."""
    if isinstance(step, Child):
        return step.names
    return step.indices if isinstance(step, Index) else ()


def _straight(steps: tuple[Step, ...]) -> Walk:
    """The walk of steps that each name one child."""
    marks = [mark for step in steps for mark in _marks(step)]
    if not marks:
        return lambda document: document
    keys = [mark for mark in marks if isinstance(mark, str)]
    if len(keys) < len(marks):
        return _straight_with_indices(marks)
    if len(keys) == 1:
        key = keys[0]

        def child(document: Any) -> Any:
            try:
                return document[key]
            except (KeyError, TypeError):
                return UNDEFINED

        return child

    def descendant(document: Any) -> Any:
        node = document
        try:
            for key in keys:
                node = node[key]
        except (KeyError, TypeError):
            return UNDEFINED
        return node

    return descendant


def _straight_with_indices(marks: list[str | int]) -> Walk:
    def walk(document: Any) -> Any:
        node = document
        for mark in marks:
            if isinstance(mark, int) != (node.__class__ is list):
                return UNDEFINED
            try:
                node = node[mark]
            except (KeyError, TypeError, IndexError):
                return UNDEFINED
        return node

    return walk


def _merging(walk: Walk, names: tuple[str, ...]) -> Walk:
    """``['a','b']`` at the end of a definite path: an object of those of the properties that exist."""

    def merged(document: Any) -> Any:
        node = walk(document)
        return _pick(node, names) if node.__class__ is dict else UNDEFINED

    return merged


def _pick(node: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: node[name] for name in names if name in node}


def _demand(step: Step) -> Callable[[Any], bool]:
    """What the first indefinite step demands of the node that it is applied to."""
    if isinstance(step, Index | Slice):
        return lambda node: node.__class__ is list
    if isinstance(step, Child):
        return lambda node: node.__class__ is dict
    if isinstance(step, Filter):
        return lambda node: node.__class__ is dict or node.__class__ is list
    return lambda _node: True


def _compile_spreads(steps: tuple[Step, ...]) -> list[Spread]:
    spreads: list[Spread] = []
    place = 0
    while place < len(steps):
        step = steps[place]
        scan = isinstance(step, Descend)
        if scan:
            place += 1
            step = steps[place]
        spread = _spread(step, leaf=place == len(steps) - 1)
        spreads.append(_scanning(spread, step) if scan else spread)
        place += 1
    return spreads


def _spread(step: Step, *, leaf: bool) -> Spread:
    if isinstance(step, Wildcard):
        return _children
    if isinstance(step, Child):
        return _merging_each(step.names) if leaf and len(step.names) > 1 else _named(step.names)
    if isinstance(step, Filter):
        return _filtered(step)
    if isinstance(step, Slice):
        start, stop = step.start, step.stop
        return _placed(lambda length: slice_places(start, stop, length))
    assert isinstance(step, Index)  # noqa: S101 - narrows the type: Descend and Function are taken off before
    indices = step.indices
    return _placed(lambda _length: indices)


def _children(nodes: list[Any], _document: Any) -> list[Any]:
    found: list[Any] = []
    for node in nodes:
        if node.__class__ is dict:
            found.extend(node.values())
        elif node.__class__ is list:
            found.extend(node)
    return found


def _named(names: tuple[str, ...]) -> Spread:
    def spread(nodes: list[Any], _document: Any) -> list[Any]:
        return [node[name] for node in nodes if node.__class__ is dict for name in names if name in node]

    return spread


def _merging_each(names: tuple[str, ...]) -> Spread:
    def spread(nodes: list[Any], _document: Any) -> list[Any]:
        return [_pick(node, names) for node in nodes if node.__class__ is dict]

    return spread


def _filtered(step: Filter) -> Spread:
    select = compile_filter(step.condition, compile_walk)

    def spread(nodes: list[Any], document: Any) -> list[Any]:
        if len(nodes) == 1 and nodes[0].__class__ is list:
            return select(nodes[0], document)
        found: list[Any] = []
        for node in nodes:
            if node.__class__ is list:
                found.extend(select(node, document))
            elif node.__class__ is dict:
                found.extend(select([node], document))
        return found

    return spread


def _placed(places: Callable[[int], tuple[int, ...] | range]) -> Spread:
    def spread(nodes: list[Any], _document: Any) -> list[Any]:
        return [
            node[place]
            for node in nodes
            if node.__class__ is list
            for place in places(len(node))
            if -len(node) <= place < len(node)
        ]

    return spread


def slice_places(start: int | None, stop: int | None, length: int) -> range:
    """The places of ``[start:stop]``; with both ends given, negative ones are not made positive first."""
    if start is None:
        last = length if stop is None else stop
        return range(min(last + length if last < 0 else last, length))
    if stop is None:
        return range(max(start + length, 0) if start < 0 else start, length)
    return range(start, min(stop, length))


def _scanning(spread: Spread, step: Step) -> Spread:
    """``spread`` applied to each node and to all below it, outer nodes first."""
    objects_only = isinstance(step, Filter)
    wanted = step.names if isinstance(step, Child) and len(step.names) > 1 else ()

    def scan(nodes: list[Any], document: Any) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            for inner in _containers(node):
                if objects_only and inner.__class__ is list:
                    continue
                if wanted and not all(name in inner for name in wanted):
                    continue
                found.extend(spread([inner], document))
        return found

    return scan


def _containers(node: Any) -> Iterator[Any]:
    """``node`` and every object and list below it, outer ones first, without recursion."""
    pending = [node]
    while pending:
        current = pending.pop()
        if current.__class__ is dict:
            yield current
            pending.extend(reversed(current.values()))
        elif current.__class__ is list:
            yield current
            pending.extend(reversed(current))


def _called(steps: tuple[Step, ...], function: Function) -> Walk:
    walk = compile_walk(steps)
    apply = _functions()[function.name](function.argument)
    if is_definite(steps) or Descend() in steps:

        def call(document: Any) -> Any:
            node = walk(document)
            return UNDEFINED if node is UNDEFINED else apply(node)

        return call

    def call_each(document: Any) -> Any:
        nodes = walk(document)
        if nodes is UNDEFINED:
            return UNDEFINED
        return [result for result in map(apply, nodes) if result is not UNDEFINED]

    return call_each


def _functions() -> dict[str, Callable[[int | None], Walk]]:
    def element(place: int) -> Walk:
        return _straight_with_indices([place])

    def length(_argument: int | None) -> Walk:
        return lambda node: len(node) if node.__class__ in {list, dict} else None

    def keys(_argument: int | None) -> Walk:
        return lambda node: list(node) if node.__class__ is dict else None

    def arithmetic(_argument: int | None) -> Walk:
        # AWS accepts these and then finds nothing: Jayway does not see the numbers of AWS's JSON library.
        return lambda _node: UNDEFINED

    return {
        "length": length,
        "keys": keys,
        "first": lambda _argument: element(0),
        "last": lambda _argument: element(-1),
        "index": lambda argument: element(argument or 0),
        **dict.fromkeys(("min", "max", "avg", "stddev", "sum"), arithmetic),
    }
