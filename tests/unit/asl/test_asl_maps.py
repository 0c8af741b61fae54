"""Map states: their whole ASL, what their role needs, and the limits that they must keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asl import (
    ActivityTask,
    CsvReader,
    DistributedMap,
    ExecutionType,
    InlineMap,
    ItemBatcher,
    ItemSelector,
    Jsonata,
    LambdaInvoke,
    Pass,
    Path,
    Pattern,
    QueryLanguage,
    ResultWriter,
    Retrier,
    State,
)

DATA, RESULTS = "arn:aws:s3:::data", "arn:aws:s3:::results"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:load"

FULL = DistributedMap(
    "Stations",
    label="Stations",
    execution_type=ExecutionType.STANDARD,
    reader=CsvReader(bucket_arn=DATA, key="a.csv"),
    item_selector=ItemSelector(fields={"key": Path("$$.Map.Item.Value.Key")}),
    batcher=ItemBatcher(max_items=100),
    states=(LambdaInvoke("Load", function_arn=FUNCTION, payload=Path("$"), retry=()),),
    max_concurrency=0,
    tolerated_failure_percentage=0,
    tolerated_failure_count=0,
    writer=ResultWriter(bucket_arn=RESULTS, prefix="runs"),
    retry=(Retrier(errors=("States.ItemReaderFailed",)),),
)


def test_a_distributed_map_with_all_its_parts():
    assert FULL.to_asl() == {
        "Type": "Map",
        "Label": "Stations",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": "data", "Key": "a.csv"},
        },
        "ItemSelector": {"key.$": "$$.Map.Item.Value.Key"},
        "ItemBatcher": {"MaxItemsPerBatch": 100},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Load",
            "States": {
                "Load": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": FUNCTION, "Payload.$": "$"},
                    "End": True,
                }
            },
        },
        "MaxConcurrency": 0,
        "ToleratedFailurePercentage": 0,
        "ToleratedFailureCount": 0,
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "results", "Prefix": "runs"},
        },
        "Retry": [{"ErrorEquals": ["States.ItemReaderFailed"]}],
        "End": True,
    }, "zeros are written: no concurrency limit and no tolerance are not the same as absent"
    assert FULL.problems() == []


def test_a_map_needs_what_its_reader_its_children_and_its_writer_need():
    actions = [action for statement in FULL.statements() for action in statement.actions]
    assert actions == [
        "lambda:InvokeFunction",
        "s3:GetObject",
        "s3:PutObject",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:AbortMultipartUpload",
    ]


def test_an_inline_map_over_a_path():
    state = InlineMap("Parts", items=Path("$.parts"), states=(Pass("One"),), max_concurrency=2)
    assert state.to_asl() == {
        "Type": "Map",
        "ItemsPath": "$.parts",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "One",
            "States": {"One": {"Type": "Pass", "End": True}},
        },
        "MaxConcurrency": 2,
        "End": True,
    }


def test_a_distributed_map_in_jsonata_writes_expressions_in_place():
    state = DistributedMap(
        "All",
        label="All",
        execution_type=ExecutionType.EXPRESS,
        items=Jsonata("$states.input.items"),
        states=(Pass("One"),),
        max_concurrency=Jsonata("$n"),
        tolerated_failure_percentage=Jsonata("$p"),
    )
    rendered = state.to_asl(QueryLanguage.JSONATA)
    assert rendered["Items"] == "{% $states.input.items %}"
    assert rendered["MaxConcurrency"] == "{% $n %}"
    assert rendered["ToleratedFailurePercentage"] == "{% $p %}"
    assert state.problems(QueryLanguage.JSONATA) == []


def test_limits_from_the_input_replace_the_literals():
    rendered = replace(
        FULL, max_concurrency=Path("$.c"), tolerated_failure_percentage=Path("$.p"), tolerated_failure_count=None
    ).to_asl()
    assert rendered["MaxConcurrencyPath"] == "$.c"
    assert rendered["ToleratedFailurePercentagePath"] == "$.p"
    assert not {"MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount"} & rendered.keys()


@pytest.mark.parametrize("label", ["L" * 40, "Run-1_a.b(c)=d'e!@"])
def test_labels_that_are_allowed(label: str):
    assert replace(FULL, label=label).problems() == []


@pytest.mark.parametrize("character", list(' \t\n?*<>{}[]:;,\\|^~$#%&`"\x00\x1f\x7f\x9f'))
def test_characters_that_labels_may_not_have(character: str):
    problems = replace(FULL, label=f"a{character}b").problems()
    assert len(problems) == 1, f"{character!r} must be refused"
    assert "which labels may not" in problems[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": ""}, "label has 1 to 40 characters, got 0"),
        ({"label": "L" * 41}, "label has 1 to 40 characters, got 41"),
        ({"max_concurrency": -1}, "max_concurrency must be 0 to 10,000, got -1"),
        ({"max_concurrency": 10_001}, "max_concurrency must be 0 to 10,000, got 10,001"),
        ({"tolerated_failure_percentage": 100.5}, "tolerated_failure_percentage must be 0 to 100, got 100.5"),
        ({"tolerated_failure_count": -1}, "tolerated_failure_count must be 0 or more, got -1"),
        ({"items": Path("$.items")}, "items is ignored when there is a reader"),
        ({"batcher": ItemBatcher()}, "batcher: a batcher needs"),
        ({"reader": CsvReader(bucket_arn="x", key="a")}, "reader: bucket_arn must be"),
        ({"writer": ResultWriter()}, "writer: a result writer needs"),
        ({"states": ()}, "a flow needs at least one state"),
    ],
)
def test_a_mistake_in_a_distributed_map_is_named(change: dict, message: str):
    problems = replace(FULL, **change).problems()
    assert len(problems) == 1, problems
    assert message in problems[0]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (ActivityTask("Work", activity_arn="arn:aws:states:us-east-1:1:activity:a"), "activities"),
        (
            LambdaInvoke("Load", function_arn=FUNCTION, payload={}, pattern=Pattern.CALLBACK),
            ".waitForTaskToken",
        ),
        (FULL, "a distributed map runs in STANDARD workflows only"),
        (InlineMap("Parts", states=(FULL,)), "a distributed map runs in STANDARD workflows only"),
    ],
)
def test_express_children_cannot_wait_for_the_outside(state: State, message: str):
    express = DistributedMap("Outer", label="Outer", execution_type=ExecutionType.EXPRESS, states=(state,))
    assert any("EXPRESS children cannot run" in text and message in text for text in express.problems())
    standard = replace(express, execution_type=ExecutionType.STANDARD)
    assert standard.problems() == [], "the same states are fine in STANDARD children"


@pytest.mark.parametrize("concurrency", [-1, 41])
def test_inline_maps_run_at_most_forty_at_once(concurrency: int):
    problems = InlineMap("Parts", states=(Pass("One"),), max_concurrency=concurrency).problems()
    assert problems == [f"max_concurrency must be 0 to 40, got {concurrency}"]
