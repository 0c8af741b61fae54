"""Intrinsic functions: values, strictness, and what is said of a call that fails."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.stepfunctions.errors import RuntimeFailure
from local.stepfunctions.language import LanguageError, compile_intrinsic, java
from local.stepfunctions.scope import Scope


def call(text, document=None, **scope):
    return compile_intrinsic(text)(Scope(input={} if document is None else document, context={"N": "a-b"}, **scope))


def cause_of(text, document=None):
    with pytest.raises(RuntimeFailure) as failure:
        call(text, document)
    assert failure.value.name == "States.Runtime", "AWS names a failed function so"
    return failure.value.cause


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "document", "value"),
    [
        ("States.Array()", {}, []),
        ("States.Array($.a, 'x', 1, null, true)", {"a": [2]}, [[2], "x", 1, None, True]),
        ("States.ArrayPartition($.a, 2)", {"a": [1, 2, 3]}, [[1, 2], [3]]),
        ("States.ArrayPartition($.a, 2.9)", {"a": [1, 2, 3]}, [[1, 2], [3]]),
        ("States.ArrayPartition($.a, 3)", {"a": []}, []),
        ("States.ArrayContains($.a, 2)", {"a": [1, 2]}, True),
        ("States.ArrayContains($.a, '2')", {"a": [1, 2]}, False),
        ("States.ArrayRange(0, 10, 4)", {}, [0, 4, 8]),
        ("States.ArrayRange(3, 3, -1)", {}, [3]),
        ("States.ArrayRange(5, 1, 1)", {}, []),
        ("States.ArrayRange(5.4, -0.6, -2.4)", {}, [5, 3, 1]),
        ("States.ArrayGetItem($.a, 1)", {"a": ["x", "y"]}, "y"),
        ("States.ArrayGetItem($.a, 1.9)", {"a": ["x", "y"]}, "y"),
        ("States.ArrayGetItem($.a, 9)", {"a": []}, None),
        ("States.ArrayLength($.a)", {"a": [None, None]}, 2),
        ("States.ArrayUnique($.a)", {"a": [1, 2, 2, 3, 1]}, [1, 2, 3]),
        ("States.ArrayUnique($.a)", {"a": [True, False, True]}, [False, True]),
        ("States.ArrayUnique($.a)", {"a": [[1, 2], [1, 2], [2, 1]]}, [[2, 1], [1, 2]]),
        ("States.Base64Encode($.a)", {"a": "some text"}, "c29tZSB0ZXh0"),
        ("States.Base64Decode('c29tZSB0ZXh0')", {}, "some text"),
        ("States.Base64Decode('ab==cd')", {}, "i"),
        ("States.Base64Decode('aGk')", {}, "hi"),
        ("States.Hash('abc', 'SHA-1')", {}, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("States.Hash('', 'MD5')", {}, "d41d8cd98f00b204e9800998ecf8427e"),
        ("States.JsonMerge($.a, $.b, false)", {"a": {"x": {"p": 1}}, "b": {"x": {"q": 2}}}, {"x": {"q": 2}}),
        ("States.JsonMerge($.a, $.a, 'no boolean')", {"a": {"x": 1}}, {"x": 1}),
        ("States.StringToJson($.a)", {"a": ""}, None),
        ("States.StringToJson($.a)", {"a": ' {"x": [1.5, null]} '}, {"x": [1.5, None]}),
        ("States.JsonToString($.a)", {"a": {"x": [1, "é", None, True]}}, '{"x":[1,"é",null,true]}'),
        ("States.MathAdd($.a, -1)", {"a": 111}, 110),
        ("States.MathAdd(1.5, 1.51)", {}, 4),
        ("States.MathAdd(-1.5, 0)", {}, -1),
        ("States.MathAdd(-2.5, -0.5)", {}, -2),
        ("States.MathAdd(2147483646, 1)", {}, 2147483647),
        ("States.MathAdd(-2147483647, -1)", {}, -2147483648),
        ("States.StringSplit('1+2,3.4', '.+,')", {}, ["1", "2", "3", "4"]),
        ("States.StringSplit(',a,,b,', ',')", {}, ["a", "b"]),
        ("States.StringSplit($$.N, '-')", {}, ["a", "b"]),
        ("States.StringSplit('a]b^c', ']^')", {}, ["a", "b", "c"]),
        ("States.ArrayGetItem(States.StringSplit($$.N, '-'), States.MathAdd(2, -1))", {}, "b"),
    ],
)
def test_a_function_gives_what_aws_gives(text, document, value):
    assert call(text, document) == value


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "document", "value"),
    [
        ("States.Format('{}-{}', $.a, $.b)", {"a": "x", "b": 2}, "x-2"),
        ("States.Format('n={}', $.a)", {"a": None}, "n=null"),
        ("States.Format('{}', $.a)", {"a": 1.1}, "1.1"),
        ("States.Format('{}', $.a)", {"a": {"k": [1, "t", False, None]}}, "{k=[1, t, false, null]}"),
        ("States.Format('no hole')", {}, "no hole"),
        ("States.Format($.t, 'x')", {"t": "<{}>"}, "<x>"),
        (r"States.Format('\'{}\' \{\} \\', 1)", {}, "'1' {} \\"),
        ("States.Format('{}', States.StringToJson('\"x\"'))", {}, '"x"'),
        ("States.Format('{}', States.JsonToString($.a))", {"a": {"k": 1}}, '{"k":1}'),
    ],
)
def test_format_prints_values_as_java_does(text, document, value):
    assert call(text, document) == value


@pytest.mark.aws("recorded")
def test_numbers_from_ten_million_on_are_printed_with_an_exponent():
    assert call("States.JsonToString($.t)", {"t": 1790204286.0}) == "1.790204286E9"
    assert call("States.Format('{}', $.t)", {"t": 1790204286}) == "1790204286", "an integer is not"


@pytest.mark.aws("recorded")
def test_a_failed_call_is_quoted_whole_with_the_function_that_refused():
    assert cause_of("States.ArrayLength($.value)", {"value": 4}) == (
        "There was an error while evaluating the intrinsic function: States.ArrayLength($.value). "
        "Invalid arguments in States.ArrayLength"
    )


@pytest.mark.aws("recorded")
def test_a_path_that_finds_nothing_is_named_with_the_input():
    assert cause_of("States.Format('{}', $.nope)", {"other": 1}) == (
        "The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument for the field "
        "'$.nope' could not be found in the input '{\"other\":1}'"
    )
    nested = cause_of("States.Array(States.ArrayLength( $.nope ))", {})
    assert nested.startswith("The function 'States.Array(States.ArrayLength( $.nope ))' had"), "the call as written"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("States.Format('{} {}', 1)", "number of arguments do not match the occurrences of {}."),
        ("States.Format('{', 1)", "Invalid template in States.Format: matching '}' not found for '{'."),
        ("States.Format('{{}}', 1)", "Invalid template in States.Format: matching '}' not found for '{'."),
    ],
)
def test_a_template_that_does_not_fit_fails_when_the_state_runs(text, tail):
    assert cause_of(text).endswith(tail)


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    "text",
    [
        "States.ArrayPartition('x', 2)",
        "States.ArrayPartition($.a, 0.6)",
        "States.ArrayPartition($.a, -1)",
        "States.ArrayPartition($.a, '2')",
        "States.ArrayRange(1, 10, 0.49)",
        "States.ArrayRange(1, 1001, 1)",
        "States.ArrayRange('a', 5, 1)",
        "States.ArrayGetItem($.a, 3)",
        "States.ArrayGetItem($.a, -1)",
        "States.ArrayUnique($.o)",
        "States.Base64Encode(1)",
        "States.Base64Decode($.long)",
        "States.Hash('x', 'md5')",
        "States.Hash($.o, 'MD5')",
        "States.JsonMerge($.o, $.o, true)",
        "States.JsonMerge($.a, $.o, false)",
        "States.StringToJson('{bad}')",
        "States.StringToJson('NaN')",
        "States.StringToJson(1)",
        "States.MathAdd(2147483647, 1)",
        "States.MathAdd(3000000000, 1)",
        "States.MathAdd('1', 1)",
        "States.MathAdd(true, 1)",
        "States.MathAdd(null, 1)",
        "States.MathRandom(1, 1)",
        "States.MathRandom(1.4, 1.6)",
        "States.MathRandom(1, 9, 'seed')",
        "States.StringSplit(1, ',')",
        "States.StringSplit('a', null)",
    ],
)
def test_values_of_the_wrong_type_or_range_are_refused(text):
    document = {"a": [1, 2, 3], "o": {}, "long": "A" * 10_001}
    assert "Invalid arguments in States." in cause_of(text, document)


@pytest.mark.aws("documented")
def test_limits_are_reached_but_not_passed():
    assert len(call("States.ArrayRange(1, 1000, 1)")) == 1000
    assert len(call("States.Base64Encode($.a)", {"a": "A" * 10_000})) > 10_000


@pytest.mark.aws("documented")
def test_random_numbers_stay_in_their_range_and_a_seed_repeats_them():
    drawn = {call("States.MathRandom(-2, 2)") for _ in range(200)}
    assert drawn == {-2, -1, 0, 1}, "the end is left out"
    assert call("States.MathRandom(1, 1000, 42)") == call("States.MathRandom(1, 1000, 42)")
    assert 1 <= call("States.MathRandom(1, 1000, -42)") < 1000


@pytest.mark.aws("recorded")
def test_seeded_numbers_are_those_of_java():
    assert java.Random(42).unit() == 0.7275636800328681
    assert java.Random(0).unit() == 0.730967787376657


@pytest.mark.aws("documented")
def test_each_uuid_is_new_and_of_version_4():
    made = {call("States.UUID()") for _ in range(5)}
    assert len(made) == 5
    assert {uuid.UUID(text).version for text in made} == {4}


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    "text",
    [
        "States.Nope()",
        "States.MathAdd(1)",
        "States.MathAdd(1, 2, 3)",
        "States.UUID('x')",
        "States.Format()",
        "States.Array(1",
        "States.Array(1,)",
        "States.Array(1) x",
        "States.Array('x)",
        r"States.Array('\d')",
        "States.Array(x)",
        "States.Array($.[)",
        "States.Array($.a",
        "Format('x')",
        "States.Array(" * 11 + ")" * 11,
    ],
)
def test_what_is_no_call_is_refused_when_it_is_compiled(text):
    with pytest.raises(LanguageError) as refusal:
        compile_intrinsic(text)
    assert refusal.value.detail


@pytest.mark.aws("documented")
def test_functions_may_be_nested_ten_deep():
    assert json.dumps(call("States.Array(" * 10 + ")" * 10)) == "[" * 10 + "]" * 10


@pytest.mark.aws("documented")
def test_paths_with_commas_brackets_and_quotes_are_read_to_their_end():
    document = {"r": [{"n": "a,b)", "v": 1}, {"n": "c", "v": 2}]}
    assert call("States.ArrayGetItem($.r[?(@.n == 'a,b)')].v, 0)", document) == 1
    assert call("States.Array($['r'][0,1].v, $x)", document, variables={"x": 9}) == [[1, 2], 9]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=150)
@given(JSONS)
def test_json_survives_the_way_to_text_and_back(value):
    assert call("States.StringToJson(States.JsonToString($.v))", {"v": value}) == value


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=100)
@given(TEXTS)
def test_text_survives_base64_and_format(value):
    assert call("States.Base64Decode(States.Base64Encode($.v))", {"v": value}) == value
    assert call("States.Format('<{}>', $.v)", {"v": value}) == f"<{value}>"


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=150)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_reads_back_as_the_same_number(value):
    text = java.number_text(value)
    assert Decimal(text) == Decimal(repr(value))
    assert ("E" in text) == (value != 0 and not 1e-3 <= abs(value) < 1e7), "Java's rule for exponents"


@pytest.mark.aws("documented")
@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(-40, 40) | st.sampled_from(["a", "b", None, True, 1.0, 2**40]), max_size=40))
def test_unique_keeps_each_value_once(values):
    found = java.distinct(values)
    marks = [(type(value), value) for value in found]
    assert sorted(map(repr, set(marks))) == sorted(map(repr, marks)), "no value twice"
    assert {(type(value), value) for value in values} == set(marks), "and none lost"


@pytest.mark.aws("documented")
def test_unique_values_stand_in_the_order_of_javas_hash_set():
    unique = compile_intrinsic("States.ArrayUnique($)")
    for value, order in (
        (["hello", "world", "hello"], ["world", "hello"]),
        ([16, 1, 0], [16, 0, 1]),
        (list(range(13, 0, -1)), list(range(1, 14))),
    ):
        assert unique(Scope(input=value, context={})) == order
