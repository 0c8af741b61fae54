"""Assign blocks: names, order, sizes."""

from __future__ import annotations

import pytest

from local.stepfunctions.errors import DataLimitExceeded, QueryEvaluationError
from local.stepfunctions.language import LanguageError, check_total, compile_assign
from local.stepfunctions.scope import Scope


@pytest.mark.aws("recorded")
def test_all_values_are_read_before_any_is_set(scope):
    given = scope({"n": 4}, variables={"x": 3})
    swap = compile_assign({"x": "{% $x + 1 %}", "old": "{% $x %}", "k": [1]}, language="JSONata")
    assert swap(given) == {"x": 4, "old": 3, "k": [1]}
    paths = compile_assign({"x.$": "States.MathAdd($x, $.n)", "old.$": "$x", "k": "$.n"}, language="JSONPath")
    assert paths(given) == {"x": 7, "old": 3, "k": "$.n"}
    assert given.variables == {"x": 3}, "setting them is left to the state"


@pytest.mark.aws("documented")
@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
@pytest.mark.parametrize("name", ["states", "1x", "a-b", "a b", "", "x" * 81])
def test_names_that_no_variable_may_have_are_refused(language, name):
    with pytest.raises(LanguageError, match="variable name"):
        compile_assign({name: 1}, language=language)


@pytest.mark.aws("documented")
def test_the_name_is_what_stands_before_the_dollar():
    set_by = compile_assign({"x" * 80: 1, "_9.$": "$"}, language="JSONPath")
    assert set(set_by(Scope(input=2, context={}))) == {"x" * 80, "_9"}
    with pytest.raises(LanguageError, match="'states'"):
        compile_assign({"states.$": "$"}, language="JSONPath")


@pytest.mark.aws("recorded")
def test_one_variable_is_limited_by_the_bytes_of_its_json(scope):
    assign = compile_assign({"x": "{% $states.input %}"}, language="JSONata")
    assert len(assign(scope("x" * 262_142))["x"]) == 262_142, "with its quotes, exactly the limit"
    with pytest.raises(DataLimitExceeded) as failure:
        assign(scope("x" * 262_143, state="StateName"))
    assert failure.value.name == "States.DataLimitExceeded"
    assert failure.value.cause == (
        "Variable size limit exceeded. Variable 'x' in state 'StateName' was assigned 262145 bytes."
    )
    with pytest.raises(DataLimitExceeded):
        assign(scope("é" * 131_072))


@pytest.mark.aws("recorded")
def test_the_variables_of_one_state_are_limited_together(scope):
    assign = compile_assign({"x.$": "$.v", "y.$": "$.v"}, language="JSONPath")
    assert assign(scope({"v": "x" * 131_070}))
    with pytest.raises(DataLimitExceeded) as failure:
        assign(scope({"v": "x" * 131_071}, state="StateName"))
    assert failure.value.cause == (
        "State total variable size limit exceeded. Variable 'y' in state 'StateName' was assigned 131073 bytes, "
        "which caused the size of variables assigned in the state to exceed its limit by 2 bytes."
    )


@pytest.mark.aws("recorded")
def test_the_variables_of_an_execution_are_limited_together():
    held = {f"v{number}": "x" * 250_000 for number in range(41)}
    check_total(held, state_name="Assign41")
    with pytest.raises(DataLimitExceeded) as failure:
        check_total({**held, "last": "x" * 250_000}, state_name="Assign42")
    assert failure.value.cause == (
        "Execution total variable size limit exceeded. State 'Assign42' assigned variables that exceed the total "
        "execution limit by 14324 bytes."
    )


@pytest.mark.aws("documented")
def test_the_total_may_be_reached_but_not_passed():
    most = {str(number): "x" * (256 * 1024 - 2) for number in range(40)}
    check_total(most, state_name="Last")
    with pytest.raises(DataLimitExceeded, match="by 1 bytes"):
        check_total({**most, "n": 1}, state_name="Last")


@pytest.mark.aws("recorded")
def test_a_failed_value_names_its_variable(scope):
    with pytest.raises(QueryEvaluationError) as failure:
        compile_assign({"x": "{% $states.input.no %}"}, language="JSONata")(scope({}))
    assert failure.value.location == "Assign/x"
