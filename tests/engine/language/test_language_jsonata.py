"""JSONata expressions: values, AWS's functions and bounds, and what is said of an expression that fails."""

from __future__ import annotations

import copy
import json
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.stepfunctions.errors import QueryEvaluationError
from local.stepfunctions.language import compile_expression, jsonata_engine
from local.stepfunctions.scope import MISSING, Scope

ORDERS = {
    "orders": [
        {"id": "o1", "total": 10, "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]},
        {"id": "o2", "total": 7.5, "lines": [{"sku": "a", "n": 5}]},
        {"id": "o3", "total": None, "lines": []},
    ],
    "name": "Ann",
    "none": None,
    "one": [5],
    "big": 9007199254740993,
    "whole": 3.0,
}


def evaluate(text, value=ORDERS, **scope):
    scope.setdefault("context", {"Execution": {"Name": "run-1"}})
    return compile_expression(text, field="Output")(Scope(input=value, **scope))


def cause_of(text, value=ORDERS):
    with pytest.raises(QueryEvaluationError) as failure:
        evaluate(text, value)
    assert failure.value.location == "Output"
    prefix = f"The JSONata expression '{text}' specified for the field 'Output' "
    cause = str(failure.value.cause)
    assert cause.startswith(prefix)
    return cause.removeprefix(prefix)


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$states.input.name", "Ann"),
        ("$states.input.orders.id", ["o1", "o2", "o3"]),
        ("$states.input.orders[0].lines.sku", ["a", "b"]),
        ("$states.input.orders[id = 'o2'].total", 7.5),
        ("$states.input.orders.lines[sku = 'a'].n", [1, 5]),
        ("$sum($states.input.orders.lines.n)", 8),
        ("$states.input.orders[id > 'o1'].id", ["o2", "o3"]),
        ("$count($states.input.orders)", 3),
        ("$states.input.orders{id: total}", {"o1": 10, "o2": 7.5, "o3": None}),
        ("$states.input.orders[0].lines^(>n).sku", ["b", "a"]),
        ("$states.input.orders[0].{'sum': $sum(lines.n), 'id': id}", {"sum": 3, "id": "o1"}),
        ("$states.input.name & '!' & 1.0 & null & true", "Ann!1nulltrue"),
        ("$states.input.name = 'Ann' ? 'yes' : 'no'", "yes"),
        ("($x := 2; $f := function($y) { $y * $x }; $map([1..3], $f))", [2, 4, 6]),
        ("$reduce([1..5], function($a, $b) { $a + $b })", 15),
        ("[1..3] ~> $map(function($n) { $n * $n }) ~> $sum()", 14),
        ("$merge([{'a': 1}, {'b': [2]}])", {"a": 1, "b": [2]}),
        ("$split('a,b', ',')", ["a", "b"]),
        ("$match('ab12', /([a-z]+)(\\d+)/).groups", ["ab", "12"]),
        ("$contains('hello$world', /^hello\\$/)", True),
        ("$contains('line\\n', /line$/)", False),
        ("$replace('x1', /(?<letter>[a-z])/, '$1$1')", "xx1"),
        ("$keys({'p': 1, 'q': 2})", ["p", "q"]),
        ("$fromMillis(0)", "1970-01-01T00:00:00.000Z"),
        ("$toMillis('1970-01-01T00:00:01.000Z')", 1000),
        ("$formatNumber(1234.5, '#,##0.00')", "1,234.50"),
        ("5.5 % 2", 1.5),
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("1 in [true]", False),
        ("'a' in ['a', 'b']", True),
        ("$number('0x1F') + $number('12')", 43),
        ("$exists($states.input.none)", True),
        ("$type($states.input.none)", "null"),
        ("$count(null)", 1),
        ("$count([1, null, [null]])", 3),
        ("$type($states.input.orders[2].total)", "null"),
        ("$string(-0.0)", "0"),
        ("$string($states.input.orders[2].total)", "null"),
        ("$string($states.input.orders[0].lines[sku = 'a'].sku)", "a"),
        ("$states.input.orders[2].total", None),
        ("$map($states.input.orders, function($o) { $o.total })", [10, 7.5, None]),
        ("$string({'a': [1, 'é', null]})", '{"a":[1,"é",null]}'),
        ("$string({'a': 1}, true)", '{\n  "a": 1\n}'),
        ("{'f': $sum, 'v': 1}", {"v": 1}),
        ("null", None),
        ("{% 1 %}", 1),
    ],
)
def test_an_expression_gives_what_jsonata_gives(text, value):
    assert evaluate(text) == value


@pytest.mark.aws("recorded")
def test_states_holds_what_the_state_has():
    held: dict[str, Any] = {
        "input": 1,
        "context": {"State": {"Name": "S"}},
        "result": {"r": 2},
        "error_output": {"Error": "E"},
    }
    full = Scope(**held, variables={"v": [1, 2]})
    for text, value in {
        "$states.input": 1,
        "$states.context.State.Name": "S",
        "$states.result.r": 2,
        "$states.errorOutput.Error": "E",
        "$v": [1, 2],
        "$v[1]": 2,
        "$states": {"input": 1, "context": {"State": {"Name": "S"}}, "result": {"r": 2}, "errorOutput": {"Error": "E"}},
    }.items():
        assert compile_expression(text)(full) == value
    assert compile_expression("$states.input = $states.result.r")(full) is False


