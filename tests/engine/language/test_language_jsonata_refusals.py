"""JSONata expressions that are refused when they are compiled."""

from __future__ import annotations

import pytest

from local.stepfunctions.language import LanguageError, compile_expression
from local.stepfunctions.scope import Scope


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a[1,2)", 'Expected "]", got ","'),
        ('"unterminated', "String literal must be terminated by a matching quote"),
        ("1 +", "Unexpected end of expression"),
        ('{"a":}', 'The symbol "}" cannot be used as a unary operator'),
        ("$x :=", "Unexpected end of expression"),
        ('$match("a", /abc', "No terminating / in regular expression"),
    ],
)
def test_an_expression_that_cannot_be_read_is_refused_when_it_is_compiled(text, message):
    with pytest.raises(LanguageError) as refusal:
        compile_expression(text)
    assert (refusal.value.code, refusal.value.message) == ("INVALID_JSONATA_EXPRESSION", message)


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phone", "Reference to 'phone' at the top level is not supported."),
        ("phone.number", "Reference to 'phone' at the top level is not supported."),
        ("1 + count", "Reference to 'count' at the top level is not supported."),
        ("$map([1], function($x) { b })", "Reference to 'b' at the top level is not supported."),
        ("{'k': b}", "Reference to 'b' at the top level is not supported."),
        ("$$", "Reference to '$$' is not supported."),
        ("$states.inputs.a", "Field '$states.inputs' does not exist."),
    ],
)
def test_names_without_a_place_to_be_read_from_are_refused(text, message):
    with pytest.raises(LanguageError) as refusal:
        compile_expression(text)
    assert (refusal.value.code, refusal.value.message) == ("UNSUPPORTED_JSONATA_EXPRESSION", message)


@pytest.mark.aws("recorded")
def test_the_error_of_a_catch_may_be_refused_elsewhere():
    with pytest.raises(LanguageError, match=r"Field '\$states.errorOutput' does not exist"):
        compile_expression("$states.errorOutput.Error", catching=False)
    caught = Scope(input=1, context={}, error_output={"Error": "E"})
    assert compile_expression("$states.errorOutput.Error")(caught) == "E"
