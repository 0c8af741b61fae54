"""A Map Run from its first event to its result.

Order of the pipeline: reader, ItemSelector per item, ItemBatcher, child executions, ResultWriter. Items stream
through a bounded window, so memory does not grow with their number. Source: Developer Guide, "Distributed mode".
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING

from local.stepfunctions.definition.nodes import DistributedMapState
from local.stepfunctions.errors import (
    ExceedToleratedFailureThreshold,
    ItemReaderFailed,
    ResultWriterFailed,
    StatesError,
)
from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.maprun.readers import Chunk
from local.stepfunctions.maprun.record import MapRun, generated_label
from local.stepfunctions.maprun.settings import (
    destination,
    evaluate_batching,
    evaluate_limits,
    evaluate_max_items,
)
from local.stepfunctions.maprun.source import read, state_items
from local.stepfunctions.maprun.work import Host, Work
from local.stepfunctions.maprun.writer import ResultFiles
from local.stepfunctions.payload import Payload
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.scope import Json

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsClient

_GOES_ON = (ExceedToleratedFailureThreshold, ItemReaderFailed)
"""Failures after which a redrive goes on with the same Map Run; after any other it begins a new one."""


async def run_map(host: Host, state: DistributedMapState, payload: Payload, branch: Branch) -> Payload:
    """Run a Map Run to its end, or go on with the one that a redrive takes up; the result of the Map state."""
    work: Work | None = branch.place.map_run
    if work is not None:
        return await _redrive(host, work, branch)
    value = flow.effective_input(state, payload, branch)
    items = None if state.reader is not None else state_items(state, value, branch)
    place = branch.place
    place.begun = place.begun or branch.event("MapStateStarted", {"length": 0 if items is None else len(items.items)})
    work = await _prepare(host, state, value, branch, items)
    branch.event("MapRunStarted", {"mapRunArn": work.record.arn})
    host.opened(work.record, work.children)
    place.map_run = work
    return await _finish(work.run(), work, branch)


async def _redrive(host: Host, work: Work, branch: Branch) -> Payload:
    run, record = branch.run, work.record
    children = host.place.execution(f"{record.machine_name}/{record.label}", "*")
    await host.check_may(run.role_arn, "states:RedriveExecution", children)
    record.redrive()
    branch.event("MapRunRedriven", {"mapRunArn": record.arn, "redriveCount": record.redrives})
    return await _finish(work.redrive(), work, branch)


async def _finish(result: Awaitable[Payload], work: Work, branch: Branch) -> Payload:
    began = branch.cursor.last
    record = work.record
    try:
        payload = await result
    except StatesError as error:
        record.end("FAILED")
        if not isinstance(error, _GOES_ON):
            branch.place.map_run = None
        details = {"error": error.name} | ({} if error.cause is None else {"cause": error.cause})
        branch.event("MapRunFailed", details)
        raise
    except asyncio.CancelledError:
        record.end("ABORTED")
        branch.event("MapRunAborted")
        raise
    except Exception:
        record.end("FAILED")
        raise
    record.end("SUCCEEDED")
    branch.event("MapRunSucceeded")
    branch.event("MapStateSucceeded", advance=False)
    # Since late 2024 AWS links MapStateExited to MapRunStarted.
    branch.cursor.last = began
    return payload


async def _prepare(host: Host, state: DistributedMapState, value: Json, branch: Branch, items: Chunk | None) -> Work:
    """Evaluate the settings and check what can be checked before the Map Run exists."""
    run = branch.run
    limits = evaluate_limits(state, value, branch)
    max_items = evaluate_max_items(state, value, branch)
    batching = evaluate_batching(state, value, branch)
    machine_name = run.machine_arn.rsplit(":", 1)[-1]
    label = state.label or generated_label(run.machine_arn, state.pointer)
    run_id = str(uuid.uuid4())
    record = MapRun(
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
    files = _result_files(state, value, branch, record, s3)
    await host.check_may(run.role_arn, "states:StartExecution", run.machine_arn)
    if files is not None:
        await files.probe()

    async def source() -> AsyncIterator[Chunk]:
        if items is not None:
            yield items
            return
        assert s3 is not None  # noqa: S101 - made for every state with a reader
        async for chunk in read(state, value, branch, max_items, s3):
            yield chunk

    return Work(
        host=host,
        state=state,
        value=value,
        branch=branch,
        map_run=record,
        batching=batching,
        files=files,
        source=source,
    )


async def _s3_client(host: Host, state: DistributedMapState, role_arn: str) -> AwsClient | None:
    if state.reader is None and (state.writer is None or state.writer.parameters is None):
        return None
    try:
        return await host.client("s3", role_arn)
    except AwsError as error:
        raise ResultWriterFailed(error.message) from error


def _result_files(
    state: DistributedMapState, value: Json, branch: Branch, record: MapRun, s3: AwsClient | None
) -> ResultFiles | None:
    writer = state.writer
    if writer is None or writer.parameters is None or s3 is None:
        return None
    bucket, prefix = destination(writer.parameters(branch.scope(value)))
    return ResultFiles(s3=s3, bucket=bucket, prefix=prefix, map_run_arn=record.arn, lines=writer.output_type == "JSONL")