@pytest.mark.aws("recorded")
def test_numbers_are_doubles_and_whole_ones_are_integers():
    assert json.dumps(evaluate("$states.input.whole")) == "3"
    assert json.dumps(evaluate("[1.0, 2.5, 4 / 2]")) == "[1, 2.5, 2]"
    assert evaluate("$states.input.big") == 9007199254740993, "a value that is passed on keeps its digits"
    assert evaluate("$states.input.big + 0") == 9007199254740992, "arithmetic is done in doubles"
    assert evaluate("$parse('{\"n\":9223372036854775807}').n") == 9223372036854775807
    assert evaluate("1/0") == "Infinity"
    assert evaluate("{'k': [-1/0, 0/0]}") == {"k": ["-Infinity", "NaN"]}


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1e20", "100000000000000000000"),
        ("-1.5e20", "-150000000000000000000"),
        ("1e21", "1e+21"),
        ("1e-6", "0.000001"),
        ("1e-7", "1e-7"),
        ("1/3", "0.333333333333333"),
        ("999999999999999868928", "999999999999999900000"),
        ("$parse('{\"n\":9223372036854775808}').n", "9223372036854776000"),
        ("0.1 + 0.2", "0.3"),
        ("100", "100"),
    ],
)
def test_string_prints_numbers_as_javascript_does(text, shown):
    assert evaluate(f"$string({text})") == shown


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$partition([0, 1, 2, 3], 3)", [[0, 1, 2], [3]]),
        ("$partition([0], 5)", [[0]]),
        ("$partition([1, 2, 3])", [[1, 2, 3]]),
        ("$partition([1, 2, 3, 4, 5], 2.9)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(10, 0, -5)", [10, 5, 0]),
        ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
        ("$range(3, 3, 1)", 3),
        ("$hash('Hello', 'MD5')", "8b1a9953c4611296a827abf8c47804d7"),
        ("$hash('ñ', 'MD5')", "94e9342ecbb1458b6043ecd3bfcbc192"),
        ("$random(42)", 0.7275636800328681),
        ("$random(0.9) = $random(0)", True),
        ("$uuid() = $uuid()", False),
        ('$parse(\'{"b":1.0,"a":[null]}\')', {"b": 1, "a": [None]}),
        ("$exists($parse('null'))", True),
        ("$map(['{\"a\":1}', '{\"a\":2}'], $parse).a", [1, 2]),
    ],
)
def test_functions_that_aws_adds(text, value):
    assert evaluate(text) == value


@pytest.mark.aws("documented")
def test_uuid_and_unseeded_random_numbers():
    assert uuid.UUID(evaluate("$uuid()")).version == 4
    drawn = [evaluate("$random()") for _ in range(5)]
    assert len(set(drawn)) == 5
    assert all(0 <= number < 1 for number in drawn)


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    "text",
    [
        "$states.input.absent",
        "$nothing",
        "$nothing.deeper",
        "$states.input.name.first",
        "$states.result",
        "$partition([], 2)",
        "$partition([1], 0)",
        "$partition([1], -0.5)",
        "$range(5, 1, 1)",
        "$range(1, 5, 0)",
        "$range(1, 5)",
        "$hash('a')",
        "$parse()",
    ],
)
def test_an_undefined_result_fails(text):
    assert cause_of(text) == "returned nothing (undefined)."


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("$states.input.name + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("1 + {}", 'T2002: The right side of the "+" operator must evaluate to a number'),
        ("$sum(['a'])", 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ("$each('x', function($v){$v})", 'T0410: Argument 1 of function "each" does not match function signature'),
        ("$parse(null)", 'T0410: Argument 1 of function "parse" does not match function signature'),
        ("$sqrt(-1)", "D3060: The sqrt function cannot be applied to a negative number: -1"),
        ("$split('a','b',-1)", "D3020: Third argument of split function must evaluate to a positive number"),
        (
            "$reduce([1,2], function($a){$a})",
            "D3050: The second argument of reduce function must be a function with at least two arguments",
        ),
        ("$eval('1+1')", "T1006: Attempted to invoke a non-function"),
        ("$partition([1,2,3], -1)", "D3137: Second argument must be zero or greater"),
        ("$error('boo')", "D3137: boo"),
        ("$replace('a','','b')", "D3010: Second argument of replace function cannot be an empty string"),
        ("1 < 'a'", 'T2009: The values 1 and "a" either side of operator "<" must be of the same data type'),
        ("$number('abc')", 'D3030: Unable to cast value to a number: "abc"'),
        ("$lowercase(null)", 'T0410: Argument 1 of function "lowercase" does not match function signature'),
    ],
)
def test_a_failed_expression_is_told_with_its_code(text, tail):
    assert cause_of(text) == f"threw an error during evaluation. {tail}"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    "text",
    ["$range(1)", "$hash(42,'MD5')", "$hash('a', 5)", "$uuid('seed')", "$random(1, 2)", "$parse('{}', 'x')"],
)
def test_added_functions_check_their_arguments(text):
    assert "T0410: Argument" in cause_of(text)


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("text", ["''", "' '", '\'{"a":1}{"b":2}\'', '\'{"a":1,"a":2}\'', "'1e400'", "'NaN'", "'x'"])
def test_parse_refuses_what_aws_refuses(text):
    assert "D3137: Invalid JSON" in cause_of(f"$parse({text})")


