"""Valid definitions that use most of what there is, for tests that change them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from tests.engine.memory import machine

_RENDERED = Path(__file__).parents[1] / "definitions"
_ALL = ["States.ALL"]
_RETRY = [{"ErrorEquals": _ALL, "MaxAttempts": 1, "IntervalSeconds": 1, "BackoffRate": 1.5, "JitterStrategy": "FULL"}]
_GET = "arn:aws:states:::aws-sdk:s3:getObject"

PATHS = machine(
    Make={
        "Type": "Pass",
        "Parameters": {
            "list.$": "States.ArrayRange(1, 5, 1)",
            "text.$": "States.Format('{} of {}', $$.State.Name, $$.Execution.Name)",
            "merged.$": "States.JsonMerge($.a, States.StringToJson('{\"c\":1}'), false)",
            "found.$": "$.rows[?(@.n > 1 && @.name == 'x')].n",
            "sum.$": "States.MathAdd($.rows[0].n, 1)",
        },
        "ResultPath": "$.made",
        "Assign": {"first.$": "$.list[0]"},
        "Next": "Choose",
    },
    Choose={
        "Type": "Choice",
        "Choices": [
            {
                "And": [{"Variable": "$.made.sum", "NumericGreaterThan": 10}, {"Variable": "$.a", "IsPresent": True}],
                "Next": "Broken",
            },
            {"Not": {"Variable": "$.made.text", "StringMatches": "*of*"}, "Next": "Broken"},
        ],
        "Default": "Pause",
    },
    Pause={"Type": "Wait", "Seconds": 0, "Next": "Both"},
    Both={
        "Type": "Parallel",
        "Branches": [
            machine(Q={"Type": "Pass", "End": True}),
            machine(R={"Type": "Wait", "SecondsPath": "$.zero", "End": True}),
        ],
        "ResultSelector": {"left.$": "$[0].a", "right.$": "$[1].rows"},
        "ResultPath": "$.both",
        "Catch": [{"ErrorEquals": _ALL, "Next": "Each", "ResultPath": "$.error"}],
        "Next": "Each",
    },
    Each={
        "Type": "Map",
        "ItemsPath": "$.rows",
        "ItemSelector": {"n.$": "$$.Map.Item.Value.n", "at.$": "$$.Map.Item.Index"},
        "MaxConcurrency": 2,
        "ItemProcessor": machine(S={"Type": "Pass", "OutputPath": "$.n", "End": True}),
        "ResultPath": "$.each",
        "Next": "Call",
    },
    Call={
        "Type": "Task",
        "Resource": _GET,
        "Parameters": {"Bucket": "in", "Key.$": "$.key"},
        "TimeoutSeconds": 5,
        "HeartbeatSeconds": 2,
        "ResultSelector": {"length.$": "$.ContentLength"},
        "ResultPath": "$.called",
        "Catch": [{"ErrorEquals": ["S3.NoSuchKeyException"], "Next": "Broken"}],
        "Next": "Wide",
    },
    Wide={
        "Type": "Map",
        "Label": "Wide",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 5},
            "Parameters": {"Bucket": "in", "Key": "rows.csv"},
        },
        "ItemSelector": {"row.$": "$$.Map.Item.Value", "from.$": "$$.Map.Item.Source"},
        "ItemBatcher": {"MaxItemsPerBatch": 2, "MaxInputBytesPerBatch": 1000, "BatchInput": {"key.$": "$.key"}},
        "MaxConcurrency": 3,
        "ToleratedFailurePercentage": 50,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            **machine(U={"Type": "Pass", "End": True}),
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "out", "Prefix.$": "$.key"},
            "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"},
        },
        "Retry": [{"ErrorEquals": ["States.ItemReaderFailed"], "MaxAttempts": 0}],
        "Next": "Done",
    },
    Done={"Type": "Succeed", "InputPath": "$.ResultWriterDetails"},
    Broken={"Type": "Fail", "Error": "Broken", "CausePath": "$.key"},
)
EXPRESSIONS = {
    "QueryLanguage": "JSONata",
    "TimeoutSeconds": 30,
    **machine(
        Make={
            "Type": "Pass",
            "Output": {
                "sum": "{% $sum($states.input.rows.n) %}",
                "names": "{% $states.input.rows[n > 1].name %}",
                "by": "{% $states.input.rows{name: $count(n)} %}",
            },
            "Assign": {"rows": "{% $states.input.rows %}", "key": "{% $states.input.key %}"},
            "Next": "Choose",
        },
        Choose={
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.sum > 100 %}", "Next": "Broken", "Assign": {"big": True}}],
            "Default": "Pause",
        },
        Pause={"Type": "Wait", "Seconds": "{% 0 * $states.input.sum %}", "Next": "Each"},
        Each={
            "Type": "Map",
            "Items": "{% $rows %}",
            "ItemSelector": {"n": "{% $states.context.Map.Item.Value.n %}"},
            "ItemProcessor": machine(S={"Type": "Pass", "Output": "{% $states.input.n & 'x' %}", "End": True}),
            "Next": "Wide",
        },
        Wide={
            "Type": "Map",
            "Label": "Wide",
            "Items": "{% $append($states.input, [1..5]) %}",
            "ItemBatcher": {"MaxItemsPerBatch": "{% 1 + 1 %}", "BatchInput": {"key": "{% $key %}"}},
            "ToleratedFailureCount": "{% 1 %}",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                **machine(V={"Type": "Pass", "Output": "{% $states.input.Items[0] %}", "End": True}),
            },
            "Catch": [{"ErrorEquals": _ALL, "Next": "Broken", "Output": "{% $states.errorOutput.Error %}"}],
            "Next": "Call",
        },
        Call={
            "Type": "Task",
            "Resource": _GET,
            "Arguments": {"Bucket": "in", "Key": "{% $key %}"},
            "Output": "{% $states.result.ContentLength %}",
            "Retry": _RETRY,
            "Next": "Done",
        },
        Done={"Type": "Succeed", "Output": {"all": "{% $states.context.Execution.Input %}"}},
        Broken={"Type": "Fail", "Error": "{% 'Bro' & 'ken' %}", "Cause": "no reason"},
    ),
}

INPUT = {"a": {"b": 1}, "zero": 0, "key": "rows.csv", "rows": [{"n": 1, "name": "x"}, {"n": 2, "name": "x"}]}
CSV = b"id,name\n" + b"".join(b"%d,n%d\n" % (number, number) for number in range(7))


def seeds() -> list[dict[str, Any]]:
    """The definitions, and those that the use cases render."""
    return [PATHS, EXPRESSIONS, *(orjson.loads(path.read_bytes()) for path in sorted(_RENDERED.glob("*.json")))]
