"""Filters of JSONPath: each operator, the types, and agreement with a plain evaluator."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.stepfunctions.language import compile_path
from local.stepfunctions.scope import Scope

ROWS = [
    {"id": 1, "rating": "4.0", "tags": ["a", "b"], "note": "x"},
    {"id": 2, "rating": "5.0", "tags": [], "note": None},
    {"id": 3, "rating": 4, "tags": ["c"], "deep": {"n": 1}},
    {"id": 4, "rating": "3.0", "ok": True},
    {"id": 5},
]


def kept(condition, rows=ROWS):
    found = compile_path(f"$.rows[?({condition})]")(Scope(input={"rows": rows, "limit": 2, "word": "x"}, context={}))
    return [row["id"] for row in found]


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("@.rating == '4.0' || @.rating == '5.0'", [1, 2, 3]),
        ("@.rating=='5.0'", [2]),
        ("'5.0' == @.rating", [2]),
        ("@.rating == 4", [3]),
        ("@.rating != '4.0'", [2, 4, 5]),
        ("@.rating === '4.0'", [1]),
        ("@.id > 1 && @.id <= 3", [2, 3]),
        ("2 < @.id", [3, 4, 5]),
        ("@.rating >= '4.0'", [1, 2]),
        ("@.rating > 3", [3]),
        ("@.note", [1, 2]),
        ("!@.note", [3, 4, 5]),
        ("@.note == null", [2]),
        ("@.ok == true", [4]),
        ("@.ok", [4]),
        ("!(@.id == 1) && !(@.id == 2)", [3, 4, 5]),
        ("@.id == 1 || @.id == 2 && @.rating == 'no'", [1]),
        ("(@.id == 1 || @.id == 2) && @.rating == '5.0'", [2]),
        ("@.rating =~ /[45].*/", [1, 2, 3]),
        ("@.note =~ /X/i", [1]),
        ("@.rating =~ /4/", [3]),
        ("@.tags =~ /[ab]/", [1]),
        ("@.tags == ['a', 'b']", [1]),
        ("@.tags == ['c', 'd']", []),
        ("@.id in [1, 4, 9]", [1, 4]),
        ("@.rating nin ['4.0','5.0']", [4, 5]),
        ("@.tags contains 'c'", [3]),
        ("@.rating contains '.0'", [1, 2, 4]),
        ("@.tags size 2", [1]),
        ("@.tags empty true", [2]),
        ("@.tags subsetof ['a','b','c']", [1, 2, 3]),
        ("@.tags anyof ['b','c']", [1, 3]),
        ("@.tags noneof ['a']", [2, 3]),
        ("@.deep.n == 1", [3]),
        ("@.tags[0] == 'a'", [1]),
        ("@['note'] == 'x'", [1]),
        ("@.tags.length() == 1", [3]),
        ("@.id == $.limit", [2]),
        ("@.note == $.word", [1]),
        ("@.id > $.none", []),
    ],
)
def test_a_filter_keeps_the_rows_that_meet_its_condition(condition, ids):
    assert kept(condition) == ids


@pytest.mark.aws("documented")
def test_a_number_equals_text_that_spells_it_but_text_only_its_own_spelling():
    rows = [{"id": 1, "v": 4}, {"id": 2, "v": 4.0}, {"id": 3, "v": "4"}, {"id": 4, "v": "4.0"}, {"id": 5, "v": True}]
    assert kept("@.v == '4.0'", rows) == [1, 2, 4]
    assert kept("@.v == 4", rows) == [1, 2, 3], "text '4.0' is not how the number 4 is spelled"
    assert kept("@.v == 1", rows) == [], "true is not 1"
    assert kept("@.v < '5'", rows) == [3, 4], "numbers and text are not ordered"


@pytest.mark.aws("documented")
def test_items_that_are_no_objects_are_compared_themselves():
    path = compile_path("$[?(@ > 1)]")
    assert path(Scope(input=[0, 1, 2, 3, "4", None, {}], context={})) == [2, 3]


@pytest.mark.aws("documented")
def test_a_filter_on_an_object_keeps_or_drops_the_object():
    path = compile_path("$.a[?(@.b == 1)]")
    assert path(Scope(input={"a": {"b": 1}}, context={})) == [{"b": 1}]
    assert path(Scope(input={"a": {"b": 2}}, context={})) == []


@pytest.mark.aws("documented")
def test_filters_below_a_wildcard_keep_the_order_of_the_document():
    document = {"x": {"rows": [{"n": 1}, {"n": 3}]}, "y": {"rows": [{"n": 2}]}}
    assert compile_path("$.*.rows[?(@.n >= 2)].n")(Scope(input=document, context={})) == [3, 2]
    assert compile_path("$..[?(@.n == 2)]")(Scope(input=document, context={})) == [{"n": 2}]


@pytest.mark.aws("documented")
def test_no_text_of_a_path_is_run_as_code():
    hostile = "x') or __import__('os').abort() or ('"
    quoted = hostile.replace("'", "\\'")
    rows = [{"id": 1, "v": hostile}, {"id": 2, "v": "x"}]
    assert kept(f"@.v == '{quoted}'", rows) == [1]
    assert kept(f"@['{quoted}'] == 1", [{"id": 1, hostile: 1}]) == [1]


FIELDS = ["a", "b"]
VALUES = [0, 1, 2.5, "0", "x", "", True, None]
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

LEAVES = st.tuples(st.sampled_from(["==", "!=", *ORDERS]), st.sampled_from(FIELDS), st.sampled_from(VALUES))
CONDITIONS = st.recursive(
    LEAVES | st.tuples(st.just("has"), st.sampled_from(FIELDS)),
    lambda inner: st.tuples(st.sampled_from(["&&", "||"]), inner, inner) | st.tuples(st.just("!"), inner),
    max_leaves=6,
)
ITEMS = st.lists(st.dictionaries(st.sampled_from(FIELDS), st.sampled_from([*VALUES, [1]])), max_size=5)


def written(condition):
    kind, *rest = condition
    if kind in {"&&", "||"}:
        return f"({written(rest[0])} {kind} {written(rest[1])})"
    if kind == "!":
        return f"!({written(rest[0])})"
    if kind == "has":
        return f"@.{rest[0]}"
    words = {True: "true", None: "null"}
    value = rest[1]
    shown = words[value] if value is True or value is None else repr(value)
    return f"@.{rest[0]} {kind} {shown}"


def number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def equals(left, right):
    if number(left) and isinstance(right, str):
        return right == "0" and left == 0
    if isinstance(left, str) and number(right):
        return left == str(right)
    return type(left) is type(right) and left == right if not (number(left) and number(right)) else left == right


def holds(condition, item):
    kind, *rest = condition
    if kind == "&&":
        return holds(rest[0], item) and holds(rest[1], item)
    if kind == "||":
        return holds(rest[0], item) or holds(rest[1], item)
    if kind == "!":
        return not holds(rest[0], item)
    if kind == "has":
        return rest[0] in item
    if kind == "!=":
        return not holds(("==", *rest), item)
    if rest[0] not in item:
        return False
    left, right = item[rest[0]], rest[1]
    if kind == "==":
        return equals(left, right)
    comparable = (number(left) and number(right)) or (isinstance(left, str) and isinstance(right, str))
    return comparable and ORDERS[kind](left, right)


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=300)
@given(CONDITIONS, ITEMS)
def test_a_compiled_filter_agrees_with_a_plain_evaluator(condition, items):
    found = compile_path(f"$[?({written(condition)})]")(Scope(input=items, context={}))
    assert found == [item for item in items if holds(condition, item)]
