"""The pipeline of a Map Run against a plain model: reader, selector, batcher, children, tolerance, writer, redrive."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.memory import MemorySession, machine, run

pytestmark = pytest.mark.aws("documented")

MOST_BYTES = 262_144
GET = "arn:aws:states:::aws-sdk:s3:getObject"
MENDED = "mended"
"""The object that items marked "later" wait for: with it in the bucket they succeed."""
SLOW = "slow"
"""An object that takes some turns of the event loop to be read: children that read it end after later ones."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What one example does; ``marks`` are the items: what becomes of each, and a text of some length."""

    marks: list[tuple[str, str]]
    source: str
    kind: str
    max_items: int | None
    batch_items: int | None
    batch_bytes: int | None
    count: int | None
    percentage: float | None
    concurrency: int
    files: bool
    transformation: str
    lines: bool
    selected: bool
    mendable: bool

    @property
    def batched(self) -> bool:
        """Whether a child gets several items."""
        return self.batch_items is not None or self.batch_bytes is not None

    def items(self) -> list[dict[str, Any]]:
        """The items that the reader gives, in order."""
        found = [{"n": str(number), "mark": mark, "text": text} for number, (mark, text) in enumerate(self.marks)]
        return found[: self.max_items] if self.max_items and self.source != "STATE" else found

    def inputs(self) -> list[dict[str, Any]]:
        """The items behind the selector."""
        if not self.selected:
            return self.items()
        return [{"n": item["n"], "mark": item["mark"], "index": at} for at, item in enumerate(self.items())]

    def batches(self) -> list[list[dict[str, Any]]]:
        """The items of each child, by filling one batch after the other."""
        if not self.batched:
            return [[item] for item in self.inputs()]
        found: list[list[dict[str, Any]]] = []
        for item in self.inputs():
            grown = [*found[-1], item] if found else [item]
            fits = size(self.child_input(grown)) <= (self.batch_bytes or MOST_BYTES)
            if found and fits and len(grown) <= (self.batch_items or len(grown)):
                found[-1] = grown
            else:
                found.append([item])
        return found

    def child_input(self, batch: list[dict[str, Any]]) -> Any:
        """The input of the child that gets the items."""
        if not self.batched:
            return batch[0]
        return {"BatchInput": {"of": "all"}, "Items": batch}

    def failing(self) -> list[list[dict[str, Any]]]:
        """The batches that fail as long as nothing is mended: those with a bad item."""
        return [batch for batch in self.batches() if any(item["mark"] == "later" for item in batch)]

    def tolerates(self, failed: int, total: int) -> bool:
        """AWS's rule: strictly more than a limit that was set; without any, no failure at all."""
        if self.count is None and self.percentage is None:
            return failed == 0
        over_count = self.count is not None and failed > self.count
        over_share = self.percentage is not None and total > 0 and failed * 100 / total > self.percentage
        return not (over_count or over_share)


