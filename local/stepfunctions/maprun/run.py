"""A Map Run from its first event to its result.

Order of the pipeline: reader, ItemSelector per item, ItemBatcher, child executions, ResultWriter. Items stream
through a bounded window, so memory does not grow with their number. Source: Developer Guide, "Distributed mode".
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Protocol

from local.stepfunctions.arns import Place
from local.stepfunctions.definition.nodes import DistributedMapState
from local.stepfunctions.errors import (
    ExceedToleratedFailureThreshold,
    ResultWriterFailed,
    StatesError,
)
from local.stepfunctions.integrations.aws import AwsClient, AwsError
from local.stepfunctions.maprun import results
from local.stepfunctions.maprun.batcher import Batcher, ChildInput
from local.stepfunctions.maprun.children import Children
from local.stepfunctions.maprun.readers import Chunk
from local.stepfunctions.maprun.record import MapRun, generated_label
from local.stepfunctions.maprun.results import Child, InlineResults
from local.stepfunctions.maprun.settings import (
    Batching,
    destination,
    evaluate_batching,
    evaluate_limits,
    evaluate_max_items,
)
from local.stepfunctions.maprun.source import read, select, state_items
from local.stepfunctions.maprun.writer import ResultFiles
from local.stepfunctions.payload import Payload
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.scope import Json

_TURN_SECONDS = 0.02
"""How long children that never wait may run before other work of the engine gets its turn."""


class Host(Protocol):
    """What a Map Run needs of the engine."""

    place: Place

    async def client(self, service: str, role_arn: str) -> AwsClient:
        """A client that signs with the role's credentials."""

    async def check_may_start(self, role_arn: str, machine_arn: str) -> None:
        """Raise StatesError when the role may not start executions of the machine."""

    def opened(self, map_run: MapRun, children: Children) -> None:
        """The Map Run has begun."""

    async def child_ended(self, map_run: MapRun, child: Child) -> None:
        """A child execution has ended."""


async def run_map(host: Host, state: DistributedMapState, payload: Payload, branch: Branch) -> Payload:
    """Run a Map Run to its end; the result of the Map state."""
    value = flow.effective_input(state, payload, branch)
    items = None if state.reader is not None else state_items(state, value, branch)
    branch.event("MapStateStarted", {"length": 0 if items is None else len(items.items)})
    limits = evaluate_limits(state, value, branch)
    max_items = evaluate_max_items(state, value, branch)
    batching = evaluate_batching(state, value, branch)
    run = branch.run
    machine_name = run.machine_arn.rsplit(":", 1)[-1]
    label = state.label or generated_label(run.machine_arn, state.pointer)
    run_id = str(uuid.uuid4())
    map_run = MapRun(
        arn=host.place.map_run(machine_name, label, run_id),
        run_id=run_id,
        label=label,
        machine_name=machine_name,
        execution_arn=run.execution_arn,
        execution_type=state.execution_type,
        limits=limits,
        place=host.place,
    )
    s3 = await _s3_client(host, state, run.role_arn)
    files = _result_files(state, value, branch, map_run, s3)
    await host.check_may_start(run.role_arn, run.machine_arn)
    if files is not None:
        await files.probe()
    branch.event("MapRunStarted", {"mapRunArn": map_run.arn})
    began = branch.cursor.last
    source = _chunks(state, value, branch, max_items, s3, items)
    work = _Work(host, state, value, branch, map_run, batching, files)
    try:
        result = await work.run(source)
        map_run.end("SUCCEEDED")
    except StatesError as error:
        map_run.end("FAILED")
        details = {"error": error.name} | ({} if error.cause is None else {"cause": error.cause})
        branch.event("MapRunFailed", details)
        raise
    except asyncio.CancelledError:
        map_run.end("ABORTED")
        branch.event("MapRunAborted")
        raise
    finally:
        if map_run.status == "RUNNING":
            map_run.end("FAILED")
    branch.event("MapRunSucceeded")
    branch.event("MapStateSucceeded", advance=False)
    # Since late 2024 AWS links MapStateExited to MapRunStarted.
    branch.cursor.last = began
    return result


