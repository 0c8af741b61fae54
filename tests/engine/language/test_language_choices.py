"""Choice rules: each operator with AWS's strictness about types."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.stepfunctions.errors import QueryEvaluationError, RuntimeFailure
from local.stepfunctions.language import LanguageError, compile_rule
from local.stepfunctions.scope import Scope

NOON = "2026-01-31T12:00:00Z"


def holds(rule, value, **scope):
    return compile_rule({**rule, "Next": "X"}, language="JSONPath")(Scope(input=value, context={"n": 1}, **scope))


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("operator", "expected", "value", "result"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "1", 1, False),
        ("StringLessThan", "b", "a", True),
        ("StringGreaterThan", "A ", "A", False),
        ("StringLessThanEquals", "", "", True),
        ("StringGreaterThanEquals", "A", "AB", True),
        ("NumericEquals", 1, 1.0, True),
        ("NumericEquals", 1, "1", False),
        ("NumericEquals", 1, True, False),
        ("NumericLessThan", 1, 0.5, True),
        ("NumericGreaterThan", 1, 1, False),
        ("NumericLessThanEquals", 0, 0.0, True),
        ("NumericGreaterThanEquals", -2, -1, True),
        ("BooleanEquals", True, True, True),
        ("BooleanEquals", False, 0, False),
        ("TimestampEquals", NOON, "2026-01-31T13:00:00+01:00", True),
        ("TimestampLessThan", NOON, "2026-01-31T11:59:59.999Z", True),
        ("TimestampGreaterThan", NOON, NOON, False),
        ("TimestampLessThanEquals", NOON, NOON, True),
        ("TimestampGreaterThanEquals", NOON, "2026-01-31T12:00:00.000000001Z", True),
        ("TimestampEquals", NOON, "2026-01-31 12:00:00", False),
        ("TimestampEquals", NOON, "2026-02-31T12:00:00Z", False),
        ("IsNull", True, None, True),
        ("IsNull", False, None, False),
        ("IsNumeric", True, 0.0, True),
        ("IsNumeric", True, True, False),
        ("IsNumeric", False, "1", True),
        ("IsString", True, "", True),
        ("IsString", True, 1, False),
        ("IsBoolean", True, False, True),
        ("IsBoolean", True, None, False),
        ("IsTimestamp", True, NOON, True),
        ("IsTimestamp", True, "2026-01-31T12%3A00%3A00Z", False),
        ("IsTimestamp", True, "2026-01-31", False),
        ("IsTimestamp", False, 1769860800, True),
        ("IsPresent", True, None, True),
        ("IsPresent", False, 0, False),
    ],
)
def test_an_operator_holds_for_values_of_its_type_only(operator, expected, value, result):
    assert holds({"Variable": "$.v", operator: expected}, {"v": value}) is result


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("pattern", "text", "result"),
    [
        ("log-*.txt", "log-.txt", True),
        ("log-*.txt", "log-a\nb.txt", True),
        ("*.zip", "a.zipx", False),
        ("a*b*c", "a1b2c", True),
        (r"\*.zip", "*.zip", True),
        (r"\*.zip", "a.zip", False),
        (r"a\\*", "a\\anything", True),
        ("a.c", "abc", False),
        ("*", "", True),
        ("*", 5, False),
    ],
)
def test_string_matches_knows_the_star_and_its_escape(pattern, text, result):
    assert holds({"Variable": "$.v", "StringMatches": pattern}, {"v": text}) is result


@pytest.mark.aws("recorded")
def test_path_operators_read_the_other_side_from_anywhere():
    assert holds({"Variable": "$.a", "NumericEqualsPath": "$.b"}, {"a": 1, "b": 1.0})
    assert not holds({"Variable": "$.a", "NumericLessThanEqualsPath": "$.b"}, {"a": 1, "b": {"x": 1}})
    assert not holds({"Variable": "$.a", "StringEqualsPath": "$.b"}, {"a": 1, "b": 1})
    assert holds({"Variable": "$guess", "StringEqualsPath": "$answer"}, {}, variables={"guess": "x", "answer": "x"})
    assert holds({"Variable": "$$.n", "NumericGreaterThanEqualsPath": "$.one"}, {"one": 1})


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    "comparison",
    [{"StringEquals": "x"}, {"IsNull": True}, {"IsString": False}, {"IsTimestamp": True}, {"NumericEqualsPath": "$.a"}],
)
def test_a_variable_that_is_missing_fails_the_state_for_all_but_is_present(comparison):
    with pytest.raises(RuntimeFailure) as failure:
        holds({"Variable": "$.missing", **comparison}, {"a": 1})
    assert failure.value.cause == (
        "Invalid path '$.missing': The choice state's condition path references an invalid value."
    )
    assert holds({"Variable": "$.missing", "IsPresent": False}, {})
    assert not holds({"Variable": "$.missing.deeper", "IsPresent": True}, {})


@pytest.mark.aws("recorded")
def test_a_path_to_compare_with_that_is_missing_fails_the_state():
    with pytest.raises(RuntimeFailure, match=r"Invalid path '\$\.right': The choice state's"):
        holds({"Variable": "$.left", "NumericLessThanPath": "$.right"}, {"left": 8})


@pytest.mark.aws("recorded")
def test_and_stops_at_the_first_false_and_or_at_the_first_true():
    guarded = [{"Variable": "$.m", "IsPresent": True}, {"Variable": "$.m", "StringEquals": "yes"}]
    assert not holds({"And": guarded}, {})
    assert holds({"And": guarded}, {"m": "yes"})
    either = [{"Variable": "$.a", "IsPresent": True}, {"Variable": "$.b", "NumericEquals": 1}]
    assert holds({"Or": either}, {"a": 0}), "the missing $.b is not read"
    assert holds({"Not": {"Or": [{"Variable": "$.b", "NumericEquals": 2}]}}, {"b": 1})


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({}, ""),
        ({"Variable": "$.a"}, ""),
        ({"Variable": "$.a", "StringEquals": "x", "IsNull": True}, ""),
        ({"StringEquals": "x"}, ""),
        ({"Variable": "a", "StringEquals": "x"}, "/Variable"),
        ({"Variable": 1, "StringEquals": "x"}, "/Variable"),
        ({"Variable": "$.a", "StringLike": "x"}, "/StringLike"),
        ({"Variable": "$.a", "StringMatchesPath": "$.b"}, "/StringMatchesPath"),
        ({"Variable": "$.a", "NumericEquals": "1"}, "/NumericEquals"),
        ({"Variable": "$.a", "NumericEquals": True}, "/NumericEquals"),
        ({"Variable": "$.a", "TimestampEquals": "noon"}, "/TimestampEquals"),
        ({"Variable": "$.a", "BooleanEquals": "true"}, "/BooleanEquals"),
        ({"Variable": "$.a", "IsNull": "yes"}, "/IsNull"),
        ({"Variable": "$.a", "StringEqualsPath": "b"}, "/StringEqualsPath"),
        ({"And": []}, "/And"),
        ({"And": [{"Variable": "$.a", "IsNull": True}, {"Not": {"Variable": "$.a"}}]}, "/And[1]/Not"),
        ({"And": [{"Variable": "$.a", "IsNull": True, "Next": "X"}]}, "/And[0]"),
        ({"Not": "x"}, "/Not"),
        ({"Or": [{"Variable": "$.a", "IsNull": True}], "Variable": "$.b"}, ""),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_place(rule, pointer):
    with pytest.raises(LanguageError) as refusal:
        compile_rule(rule, language="JSONPath")
    assert refusal.value.pointer == pointer


@pytest.mark.aws("recorded")
def test_a_jsonata_condition_is_an_expression_or_a_constant():
    def condition(value, given=None):
        return compile_rule({"Condition": value, "Next": "X"}, language="JSONata")(Scope(input=given, context={}))

    assert condition(True) is True
    assert condition("{% $states.input.n > 3 %}", {"n": 4}) is True
    assert condition("{% $not($states.input.done) %}", {"done": True}) is False


@pytest.mark.aws("documented")
def test_a_condition_must_give_a_boolean():
    rule = compile_rule({"Condition": "{% $states.input.n %}"}, language="JSONata", field="Choices[2]/Condition")
    with pytest.raises(QueryEvaluationError) as failure:
        rule(Scope(input={"n": "x"}, context={}))
    assert failure.value.cause == (
        "The JSONata expression '$states.input.n' specified for the field 'Choices[2]/Condition' returned an "
        "unexpected result type. Expected 'boolean', but was 'string' for value: \"x\""
    )
    for wrong in ({}, {"Condition": "yes"}, {"Condition": 1}, {"Condition": "{% 1 + %}"}):
        with pytest.raises(LanguageError) as refusal:
            compile_rule(wrong, language="JSONata")
        assert refusal.value.pointer == "/Condition"


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "a", "1", NOON, [], {}]))
KINDS = {"String": (str,), "Numeric": (int, float)}
ORDERS = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "GreaterThan": lambda a, b: a > b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThanEquals": lambda a, b: a >= b,
}


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(ORDERS)), VALUES, VALUES)
def test_path_comparisons_agree_with_the_rule_types_first_values_then(kind, order, left, right):
    def fits(value):
        return isinstance(value, KINDS[kind]) and not isinstance(value, bool)

    expected = fits(left) and fits(right) and ORDERS[order](left, right)
    rule = {"Variable": "$.l", f"{kind}{order}Path": "$.r"}
    assert holds(rule, {"l": left, "r": right}) is bool(expected)
    assert holds({"Not": rule}, {"l": left, "r": right}) is not bool(expected)
