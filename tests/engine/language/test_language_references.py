"""Which variables a state is said to read."""

from __future__ import annotations

import pytest

from local.stepfunctions.language import variable_references


@pytest.mark.aws("recorded")
def test_each_state_lists_the_variables_that_its_fields_read():
    definition = {
        "StartAt": "Set",
        "States": {
            "Set": {"Type": "Pass", "Assign": {"x": 1, "y.$": "$.y"}, "Result": {"a.$": "$no"}, "Next": "Look"},
            "Look": {
                "Type": "Choice",
                "Choices": [
                    {"And": [{"Variable": "$guess", "StringEqualsPath": "$answer"}], "Next": "Use"},
                    {"Variable": "$.n", "StringEquals": "$literal", "Next": "Use", "Assign": {"z.$": "$more"}},
                ],
            },
            "Use": {
                "Type": "Task",
                "InputPath": "$in.deep",
                "Parameters": {
                    "sum.$": "States.MathAdd(States.MathAdd($b, $.x), $a)",
                    "list": [{"c.$": "$c[0]"}],
                    "text": "$not",
                    "somePath": "$not",
                },
                "ResultPath": "$.r",
                "OutputPath": "$out",
                "TimeoutSecondsPath": "$t",
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Stop", "Assign": {"e.$": "$caught"}}],
            },
            "Stop": {"Type": "Fail", "CausePath": "States.Format('{}', $why)", "ErrorPath": "$$.State.Name"},
        },
    }
    assert variable_references(definition) == {
        "Look": ["answer", "guess", "more"],
        "Stop": ["why"],
        "Use": ["a", "b", "c", "caught", "in", "out", "t"],
    }


@pytest.mark.aws("recorded")
def test_states_of_maps_and_branches_are_listed_under_their_own_names():
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "Parameters": {"q.$": "$q"}, "End": True}}}
    leaf = {"StartAt": "Leaf", "States": {"Leaf": {"Type": "Pass", "InputPath": "$p", "End": True}}}
    definition = {
        "States": {
            "Each": {
                "Type": "Map",
                "ItemsPath": "$items",
                "ItemReader": {"ReaderConfig": {"MaxItemsPath": "$most"}, "Parameters": {"Key.$": "$key"}},
                "ItemSelector": {"v.$": "$$.Map.Item.Value", "plain": "$bucket"},
                "ItemBatcher": {"MaxItemsPerBatchPath": "$size", "BatchInput": {"b.$": "$batch"}},
                "ToleratedFailureCountPath": "$tolerated",
                "ItemProcessor": inner,
            },
            "Both": {"Type": "Parallel", "Branches": [leaf]},
        }
    }
    assert variable_references(definition) == {
        "Each": ["batch", "items", "key", "most", "size", "tolerated"],
        "In": ["q"],
        "Leaf": ["p"],
    }


@pytest.mark.aws("recorded")
def test_jsonata_states_list_free_variables_only():
    definition = {
        "QueryLanguage": "JSONata",
        "States": {
            "Ask": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.done and $limit > 3 %}", "Output": {"o": "{% $o %}"}}],
            },
            "Work": {
                "Type": "Pass",
                "Output": {
                    "a": "{% ($own := $given; $map($list, function($v) { $v + $own + $sum([1]) })) %}",
                    "b": ["plain $text", "{% $string($deep.x.y) %}"],
                    "c": "{% $list@$l#$i.{'l': $l, 'i': $i} %}",
                },
            },
            "Constant": {"Type": "Choice", "Choices": [{"Condition": True, "Next": "Work"}]},
        },
    }
    assert variable_references(definition) == {"Ask": ["limit", "o"], "Work": ["deep", "given", "list"]}


@pytest.mark.aws("recorded")
def test_a_jsonata_state_in_a_jsonpath_machine_is_read_as_jsonata():
    definition = {
        "States": {
            "New": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"old": "{% $theAnswer %}", "x": "$no"}},
            "Old": {"Type": "Pass", "Assign": {"text": "{% $theAnswer %}", "v.$": "$theAnswer.x"}},
        }
    }
    assert variable_references(definition) == {"New": ["theAnswer"], "Old": ["theAnswer"]}