MEMORY = (
    "threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage"
)


@pytest.mark.aws("recorded")
def test_sequences_and_padding_are_bounded_as_measured():
    assert evaluate("[1..873782] ~> $count()") == 873_782
    assert cause_of("[1..873783] ~> $count()") == MEMORY
    assert evaluate("$count($range(1, 360145, 1))") == 360_145
    assert cause_of("$range(1, 360146, 1)") == MEMORY
    assert evaluate("$length($pad($pad('', 131072, 'x'), 262145, 'x'))") == 262_145
    assert cause_of("$length($pad('',262145,'x'))") == MEMORY


@pytest.mark.aws("recorded")
def test_nesting_is_bounded_as_measured():
    assert evaluate("+".join(["1"] * 100)) == 100
    assert cause_of("+".join(["1"] * 101)).endswith("Consider rewriting as tail-recursive. Depth=101 max=100")
    recursion = "($f := function($x){ $x <= 0 ? 0 : 1 + $f($x-1) }; $f(30))"
    assert evaluate(recursion) == 30


@pytest.mark.aws("documented")
def test_a_loop_without_end_is_ended(monkeypatch):
    monkeypatch.setattr(jsonata_engine, "MAX_SECONDS", 0.05)
    tail = "threw an error during evaluation: Expression evaluation timeout: Check for infinite loop"
    assert cause_of("($f := function($x){ $f($x+1) }; $f(1))") == tail


@pytest.mark.aws("recorded")
def test_names_in_later_steps_predicates_and_groups_are_read_from_the_step_before():
    for text in (
        "$states.input.orders[total = 10].id",
        "$states.input.orders{id: total}",
        "$states.input.orders^(id).id",
    ):
        assert evaluate(text)


@pytest.mark.aws("documented")
def test_a_function_is_no_result():
    assert cause_of("$sum") == "returned an unsupported result type."


@pytest.mark.aws("documented")
def test_evaluation_leaves_the_scope_as_it_was():
    value, variables = copy.deepcopy(ORDERS), {"v": [3, 1, 2]}
    for text in (
        "$sort($v)",
        "$reverse($v)",
        "$append($v, 4)",
        "$append($states.input.orders, $v)",
        "$states.input.orders ~> |lines|{'n': 0}|",
        "$states.input.orders.$merge([$, {'id': 'x'}])",
        "$map($states.input.orders, function($o) { $o.lines })",
        "$shuffle($v)",
        "$states.input",
    ):
        evaluate(text, value, variables=variables)
    assert value == ORDERS
    assert variables == {"v": [3, 1, 2]}


@pytest.mark.aws("documented")
def test_one_compiled_expression_serves_many_scopes_and_others_between():
    doubled, clock = compile_expression("$states.input.n * $k"), compile_expression("$now()")
    for number in range(3):
        assert doubled(Scope(input={"n": number}, context={}, variables={"k": 10})) == number * 10
        assert clock(Scope(input=None, context={})) > "2026"
        with pytest.raises(QueryEvaluationError):
            compile_expression("$states.input.n + 'x'")(Scope(input={"n": 1}, context={}))


@pytest.mark.aws("documented")
def test_time_stands_still_within_an_evaluation_and_moves_between_them():
    first = evaluate("[$millis(), $millis()]")
    assert first[0] == first[1]
    assert evaluate("$millis()") >= first[0]


NAMES = ["a", "b", "c"]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 2.5, "", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=300)
@given(
    DOCUMENTS,
    st.sampled_from(["$states.input", "$states.result", "$states.context", "$v"]),
    st.lists(st.sampled_from(NAMES), max_size=3),
)
def test_the_quick_way_of_simple_paths_answers_as_the_full_one(document, root, names):
    scope = Scope(
        input=document,
        context=document if isinstance(document, dict) else {},
        variables={"v": document},
        result=document,
    )
    text = ".".join([root, *names])

    def answer(expression):
        try:
            return compile_expression(expression)(scope)
        except QueryEvaluationError as failure:
            return str(failure.cause).replace(expression, "")

    quick, full = answer(text), answer(f"({text})")
    assert json.dumps(quick) == json.dumps(full)
    assert scope.error_output is MISSING
