"""Everything that is billed of a planned run, from the parent execution to the logs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from operate.cost import model
from operate.plan.workload import MS, Reader

if TYPE_CHECKING:
    from operate.cost.model import Use
    from operate.plan.run import PlannedRun

LIST_PAGE_KEYS = 1_000  # ListObjectsV2 gives at most 1,000 keys a request
INVENTORY_FILE_ROWS = 1_000_000  # about what S3 puts into one data file of an inventory
RESULT_FILE_BYTES = 5 * model.BYTES_PER_GB  # "Distributed Map quotas": size of one result file


def uses(run: PlannedRun) -> list[Use]:
    """What a run uses in which every item succeeds at the first attempt."""
    return [
        *model.parent_states(run.workload.parent_states),
        *_children(run),
        *_reader(run),
        *_function(run),
        *_results(run),
    ]


def _children(run: PlannedRun) -> list[Use]:
    workload = run.workload
    if not run.is_express:
        return model.standard_children(children=run.children, states=workload.child_states)
    memory = model.express_memory_mb(
        definition_bytes=workload.definition_bytes,
        payload_bytes=math.ceil(run.items / run.children * workload.item_bytes),
        steps=1,
    )
    billed = run.children * model.express_billed_ms(run.child * MS)
    return model.express_children(children=run.children, billed_ms=billed, memory_mb=memory)


def _reader(run: PlannedRun) -> list[Use]:
    match run.workload.reader:
        case Reader.LISTING:
            return model.listing(pages=math.ceil(run.items / LIST_PAGE_KEYS))
        case Reader.INVENTORY:
            manifest_and_files = 1 + math.ceil(run.items / INVENTORY_FILE_ROWS)
            return [*model.inventory(objects=run.items), *model.object_reader(objects=manifest_and_files)]
        case Reader.OBJECT:
            return model.object_reader(objects=1)


def _function(run: PlannedRun) -> list[Use]:
    workload = run.workload
    if workload.architecture is None:
        return []
    billed_ms = run.children * math.ceil(run.function_ms) + run.schedule.slots * run.init_ms
    return [
        *model.lambda_compute(
            requests=run.children,
            gb_seconds=model.lambda_gb_seconds(billed_ms=billed_ms, memory_mb=run.point.memory_mb),
            architecture=workload.architecture,
        ),
        *model.s3_gets(requests=math.ceil(run.items * workload.gets)),
        *model.dynamodb_writes(units=run.items * workload.write_units),
        *(model.dynamodb_reads(units=run.items * workload.read_units) if workload.read_units else ()),
        *model.logs(ingested_bytes=run.children * workload.log_bytes, basis="what the function logs, estimated"),
    ]


def _results(run: PlannedRun) -> list[Use]:
    if not run.workload.writes_results:
        return []
    files = max(1, math.ceil(run.result_bytes / RESULT_FILE_BYTES))
    return model.result_writer(file_bytes=[math.ceil(run.result_bytes / files)] * files)
