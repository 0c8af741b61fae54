"""Payload templates in both query languages."""

from __future__ import annotations

import pytest

from local.stepfunctions.errors import QueryEvaluationError, RuntimeFailure
from local.stepfunctions.language import LanguageError, compile_template


@pytest.mark.aws("recorded")
def test_keys_that_end_in_dollar_are_filled_in_at_any_depth(scope):
    template = {
        "name.$": "$.user.name",
        "run.$": "$$.Execution.Name",
        "sum.$": "States.MathAdd($.n, $offset)",
        "all.$": "$",
        "inner": {"list": [{"v.$": "$offset"}, "$.user", 3], "kept": "$.user.name"},
        "first.$": "$.items[0]",
    }
    value = {"user": {"name": "Ann"}, "n": 2, "items": [7]}
    filled = compile_template(template, language="JSONPath")(scope(value, variables={"offset": 5}))
    assert filled == {
        "name": "Ann",
        "run": "run-1",
        "sum": 7,
        "all": value,
        "inner": {"list": [{"v": 5}, "$.user", 3], "kept": "$.user.name"},
        "first": 7,
    }
    assert list(filled) == ["name", "run", "sum", "all", "inner", "first"], "keys keep their order"


@pytest.mark.aws("recorded")
def test_text_in_a_jsonpath_template_stays_text_without_the_dollar_key(scope):
    constant = {"a": "$.b", "c": ["$$", "States.UUID()", "{% 1 %}"], "d": {"e": None}}
    assert compile_template(constant, language="JSONPath")(scope({})) == constant


@pytest.mark.aws("documented")
def test_constant_parts_are_shared_and_filled_ones_are_new(scope):
    constant = {"big": list(range(5))}
    whole = compile_template(constant, language="JSONPath")
    assert whole(scope({})) is constant
    part = compile_template({"c": constant, "v.$": "$.v"}, language="JSONPath")
    first, second = part(scope({"v": 1})), part(scope({"v": 2}))
    assert first["c"] is second["c"] is constant
    assert (first["v"], second["v"]) == (1, 2), "one result does not change the other"


@pytest.mark.aws("recorded")
def test_a_path_that_finds_nothing_fails_with_the_recorded_cause(scope):
    template = compile_template({"deep": {"missing.$": "$.no"}}, language="JSONPath")
    with pytest.raises(RuntimeFailure) as failure:
        template(scope({"a": [1, "é"]}))
    assert failure.value.name == "States.Runtime"
    assert failure.value.cause == (
        "The JSONPath '$.no' specified for the field 'missing.$' could not be found in the input '{\"a\":[1,\"é\"]}'"
    )


@pytest.mark.aws("recorded")
def test_a_context_path_that_finds_nothing_shows_the_context(scope):
    template = compile_template({"source.$": "$$.Map.Item.Source"}, language="JSONPath")
    with pytest.raises(RuntimeFailure) as failure:
        template(scope({"a": 1}, context={"Map": {"Item": {"Index": 0}}}))
    assert failure.value.cause == (
        "The JSONPath '$$.Map.Item.Source' specified for the field 'source.$' could not be found "
        'in the input \'{"Map":{"Item":{"Index":0}}}\''
    )


@pytest.mark.aws("recorded")
def test_a_template_that_reads_a_null_input_fails(scope):
    template = compile_template({"a.$": "$"}, language="JSONPath")
    with pytest.raises(RuntimeFailure, match="Unable to apply Path transformation to null or empty input"):
        template(scope(None))
    unread = compile_template({"n.$": "$$.Execution.Name"}, language="JSONPath")
    assert unread(scope(None)) == {"n": "run-1"}, "one that does not is filled in"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("value", ["Test", "$.a[", "States.Nope()", 5, None, {"x": 1}, ""])
def test_what_a_dollar_key_cannot_hold_is_refused_at_the_object_that_holds_it(value):
    with pytest.raises(LanguageError) as refusal:
        compile_template({"outer": [{"Variable.$": value}]}, language="JSONPath")
    assert refusal.value.message == (
        "The value for the field 'Variable.$' must be a valid JSONPath or a valid intrinsic function call"
    )
    assert refusal.value.pointer == "/outer[0]"
    assert refusal.value.detail


@pytest.mark.aws("documented")
def test_a_name_may_not_be_given_both_fixed_and_filled_in():
    with pytest.raises(LanguageError, match="'a'"):
        compile_template({"a": 1, "a.$": "$.x"}, language="JSONPath")


@pytest.mark.aws("recorded")
def test_jsonata_expressions_are_whole_strings_between_the_marks(scope):
    template = {
        "sum": "{% $sum($states.input.values) + $one %}",
        "list": ["{% $states.input.name %}", "plain", {"deep": "{%$one%}"}],
        "spaced": " {% $one %} ",
        "mixed": "Hello {% $one %}",
        "dollar.$": "$.name",
        "path": "$states.input",
        "none": None,
    }
    filled = compile_template(template, language="JSONata")(
        scope({"values": [1, 2], "name": "Ann"}, variables={"one": 1})
    )
    assert filled == {**template, "sum": 4, "list": ["Ann", "plain", {"deep": 1}]}


@pytest.mark.aws("recorded")
def test_a_template_may_be_one_expression_or_one_constant(scope):
    assert compile_template("{% $states.input %}", language="JSONata")(scope([1, None])) == [1, None]
    assert compile_template("text", language="JSONata")(scope({})) == "text"
    assert compile_template(None, language="JSONata")(scope({})) is None


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("{% $states.input.no %}", "Output"),
        ({"a": {"b": ["x", "{% $states.input.no %}"]}}, "Output/a/b[1]"),
    ],
)
def test_an_expression_that_gives_nothing_names_its_place(scope, template, place):
    with pytest.raises(QueryEvaluationError) as failure:
        compile_template(template, language="JSONata", field="Output")(scope({}))
    assert failure.value.cause == (
        f"The JSONata expression '$states.input.no' specified for the field '{place}' returned nothing (undefined)."
    )
    assert failure.value.location == place


@pytest.mark.aws("recorded")
def test_an_expression_that_cannot_be_read_is_refused_with_its_place():
    with pytest.raises(LanguageError) as refusal:
        compile_template({"a": ["{% 1 + %}"]}, language="JSONata")
    assert (refusal.value.code, refusal.value.pointer) == ("INVALID_JSONATA_EXPRESSION", "/a[0]")
    assert refusal.value.message == "Unexpected end of expression"
