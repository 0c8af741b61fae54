"""Filters of JSONPath, compiled to a Python function that runs over a list of items.

The function is built as a syntax tree in which the path's text appears only as constants, so that no text of
a definition is ever run as code. For ``[?(@.a == 'x' || @.b > 3)]`` it is, in words: for each item, a is
``item["a"]`` and b is ``item["b"]``, UNDEFINED where absent; keep the item if the condition holds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from local.stepfunctions.language import path_values
from local.stepfunctions.language.path_syntax import (
    Both,
    Child,
    Comparison,
    Condition,
    Constant,
    Either,
    Exists,
    Not,
    Operand,
    Pattern,
    Step,
    Value,
)

Select: TypeAlias = Callable[[list[Any], Any], list[Any]]
"""(items, document) -> the items that the filter keeps, in order."""

Walk: TypeAlias = Callable[[Any], Any]
"""Follows steps from one node; gives UNDEFINED where they find nothing."""

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": path_values.equal,
    "===": path_values.strictly_equal,
    "<": path_values.less,
    "<=": path_values.less_or_equal,
    "=~": path_values.matches,
    "in": path_values.member,
    "nin": path_values.not_member,
    "contains": path_values.contains,
    "size": path_values.has_size,
    "empty": path_values.is_empty,
    "subsetof": path_values.subset_of,
    "anyof": path_values.any_of,
    "noneof": path_values.none_of,
}
_NEGATED: Final = {"!=": "==", "!==": "==="}
_SWAPPED: Final = {">": "<", ">=": "<="}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDER: Final[dict[str, ast.cmpop]] = {"<": ast.Lt(), "<=": ast.LtE(), ">": ast.Gt(), ">=": ast.GtE()}
_ABSENT: Final = ("KeyError", "TypeError")


def compile_filter(condition: Condition, walk_of: Callable[[tuple[Step, ...]], Walk]) -> Select:
    """A function that keeps the items for which ``condition`` holds; ``walk_of`` compiles the paths in it."""
    return _Generator(walk_of).function(condition)


class _Generator:
    """Collects what the generated function refers to while its tree is built."""

    def __init__(self, walk_of: Callable[[tuple[Step, ...]], Walk]) -> None:
        self._walk_of = walk_of
        self._names: dict[str, Any] = {
            "__builtins__": {},
            "KeyError": KeyError,
            "TypeError": TypeError,
            "UNDEFINED": path_values.UNDEFINED,
            "str": str,
            "int": int,
            "float": float,
        }
        self._operands: dict[Operand, str] = {}
        self._per_document: list[ast.stmt] = []
        self._per_item: list[ast.stmt] = []

    def function(self, condition: Condition) -> Select:
        test = self._condition(condition)
        keep = ast.If(test, [ast.Expr(ast.Call(_name("keep"), [_name("item")], []))], [])
        body: list[ast.stmt] = [
            _assign("kept", ast.List([], ast.Load())),
            _assign("keep", ast.Attribute(_name("kept"), "append", ast.Load())),
            *self._per_document,
            ast.For(ast.Name("item", ast.Store()), _name("items"), [*self._per_item, keep], []),
            ast.Return(_name("kept")),
        ]
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg("items"), ast.arg("document")],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        definition = ast.FunctionDef("select", arguments, body, [])
        module = ast.fix_missing_locations(ast.Module([definition], []))
        exec(compile(module, "<JSONPath filter>", "exec"), self._names)  # noqa: S102 - built above from constants
        select: Select = self._names["select"]
        return select

    def _condition(self, condition: Condition) -> ast.expr:
        if isinstance(condition, Either):
            tests = [self._condition(term) for term in _merged(condition.terms)]
            return tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
        if isinstance(condition, Both):
            return ast.BoolOp(ast.And(), [self._condition(term) for term in condition.terms])
        if isinstance(condition, Not):
            return ast.UnaryOp(ast.Not(), self._condition(condition.term))
        if isinstance(condition, Exists):
            return ast.Compare(self._operand(condition.operand), [ast.IsNot()], [_name("UNDEFINED")])
        return self._comparison(condition)

    def _comparison(self, comparison: Comparison) -> ast.expr:
        operator, left, right = comparison.operator, comparison.left, comparison.right
        if operator in _NEGATED:
            return ast.UnaryOp(ast.Not(), self._comparison(Comparison(_NEGATED[operator], left, right)))
        if operator == "any":
            return self._one_of(left, right)
        if isinstance(left, Constant) and isinstance(right, Operand) and operator in _MIRRORED and operator != "==":
            return self._comparison(Comparison(_MIRRORED[operator], right, left))
        if isinstance(left, Operand) and isinstance(right, Constant):
            if operator == "==" and right.value.__class__ is str:
                return self._one_of(left, Constant([right.value]))
            if operator in _ORDER and path_values.is_number(right.value):
                return self._ordered(left, operator, right, ("int", "float"))
            if operator in _ORDER and right.value.__class__ is str:
                return self._ordered(left, operator, right, ("str",))
        if operator in _SWAPPED:
            operator, left, right = _SWAPPED[operator], right, left
        function = self._constant(_OPERATORS[operator])
        return ast.Call(function, [self._value(left), self._value(right)], [])

    def _one_of(self, left: Value, right: Value) -> ast.expr:
        """``left`` is a string among the constants, or (rarer) equals one of them across types."""
        assert isinstance(right, Constant)  # noqa: S101 - narrows the type: made by _merged and _comparison only
        strings = right.value
        value = self._value(left)
        if len(strings) == 1:
            hit = ast.Compare(value, [ast.Eq()], [ast.Constant(strings[0])])
        else:
            hit = ast.Compare(value, [ast.In()], [self._constant(frozenset(strings))])
        across = ast.Call(self._constant(path_values.member), [value, self._constant(strings)], [])
        return ast.IfExp(_class_is(value, "str"), hit, across)

    def _ordered(self, left: Operand, operator: str, right: Constant, kinds: tuple[str, ...]) -> ast.expr:
        value = self._operand(left)
        typed = [_class_is(value, kind) for kind in kinds]
        guard = typed[0] if len(typed) == 1 else ast.BoolOp(ast.Or(), typed)
        compared = ast.Compare(value, [_ORDER[operator]], [ast.Constant(right.value)])
        return ast.BoolOp(ast.And(), [guard, compared])

    def _value(self, value: Value) -> ast.expr:
        if isinstance(value, Operand):
            return self._operand(value)
        return self._constant(value.regex if isinstance(value, Pattern) else value.value)

    def _constant(self, value: Any) -> ast.expr:
        if value is None or value.__class__ in {str, int, float, bool}:
            return ast.Constant(value)
        name = f"constant_{len(self._names)}"
        self._names[name] = value
        return _name(name)

    def _operand(self, operand: Operand) -> ast.expr:
        """A local variable that holds what the path finds, set once an item (once a document for ``$``)."""
        if not operand.steps:
            return _name("document" if operand.from_document else "item")
        if operand not in self._operands:
            variable = f"value_{len(self._operands)}"
            self._operands[operand] = variable
            root = _name("document" if operand.from_document else "item")
            target = self._per_document if operand.from_document else self._per_item
            target.append(self._load(variable, root, operand.steps))
        return _name(self._operands[operand])

    def _load(self, variable: str, root: ast.expr, steps: tuple[Step, ...]) -> ast.stmt:
        keys = [step.names[0] for step in steps if isinstance(step, Child) and len(step.names) == 1]
        if len(keys) < len(steps):
            return _assign(variable, ast.Call(self._constant(self._walk_of(steps)), [root], []))
        found = root
        for key in keys:
            found = ast.Subscript(found, ast.Constant(key), ast.Load())
        absent = ast.Tuple([_name(fault) for fault in _ABSENT], ast.Load())
        handler = ast.ExceptHandler(absent, None, [_assign(variable, _name("UNDEFINED"))])
        return ast.Try([_assign(variable, found)], [handler], [], [])


def _merged(terms: tuple[Condition, ...]) -> list[Condition]:
    """``terms`` with the tests of one path against several strings made into one test of membership."""
    strings: dict[Operand, list[str]] = {}
    others: list[Condition] = []
    for term in terms:
        if (
            isinstance(term, Comparison)
            and term.operator == "=="
            and isinstance(term.left, Operand)
            and isinstance(term.right, Constant)
            and term.right.value.__class__ is str
        ):
            strings.setdefault(term.left, []).append(term.right.value)
        else:
            others.append(term)
    merged: list[Condition] = [Comparison("any", path, Constant(values)) for path, values in strings.items()]
    return merged + others


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _class_is(value: ast.expr, kind: str) -> ast.expr:
    return ast.Compare(ast.Attribute(value, "__class__", ast.Load()), [ast.Is()], [_name(kind)])