def size(value: Any) -> int:
    """Bytes of compact JSON in UTF-8."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


texts = st.text(st.sampled_from('ab,"\n \u00e9\u20ac'), max_size=12) | st.integers(0, 300).map("x".__mul__)
marks = {
    "good": st.sampled_from(["good", "slow"]),
    "some": st.sampled_from(["good", "good", "slow", "later"]),
    "bad": st.sampled_from(["slow", "later"]),
}


@st.composite
def cases(draw: Any) -> Case:
    mark = marks[draw(st.sampled_from(sorted(marks)))]
    case = Case(
        marks=draw(st.lists(st.tuples(mark, texts), min_size=draw(st.sampled_from([0, 1, 10, 30])), max_size=40)),
        source=draw(st.sampled_from(["JSON", "JSONL", "CSV", "STATE"])),
        kind=draw(st.sampled_from(["STANDARD", "EXPRESS"])),
        max_items=draw(st.sampled_from([None, None, 0, 1, 10])),
        batch_items=draw(st.sampled_from([None, None, 1, 3, 1000])),
        batch_bytes=None,
        count=None,
        percentage=None,
        concurrency=draw(st.sampled_from([0, 1, 4])),
        files=draw(st.booleans()),
        transformation=draw(st.sampled_from(["NONE", "COMPACT", "FLATTEN"])),
        lines=draw(st.booleans()),
        selected=draw(st.booleans()),
        mendable=draw(st.sampled_from([True, True, False])),
    )
    if draw(st.booleans()):  # as many bytes as some first items take, or one less
        first = case.inputs()[: draw(st.integers(1, 10))]
        batched = dataclasses.replace(case, batch_bytes=MOST_BYTES)
        case = dataclasses.replace(case, batch_bytes=size(batched.child_input(first)) - draw(st.integers(0, 1)))
    failed, total = sum(map(len, case.failing())), len(case.items())
    limits = st.sampled_from([None, 0, failed, max(failed - 1, 0), failed + 1])
    shares = st.sampled_from([None, 0, 100, failed * 100 / max(total, 1), max(failed - 1, 0) * 100 / max(total, 1)])
    return dataclasses.replace(case, count=draw(limits), percentage=draw(shares))


def definition(case: Case) -> dict[str, Any]:
    """The machine of a case: a child gives back its items, and fails on those that wait for what is not there."""
    looks = {"later.$": "States.ArrayContains($..mark, 'later')", "slow.$": "States.ArrayContains($..mark, 'slow')"}
    choices = [{"Variable": "$.later", "BooleanEquals": True, "Next": "Broken"}]
    states: dict[str, Any] = {"Broken": {"Type": "Fail", "Error": "Broken"}}
    if case.mendable:
        choices.append({"Variable": "$.slow", "BooleanEquals": True, "Next": "Slow"})
        states = {name: reading(key) for name, key in (("Broken", MENDED), ("Slow", SLOW))}
    processor = machine(
        Look={"Type": "Pass", "Parameters": {**looks, "all.$": "$"}, "Next": "Choose"},
        Choose={"Type": "Choice", "Choices": choices, "Default": "Done"},
        **states,
        Done={"Type": "Pass", "OutputPath": "$.all.Items" if case.batched else "$.all", "End": True},
    )
    state: dict[str, Any] = {
        "Type": "Map",
        "Label": "L",
        "MaxConcurrency": case.concurrency,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": case.kind}, **processor},
        "ResultWriter": {"WriterConfig": {"Transformation": case.transformation}},
        "End": True,
    }
    if case.source == "STATE":
        state["ItemsPath"] = "$.rows"
    else:
        config: dict[str, Any] = {"InputType": case.source}
        if case.source == "CSV":
            config["CSVHeaderLocation"] = "FIRST_ROW"
        if case.max_items is not None:
            config["MaxItems"] = case.max_items
        parameters = {"Bucket": "in", "Key": "rows"}
        state["ItemReader"] = {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": config,
            "Parameters": parameters,
        }
    if case.selected:
        item = "$$.Map.Item"
        selector = {"n.$": f"{item}.Value.n", "mark.$": f"{item}.Value.mark", "index.$": f"{item}.Index"}
        state["ItemSelector"] = selector
    limits = {"MaxItemsPerBatch": case.batch_items, "MaxInputBytesPerBatch": case.batch_bytes}
    if case.batched:
        given_limits = {name: limit for name, limit in limits.items() if limit is not None}
        state["ItemBatcher"] = {"BatchInput": {"of": "all"}, **given_limits}
    if case.count is not None:
        state["ToleratedFailureCount"] = case.count
    if case.percentage is not None:
        state["ToleratedFailurePercentage"] = case.percentage
    if case.files:
        state["ResultWriter"] |= {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "out", "Prefix": "results"},
        }
        state["ResultWriter"]["WriterConfig"]["OutputType"] = "JSONL" if case.lines else "JSON"
    return machine(M=state)


def reading(key: str) -> dict[str, Any]:
    """A task that fails when there is no such object."""
    parameters = {"Bucket": "in", "Key": key}
    return {"Type": "Task", "Resource": GET, "Parameters": parameters, "ResultPath": None, "Next": "Done"}


def data(case: Case) -> bytes:
    """The object that the reader reads."""
    rows = [{"n": str(number), "mark": mark, "text": text} for number, (mark, text) in enumerate(case.marks)]
    if case.source == "CSV":
        written = io.StringIO()
        writer = csv.DictWriter(written, ("n", "mark", "text"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return written.getvalue().encode()
    if case.source == "JSONL":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    return json.dumps(rows).encode()


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What an execution left when it ended."""

    status: str
    error: str | None
    output: Any
    map_run: dict[str, Any]
    objects: dict[str, bytes]

    @classmethod
    def of(cls, engine: Any, execution: Any) -> Ended:
        """The state of now."""
        found = engine.map_runs[execution.map_runs[0]].record.describe()
        s3 = engine.session.s3
        assert s3.parts == {}, "every upload is complete"
        return cls(
            status=execution.status,
            error=execution.error,
            output=None if execution.output is None else execution.output.value,
            map_run=found,
            objects={key: body for (bucket, key), body in s3.objects.items() if bucket == "out"},
        )


def ended(case: Case) -> tuple[Ended, Ended | None]:
    """How the execution ended, and how its redrive did where it failed and could be mended."""
    firsts: list[Ended] = []

    def prepare(session: MemorySession) -> None:
        session.s3.objects["in", "rows"] = data(case)
        session.s3.objects["in", SLOW] = b"x"
        call = session.s3.call

        async def call_slowly(operation: str, parameters: Mapping[str, Any], **more: Any) -> Any:
            for _turn in range(5 if parameters["Key"] == SLOW else 0):
                await asyncio.sleep(0)
            return await call(operation, parameters, **more)

        session.s3.call = call_slowly  # type: ignore[method-assign]  # this one bucket is slow at times

    async def during(engine: Any, execution: Any) -> None:
        await asyncio.wait([execution.task])
        firsts.append(Ended.of(engine, execution))
        if execution.status == "FAILED" and case.mendable:
            engine.session.s3.objects["in", MENDED] = b"x"
            engine.redrive(execution)

    with tempfile.TemporaryDirectory() as folder:
        value = {"rows": json.loads(data(case))} if case.source == "STATE" else {}
        ran = run(definition(case), value, data_dir=Path(folder), prepare=prepare, during=during)
    again = Ended.of(ran.engine, ran.execution) if ran.execution.redrives else None
    return firsts[0], again