async def _s3_client(host: Host, state: DistributedMapState, role_arn: str) -> AwsClient | None:
    if state.reader is None and (state.writer is None or state.writer.parameters is None):
        return None
    try:
        return await host.client("s3", role_arn)
    except AwsError as error:
        raise ResultWriterFailed(error.message) from error


def _result_files(
    state: DistributedMapState, value: Json, branch: Branch, map_run: MapRun, s3: AwsClient | None
) -> ResultFiles | None:
    writer = state.writer
    if writer is None or writer.parameters is None or s3 is None:
        return None
    bucket, prefix = destination(writer.parameters(branch.scope(value)))
    return ResultFiles(
        s3=s3, bucket=bucket, prefix=prefix, map_run_arn=map_run.arn, lines=writer.output_type == "JSONL"
    )


async def _chunks(
    state: DistributedMapState,
    value: Json,
    branch: Branch,
    max_items: int,
    s3: AwsClient | None,
    items: Chunk | None,
) -> AsyncIterator[Chunk]:
    if items is not None:
        yield items
        return
    assert s3 is not None  # noqa: S101 - made for every state with a reader
    async for chunk in read(state, value, branch, max_items, s3):
        yield chunk


class _Work:
    """The pipeline of one Map Run."""

    def __init__(
        self,
        host: Host,
        state: DistributedMapState,
        value: Json,
        branch: Branch,
        map_run: MapRun,
        batching: Batching,
        files: ResultFiles | None,
    ) -> None:
        self._host = host
        self._state = state
        self._value = value
        self._branch = branch
        self._map_run = map_run
        self._files = files
        transformation = state.writer.transformation if state.writer is not None else "COMPACT"
        self._transformation = transformation
        self._inline = InlineResults(transformation, state.name) if files is None else None
        self._batcher = Batcher(
            batched=batching.batched,
            max_items=batching.max_items,
            max_bytes=batching.max_bytes,
            batch_input=batching.batch_input,
            from_reader=state.reader is not None,
        )
        self._children = Children(map_run=map_run, state=state, parent=branch, on_end=self._ended)
        self._tripped = False

    async def run(self, source: AsyncIterator[Chunk]) -> Payload:
        """Stream the items through; the result of the Map state."""
        self._host.opened(self._map_run, self._children)
        try:
            await self._feed(source)
            self._map_run.total_known = True
            self._judge()
            await self._children.finish()
            if self._files is not None:
                await self._files.finish()
            self._map_run.written()
        except BaseException:
            self._children.kill()
            await self._children.slots.all_free()
            if self._files is not None:
                await self._files.abort()
            raise
        if self._tripped:
            raise ExceedToleratedFailureThreshold("The specified tolerated failure threshold was exceeded")
        if self._files is not None:
            return Payload(results.output_value(self._map_run.arn, self._files.bucket, self._files.manifest_key))
        assert self._inline is not None  # noqa: S101 - there is one or the other
        return self._inline.payload()

    async def _feed(self, source: AsyncIterator[Chunk]) -> None:
        turn = time.monotonic()
        index = 0
        async for chunk in source:
            selected = select(self._state, chunk, index, self._value, self._branch)
            index += len(selected)
            for child_input in self._batcher.add(selected):
                await self._start(child_input)
                if time.monotonic() - turn > _TURN_SECONDS:
                    await asyncio.sleep(0)
                    turn = time.monotonic()
        for child_input in self._batcher.finish():
            await self._start(child_input)

    async def _start(self, child_input: ChildInput) -> None:
        self._map_run.items.added(child_input.items)
        self._map_run.executions.added(1)
        if not self._tripped and await self._children.start(child_input):
            return
        if self._files is not None:
            await self._files.add("PENDING", [results.pending_entry(child_input.payload)])

    async def _ended(self, child: Child) -> None:
        if self._files is not None:
            texts = results.entries(child, self._transformation)
            await self._files.add("SUCCEEDED" if child.status == "SUCCEEDED" else "FAILED", texts)
        if self._inline is not None:
            self._inline.add(child)
        await self._host.child_ended(self._map_run, child)
        self._judge()

    def _judge(self) -> None:
        if not self._tripped and self._map_run.exceeded():
            self._tripped = True
            self._children.abort()
