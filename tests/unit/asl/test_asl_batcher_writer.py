"""Batchers, selectors and result writers: what they render, what they need, what they refuse."""

from __future__ import annotations

import pytest

from asl import ITEM, ITEM_INDEX, ItemBatcher, ItemSelector, Jsonata, Path, QueryLanguage, ResultWriter, Statement

BUCKET = "arn:aws:s3:::results"
WRITE = ("s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")


def test_a_batcher_by_items_and_bytes_with_a_batch_input():
    batcher = ItemBatcher(max_items=100, max_bytes=51_200, batch_input={"bucket": "b", "run": Path("$.run")})
    assert batcher.to_asl() == {
        "MaxItemsPerBatch": 100,
        "MaxInputBytesPerBatch": 51_200,
        "BatchInput": {"bucket": "b", "run.$": "$.run"},
    }


def test_a_batcher_whose_limits_come_from_the_input():
    batcher = ItemBatcher(max_items=Path("$.items"), max_bytes=Path("$.bytes"))
    assert batcher.to_asl() == {"MaxItemsPerBatchPath": "$.items", "MaxInputBytesPerBatchPath": "$.bytes"}


def test_a_batcher_in_jsonata():
    batcher = ItemBatcher(max_items=Jsonata("$n"), batch_input={"n": Jsonata("$n")})
    assert batcher.to_asl(QueryLanguage.JSONATA) == {
        "MaxItemsPerBatch": "{% $n %}",
        "BatchInput": {"n": "{% $n %}"},
    }


@pytest.mark.parametrize(
    ("batcher", "message"),
    [
        (ItemBatcher(), "needs max_items, max_bytes or both"),
        (ItemBatcher(max_items=0), "max_items must be 1 or more, got 0"),
        (ItemBatcher(max_bytes=262_145), "max_bytes must be 1 to 262,144, got 262,145"),
        (ItemBatcher(max_items=Jsonata("$n")), "is JSONata"),
        (ItemBatcher(max_items=1, batch_input={"a.$": "$.a"}), "give a Path or an Intrinsic"),
        (ItemBatcher(max_items=1, batch_input={"a": [Path("$.a")]}), "use States.Array"),
    ],
)
def test_a_mistake_in_a_batcher_is_named(batcher: ItemBatcher, message: str):
    problems = batcher.problems()
    assert len(problems) == 1
    assert message in problems[0]


def test_a_selector_shapes_each_item():
    selector = ItemSelector(fields={"detail": {"object": {"key": Path("$$.Map.Item.Value.Key")}}, "n": ITEM_INDEX})
    assert selector.to_asl() == {
        "detail": {"object": {"key.$": "$$.Map.Item.Value.Key"}},
        "n.$": "$$.Map.Item.Index",
    }


def test_a_jsonpath_selector_in_a_jsonata_map_is_refused():
    problems = ItemSelector(fields={"item": ITEM}).problems(QueryLanguage.JSONATA)
    assert problems == [
        "item_selector.item: '$$.Map.Item.Value' is JSONPath, but the state's query language is JSONata"
    ]


def test_a_writer_to_a_fixed_prefix_may_write_under_it_only():
    writer = ResultWriter(bucket_arn=BUCKET, prefix="runs/noaa")
    assert writer.to_asl() == {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "results", "Prefix": "runs/noaa"},
    }
    assert writer.statements() == [Statement(actions=WRITE, resources=(f"{BUCKET}/runs/noaa/*",))]


def test_a_writer_to_a_prefix_of_the_input_may_write_within_its_bounds():
    writer = ResultWriter(bucket_arn=BUCKET, prefix=Path("$.output"), within="runs/")
    assert writer.to_asl()["Parameters"] == {"Bucket": "results", "Prefix.$": "$.output"}
    assert writer.statements() == [Statement(actions=WRITE, resources=(f"{BUCKET}/runs/*",))]


def test_a_writer_with_all_parts():
    writer = ResultWriter(bucket_arn=BUCKET, transformation="FLATTEN", output_type="JSONL")
    assert writer.to_asl() == {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "results"},
        "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"},
    }


def test_a_writer_without_a_bucket_shapes_the_output_and_needs_nothing():
    writer = ResultWriter(transformation="COMPACT")
    assert writer.to_asl() == {"WriterConfig": {"Transformation": "COMPACT"}}
    assert writer.statements() == []


def test_writing_to_an_encrypted_bucket_takes_the_key():
    key = "arn:aws:kms:us-east-1:1:key/k"
    writer = ResultWriter(bucket_arn=BUCKET, prefix="r", kms_key_arn=key)
    assert writer.statements()[-1] == Statement(
        actions=("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"), resources=(key,)
    )


@pytest.mark.parametrize(
    ("writer", "message"),
    [
        (ResultWriter(), "needs a bucket_arn, a transformation or an output_type"),
        (ResultWriter(prefix="r", transformation="NONE"), "a prefix needs bucket_arn"),
        (ResultWriter(bucket_arn="results"), "bucket_arn must be the ARN of a bucket"),
        (ResultWriter(bucket_arn=BUCKET, prefix=Path("$.output")), "give within="),
    ],
)
def test_a_mistake_in_a_writer_is_named(writer: ResultWriter, message: str):
    problems = writer.problems()
    assert len(problems) == 1
    assert message in problems[0]
