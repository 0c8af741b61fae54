"""Reference paths: how ResultPath puts a result into the input."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.stepfunctions.errors import ResultPathMatchFailure
from local.stepfunctions.language import LanguageError, compile_path, compile_reference_path
from local.stepfunctions.scope import Scope


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("text", "document", "value", "written"),
    [
        ("$", {"a": 1}, 2, 2),
        ("$.b", {"a": 1}, 2, {"a": 1, "b": 2}),
        ("$.a", {"a": 1}, {"x": 2}, {"a": {"x": 2}}),
        ("$.x.y.z", {"a": 1}, 2, {"a": 1, "x": {"y": {"z": 2}}}),
        ("$.x['y z']", {"x": {"q": 1}}, None, {"x": {"q": 1, "y z": None}}),
        ("$.list[1].n", {"list": [{}, {"m": 1}]}, 5, {"list": [{}, {"m": 1, "n": 5}]}),
    ],
)
def test_a_result_is_put_at_the_path_and_missing_objects_are_made(text, document, value, written):
    assert compile_reference_path(text).put(document, value) == written


@pytest.mark.aws("recorded")
def test_a_path_below_a_scalar_fails_with_the_recorded_name_and_cause():
    with pytest.raises(ResultPathMatchFailure) as failure:
        compile_reference_path("$.child").put(4, 99)
    assert failure.value.name == "States.ReferencePathConflict"
    assert failure.value.cause == "Unable to apply ReferencePath $.child to input 4"


@pytest.mark.aws("documented")
@pytest.mark.parametrize(("text", "document"), [("$.a.b", {"a": [1]}), ("$.a[2]", {"a": [1]}), ("$.a[0]", {})])
def test_a_path_through_the_wrong_kind_of_value_fails(text, document):
    with pytest.raises(ResultPathMatchFailure, match="Unable to apply ReferencePath"):
        compile_reference_path(text).put(document, 1)


@pytest.mark.aws("documented")
@pytest.mark.parametrize("text", ["$..a", "$.a[*]", "$.a[0:1]", "$.a[?(@.b)]", "$$.a", "$name", "$.a.length()", "x"])
def test_a_path_that_can_name_several_places_or_none_of_the_input_is_refused(text):
    with pytest.raises(LanguageError):
        compile_reference_path(text)


DOCUMENTS = st.recursive(
    st.integers(0, 3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
).filter(lambda document: isinstance(document, dict))


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=200)
@given(DOCUMENTS, st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
def test_put_never_changes_what_it_is_given_and_touches_nothing_beside_the_path(document, names):
    before = copy.deepcopy(document)
    text = "$." + ".".join(names)
    try:
        written = compile_reference_path(text).put(document, "new")
    except ResultPathMatchFailure:
        assert document == before
        return
    assert document == before
    assert compile_path(text)(Scope(input=written, context={})) == "new"
    for name, value in document.items():
        if name != names[0]:
            assert written[name] is value, "what lies beside the path is shared, not copied"
