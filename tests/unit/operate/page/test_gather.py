"""What the page of a run is made of: children, failures and files, wherever the Map Run left them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore

from operate import evidence
from operate.page import gather as gathering
from operate.page.gather import CHILDREN_DESCRIBED, gather
from operate.results import read_manifest
from tests.unit.operate.answers import MAP_RUN, STARTED, dumped, map_run
from tests.unit.operate.page.runs import facts

HELLO = json.loads((Path(__file__).parents[3] / "definitions" / "hello.json").read_text())
GIVEN = {"key": "reviews.csv", "output": "results", "batch_size": 10}
FOLDER = f"results/{MAP_RUN.rpartition(':')[2]}"
BATCH = dumped({"Items": [{"Key": "a"}, {"Key": "b"}]})


class Sfn:
    """ListExecutions in pages of two, and DescribeExecution that counts how often it is asked."""

    def __init__(self, *rows):
        self.rows, self.described = rows, []

    def list_executions(self, *, mapRunArn, maxResults, nextToken="0"):  # noqa: N803 - as boto3 names them
        assert mapRunArn == MAP_RUN
        start = int(nextToken)
        page = {"executions": [row for row, _ in self.rows[start : start + 2]]}
        return page | ({"nextToken": str(start + 2)} if start + 2 < len(self.rows) else {})

    def describe_execution(self, *, executionArn):  # noqa: N803 - as boto3 names it
        self.described.append(executionArn)
        return next(answer for row, answer in self.rows if row["executionArn"] == executionArn)


def row(name, status="SUCCEEDED", **answer):
    listed = {"executionArn": f"arn:{name}", "name": name, "status": status, "startDate": STARTED, "stopDate": STARTED}
    return listed, answer


@pytest.fixture
def gathered(monkeypatch):
    """Gather a run whose bucket holds ``objects`` and whose output names a manifest, or does not."""

    def make(sfn, *, objects=None, named=False, writer=True, run=None):
        store = MemoryStore()
        for key, value in (objects or {}).items():
            obstore.put(store, key, value.encode())
        manifest = read_manifest(store, bucket="hello-results", key=f"{FOLDER}/manifest.json") if named else None
        definition = json.loads(dumped(HELLO))
        if not writer:
            del definition["States"]["Reviews"]["ResultWriter"]
        entered = {"type": "MapStateEntered", "stateEnteredEventDetails": {"name": "Reviews", "input": dumped(GIVEN)}}
        found = SimpleNamespace(
            map_runs=(run or map_run(),),
            definition=definition,
            events=(entered,),
            manifests={MAP_RUN: manifest} if manifest else {},
        )
        monkeypatch.setattr(evidence, "gather", lambda *_: found)
        stack: Any = SimpleNamespace(region="us-east-1", endpoint=None, client=lambda _: sfn, bucket=lambda _: store)
        (only,) = gather(stack, facts(()).report).maps
        return only

    return make


def files(failed, succeeded):
    entries = {"FAILED": dumped(failed), "SUCCEEDED": dumped(succeeded)}
    objects = {f"{FOLDER}/{status}_0.json": text for status, text in entries.items()}
    listed = {
        status: [{"Key": f"{FOLDER}/{status}_0.json", "Size": len(text)}] if text != "[]" else []
        for status, text in entries.items()
    }
    manifest = {"DestinationBucket": "hello-results", "MapRunArn": MAP_RUN, "ResultFiles": {"PENDING": [], **listed}}
    return objects | {f"{FOLDER}/manifest.json": dumped(manifest)}


def failed_entry(**given):
    return {"ExecutionArn": "arn:x", "Input": BATCH, "Status": "FAILED", "Error": "Boom", "Cause": "c", **given}


OBJECTS = files(
    [failed_entry(), failed_entry(Status="ABORTED", Error=None, Cause="stopped")],
    [
        {"ExecutionArn": "arn:y", "Output": dumped({"items": 3, "failed": [{"key": "k", "error": "NotCsv"}]})},
        {"ExecutionArn": "arn:z", "Output": dumped({"items": 3, "failed": []})},
    ],
)


@pytest.mark.parametrize("named", [True, False], ids=["named by the output", "found where the writer puts it"])
def test_failures_come_from_the_result_files(gathered, named):
    sfn = Sfn(row("a"), row("b"), row("c"))
    only = gathered(sfn, objects=OBJECTS, named=named)
    assert {(each.error, each.children, each.items, each.alone) for each in only.failures} == {
        ("Boom", 1, 2, 0),
        ("aborted", 1, 2, 0),
        ("NotCsv", 0, 1, 1),
    }
    assert [each.name for each in only.children] == ["a", "b", "c"], "every page of ListExecutions is read"
    assert [(each.status, each.key.rpartition("/")[2]) for each in only.files] == [
        ("manifest", "manifest.json"),
        ("SUCCEEDED", "SUCCEEDED_0.json"),
        ("FAILED", "FAILED_0.json"),
    ]
    assert not sfn.described
    assert not only.notes


def test_without_result_files_children_are_described(gathered):
    sfn = Sfn(
        row("good", output=dumped({"failed": [{"key": "k", "error": "NotCsv"}]})),
        row("bad", "FAILED", error="Boom", cause="c", input=BATCH),
        row("late", "TIMED_OUT", input='{"Key": "one"}'),
    )
    only = gathered(sfn, writer=False)
    assert {(each.error, each.items) for each in only.failures} == {("Boom", 2), ("States.Timeout", 1), ("NotCsv", 1)}
    assert sfn.described == ["arn:bad", "arn:late", "arn:good"], "the unsuccessful ones first"
    assert only.files == ()


def test_no_more_children_are_described_than_aws_lets_one_ask_for(gathered):
    sfn = Sfn(*(row(str(number), output="{}") for number in range(CHILDREN_DESCRIBED + 7)))
    only = gathered(sfn, writer=False)
    assert len(sfn.described) == CHILDREN_DESCRIBED
    assert only.notes == (
        "Without result files to read, failures are those of 200 of its 207 children, the unsuccessful ones first.",
    )


def test_result_files_that_cannot_be_read_are_said_and_children_described(gathered):
    sfn = Sfn(row("bad", "FAILED", error="Boom", input=BATCH))
    only = gathered(sfn)
    assert [each.error for each in only.failures] == ["Boom"]
    assert only.notes[0].startswith("The result files could not be read: there is no manifest at s3://hello-results/")


def test_a_file_cut_short_does_not_count_failures_twice(gathered):
    cut = OBJECTS | {f"{FOLDER}/SUCCEEDED_0.json": "["}
    only = gathered(Sfn(row("bad", "FAILED", error="Boom", input=BATCH)), objects=cut)
    assert [(each.error, each.children) for each in only.failures] == [("Boom", 1)]
    assert "SUCCEEDED_0.json" in only.notes[0]


def test_a_running_map_run_has_no_files_yet(gathered):
    only = gathered(Sfn(row("a", output="{}")), run=map_run(status="RUNNING", stopped=None))
    assert only.files == ()
    assert only.notes == ()


def test_large_results_are_read_in_part_and_the_page_says_so(gathered, monkeypatch):
    monkeypatch.setattr(gathering, "OUTPUT_BYTES_READ", 10)
    only = gathered(Sfn(), objects=OBJECTS)
    assert {each.error for each in only.failures} == {"Boom", "aborted"}, "failed children are always read"
    assert only.notes == ("Items that handlers gave up on are counted in the first 0 MB of the SUCCEEDED files only.",)
