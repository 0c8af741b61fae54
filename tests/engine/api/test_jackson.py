"""What AWS's JSON parser says of texts that are not JSON."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stepfunctions import jackson

DIGIT = "expected digit (0-9) to follow minus sign, for valid numeric value"
VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
PIECES = [*'{}[],:"\\10-. \nxé', '"a"', "u00e9", "e+", "true", "nul"]


@pytest.mark.aws("documented")
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_exactly_what_is_not_json_has_a_fault(text: str) -> None:
    try:
        orjson.loads(text)
        valid = True
    except orjson.JSONDecodeError:
        valid = not text.strip()  # blank texts are told apart by those who ask
    assert (jackson.find_fault(text) is None) == valid


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope", f"Unrecognized token 'nope': was expecting {VALUES}"),
        ("NaN", "Non-standard token 'NaN': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"),
        ("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"),
        ('{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value"),
        ("{a: 1}", "Unexpected character ('a' (code 97)): was expecting double-quote to start field name"),
        ("[日]", f"Unrecognized token '日': was expecting {VALUES}"),
        ("[€]", f"Unexpected character ('€' (code 8364 / 0x20ac)): expected a valid value {VALUES}"),
        ("01", "Invalid numeric value: Leading zeroes not allowed"),
        (
            "-x",
            f"Unexpected character ('x' (code 120)) in numeric value: {DIGIT}",
        ),
        ('"a', "Unexpected end-of-input: was expecting closing quote for a string value"),
        (r'"\q"', "Unrecognized character escape 'q' (code 113)"),
        (
            '"a\nb"',
            (
                "Illegal unquoted character ((CTRL-CHAR, code 10)): "
                "has to be escaped using backslash to be included in string value"
            ),
        ),
        (
            "[1}",
            (
                "Unexpected close marker '}': expected ']' "
                '(for Array starting at [Source: (String)"[1}"; line: 1, column: 1])'
            ),
        ),
        (
            '{"a": [',
            (
                "Unexpected end-of-input: expected close marker for Array "
                '(start marker at [Source: (String)"{"a": ["; line: 1, column: 7])'
            ),
        ),
    ],
)
def test_a_fault_is_told_in_the_words_of_the_library(text: str, message: str) -> None:
    fault = jackson.find_fault(text)
    assert fault is not None
    assert fault.message == message


@pytest.mark.aws("documented")
@pytest.mark.parametrize(("ending", "line"), [("\n", 2), ("\r\n", 2), ("\r", 2), (" ", 1)])
def test_lines_and_columns_are_counted_from_one(ending: str, line: int) -> None:
    fault = jackson.find_fault(f'{{"é": 1,{ending}  x}}')
    assert fault is not None
    assert (fault.line, fault.column) == (line, 4 if line == 2 else 13)


@pytest.mark.aws("documented")
def test_a_long_text_is_quoted_by_its_beginning() -> None:
    quoted = jackson.location("x" * 501, 3, 7)
    assert quoted == f'[Source: (String)"{"x" * 500}"[truncated 1 chars]; line: 3, column: 7]'


@pytest.mark.aws("documented")
def test_a_deep_text_is_read_to_its_end() -> None:
    fault = jackson.find_fault("[" * 100_000)
    assert fault is not None
    assert fault.message.startswith("Unexpected end-of-input: expected close marker for Array")
    assert jackson.find_fault("[" * 100_000 + "]" * 100_000) is None
