"""JSONPath: what a path finds, and what is said where it finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.stepfunctions.language import LanguageError, compile_path
from local.stepfunctions.language.jsonpath import PathNotFound
from local.stepfunctions.scope import Scope

STORE: dict[str, Any] = {
    "books": [
        {"title": "A", "price": 8.95, "tags": ["x", "y"]},
        {"title": "B", "price": 12, "tags": []},
        {"title": "C", "tags": ["y"]},
    ],
    "owner": {"name": "Ann", "de-ux": {"a.b": 1}},
}


def find(text, document=STORE, **scope):
    return compile_path(text)(Scope(input=document, context=scope.pop("context", {}), **scope))


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$", STORE),
        ("$.owner.name", "Ann"),
        ("$['owner'].name", "Ann"),
        ("$.owner.de-ux['a.b']", 1),
        ('$["owner"]["name"]', "Ann"),
        ("$.books[0].title", "A"),
        ("$.books[-1].title", "C"),
        ("$.[ 'owner' ].name", "Ann"),
        ("$.books.length()", 3),
        ("$.owner.length()", 2),
        ("$.owner.name.length()", None),
        ("$.books.last()", STORE["books"][2]),
        ("$.books.index(1)", STORE["books"][1]),
    ],
)
def test_a_definite_path_gives_the_one_node_it_names(text, found):
    assert compile_path(text).definite
    assert find(text) == found


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$.books[*].title", ["A", "B", "C"]),
        ("$..price", [8.95, 12]),
        ("$.books[0,2].title", ["A", "C"]),
        ("$.books[1:].title", ["B", "C"]),
        ("$.books[:2].title", ["A", "B"]),
        ("$.books[0:2].title", ["A", "B"]),
        ("$.books[-2:].title", ["B", "C"]),
        ("$.books[:-1].title", ["A", "B"]),
        ("$.books[5:].title", []),
        ("$.owner.*", ["Ann", {"a.b": 1}]),
        ("$.books[*].absent", []),
        ("$..tags[0]", ["x", "y"]),
        ("$..absent", []),
        ("$.books[?(@.price < 10)].title", ["A"]),
        ("$.books[?(@.nothing)]", []),
        ("$.owner.name.*", []),
    ],
)
def test_an_indefinite_path_gives_a_list_even_of_one_or_none(text, found):
    assert not compile_path(text).definite
    assert find(text) == found


@pytest.mark.aws("documented")
def test_slices_follow_the_engine_that_aws_runs_not_python():
    numbers = {"n": [0, 1, 2, 3, 4]}
    assert find("$.n[1:-1]", numbers) == [], "with both ends given, -1 is not counted from the end"
    assert find("$.n[-3:-1]", numbers) == [2, 3]
    assert find("$.n[0:4:2]", numbers) == [0, 1, 2, 3], "a step is read and ignored"


@pytest.mark.aws("documented")
def test_several_names_at_the_end_make_one_object_and_before_the_end_a_list():
    document = {"a": {"x": 1, "y": 2, "z": 3}, "b": {"x": 4}}
    assert find("$.a['x','y','none']", document) == {"x": 1, "y": 2}
    assert find("$['a','b'].x", document) == [1, 4]


@pytest.mark.aws("recorded")
def test_context_and_variables_are_roots_like_the_input():
    assert find("$$.State.Name", context={"State": {"Name": "S"}}) == "S"
    assert find("$$", context={"a": 1}) == {"a": 1}
    assert find("$total", variables={"total": 7}) == 7
    assert find("$row.cells[1]", variables={"row": {"cells": [1, 2]}}) == 2


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "document", "reason"),
    [
        ("$.missing", {}, "No results for path: $['missing']"),
        ("$.a.missing", {"a": {}}, "No results for path: $['a']['missing']"),
    ],
)
def test_a_definite_path_that_finds_nothing_fails_with_the_recorded_cause(text, document, reason):
    with pytest.raises(PathNotFound) as failure:
        find(text, document)
    assert failure.value.name == "States.Runtime"
    assert failure.value.cause == f"Invalid path '{text}' : {reason}"


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("text", "document", "reason"),
    [
        ("$.a.b.c", {"a": {}}, "Missing property in path $['a']['b']"),
        ("$.a[0]", {"a": 1}, "Filter: [0] can only be applied to arrays. Current context is: 1"),
        ("$.a[2:]", {"a": 1}, "Filter: [2:] can only be applied to arrays. Current context is: 1"),
        ("$.a[3]", {"a": [1]}, "No results for path: $['a'][3]"),
        ("$.a[*].b", {}, "Missing property in path $['a']"),
        ("$.a.sum()", {"a": [1, 2]}, "No results for path: $['a'].sum()"),
    ],
)
def test_the_reason_names_the_step_that_failed(text, document, reason):
    with pytest.raises(PathNotFound) as failure:
        find(text, document)
    assert failure.value.reason == reason


@pytest.mark.aws("documented")
def test_a_value_of_null_is_found_and_a_null_document_has_its_own_cause():
    assert find("$.a", {"a": None}) is None
    assert find("$", None) is None
    with pytest.raises(PathNotFound) as failure:
        find("$.a", None)
    assert failure.value.cause == "Unable to apply Path transformation to null or empty input."


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "$.",
        "$..",
        "$.a[",
        "$.a[]",
        "$.a['x]",
        "$.a b",
        "$.a[1",
        "$.a[:]",
        "$.a[-]",
        "$.a[?(]",
        "$.a[?(@.b ==)]",
        "$.a[?(1)]",
        "$.a[?(@.b like 'x')]",
        "$.a.upper()",
        "$.a.length(1)",
        "$.a.length().b",
        "$.a[?(@.b =~ /(/)]",
    ],
)
def test_what_is_no_path_is_refused_with_a_detail_that_helps(text):
    with pytest.raises(LanguageError) as refusal:
        compile_path(text)
    assert refusal.value.message == "Value must be a valid JSONPath."
    assert refusal.value.detail, "the author learns where the text cannot be read"


NAMES = st.sampled_from(["a", "b", "c d", "é"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
MARKS = st.lists(NAMES | st.integers(-2, 2), max_size=4)


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=200)
@given(DOCUMENTS, MARKS)
def test_definite_paths_walk_as_a_plain_loop_does(document, marks):
    text = "$" + "".join(f"[{mark}]" if isinstance(mark, int) else f"['{mark}']" for mark in marks)
    node, found = document, True
    for mark in marks:
        if isinstance(mark, int):
            found = isinstance(node, list) and -len(node) <= mark < len(node)
        else:
            found = isinstance(node, dict) and mark in node
        if not found:
            break
        node = node[mark]
    if found:
        assert find(text, document) == node
    else:
        with pytest.raises(PathNotFound):
            find(text, document)


def everything_below(node):
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from everything_below(child)


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=200)
@given(DOCUMENTS, NAMES)
def test_recursive_descent_visits_every_node_outer_ones_first(document, name):
    expected = [node[name] for node in everything_below(document) if isinstance(node, dict) and name in node]
    assert find(f"$..['{name}']", document) == expected
    containers = (node for node in everything_below(document) if isinstance(node, dict | list))
    children = [child for node in containers for child in (node.values() if isinstance(node, dict) else node)]
    assert find("$..*", document) == children