def entries(found: Ended, lines: bool) -> dict[str, list[Any]]:
    """The entries of all result files that the newest manifest names, by kind."""
    keys = [key for key in found.objects if key.endswith("manifest.json")]
    newest = max(keys, key=lambda key: key.count("/Redrive-"))
    files = json.loads(found.objects[newest])["ResultFiles"]
    read: dict[str, list[Any]] = {}
    for kind, named in files.items():
        read[kind] = []
        for file in named:
            body = found.objects[file["Key"]]
            assert file["Size"] == len(body)
            read[kind] += [json.loads(line) for line in body.splitlines()] if lines else json.loads(body)
    if len(keys) == 1:
        assert {file["Key"] for named in files.values() for file in named} | {newest} == set(found.objects)
    return read


def numbers(entry: Any) -> list[int]:
    """The numbers of the items in an entry: of its input, or of the outputs themselves."""
    value = json.loads(entry["Input"]) if isinstance(entry, dict) and "Input" in entry else entry
    items = value["Items"] if isinstance(value, dict) and "Items" in value else value
    return [int(item["n"]) for item in (items if isinstance(items, list) else [items])]


def all_numbers(found: list[Any]) -> list[int]:
    return [number for entry in found for number in numbers(entry)]


def check_counts(case: Case, found: Ended, by_kind: dict[str, list[int]]) -> None:
    items, children = found.map_run["itemCounts"], found.map_run["executionCounts"]
    assert (items["total"], children["total"]) == (len(case.items()), len(case.batches()))
    assert (items["resultsWritten"], children["resultsWritten"]) == (items["total"], children["total"])
    assert items["running"] == children["running"] == 0
    assert items["succeeded"] == len(by_kind["SUCCEEDED"])
    assert items["failed"] + items["aborted"] + items["timedOut"] == len(by_kind["FAILED"])
    assert items["pending"] == len(by_kind["PENDING"])


def check_entries(case: Case, read: dict[str, list[Any]]) -> None:
    inputs = {int(batch[0]["n"]): case.child_input(batch) for batch in case.batches()}
    failing = {int(item["n"]) for batch in case.failing() for item in batch}
    for kind, found in read.items():
        for entry in found:
            if isinstance(entry, dict) and "Input" in entry:
                given_input = json.loads(entry["Input"])
                assert given_input == inputs[numbers(entry)[0]], "each child gets what the model says"
                assert size(given_input) <= MOST_BYTES
                assert entry["Status"] != "FAILED" or set(numbers(entry)) <= failing
                assert (entry["Status"] == "PENDING") == (kind == "PENDING")
    assert not failing & set(all_numbers(read["SUCCEEDED"])), "what fails is not among the successes"


def inline(case: Case) -> list[Any]:
    """The state's output without result files: the outputs in the order of the items."""
    outputs: list[Any] = []
    for batch in case.batches():
        output = batch if case.batched else batch[0]
        outputs += batch if case.transformation == "FLATTEN" else [output]
    return outputs


def check_inline(case: Case, output: Any) -> None:
    assert all_numbers(output) == list(range(len(case.items()))), "in the order of the items, each once"
    if case.transformation == "NONE":
        assert [json.loads(entry["Input"]) for entry in output] == [case.child_input(b) for b in case.batches()]
    elif not case.failing():
        assert output == inline(case)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_every_item_ends_once_in_one_place_and_the_strict_rule_decides(case: Case) -> None:
    first, again = ended(case)
    failed = sum(len(batch) for batch in case.failing())
    tolerated = case.tolerates(failed, len(case.items()))
    assert first.status == ("SUCCEEDED" if tolerated else "FAILED")
    assert first.map_run["status"] == first.status
    if not tolerated:
        assert first.error == "States.ExceedToleratedFailureThreshold"
    if case.files:
        read = entries(first, case.lines)
        by_kind = {kind: all_numbers(found) for kind, found in read.items()}
        places = [number for found in by_kind.values() for number in found]
        assert sorted(places) == list(range(len(case.items()))), "each item in exactly one file"
        assert by_kind["PENDING"] == [] or not tolerated
        check_counts(case, first, by_kind)
        check_entries(case, read)
    elif tolerated:
        check_inline(case, first.output)
    if again is None:
        return
    assert again.status == "SUCCEEDED", again.error
    counts = again.map_run["itemCounts"]
    assert counts["succeeded"] == counts["total"] == len(case.items()), "mended, all of them succeed"
    left = {"pending", "running", "failed", "aborted", "timedOut", "pendingRedrive"}
    assert {name for name in left if counts[name]} == set(), "and nothing is left over"
    if case.files:
        read = entries(again, case.lines)
        assert sorted(all_numbers(read["SUCCEEDED"])) == list(range(len(case.items()))), "and each of them once"
        assert read["FAILED"] == read["PENDING"] == []
    else:
        check_inline(case, again.output)
