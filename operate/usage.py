"""What a finished run used, measured from what AWS recorded of it, and so what it costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import orjson

from operate import execution
from operate.cost import model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operate.cost.model import Cost, Use
    from operate.evidence import Evidence
    from operate.execution import MapRun

ATTEMPTS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
ATTEMPTING_STATES = ("TaskStateEntered",)
LOG_EVENT_BYTES = 350  # of a log event without data: ARN, name, ids, timestamp, and 26 that CloudWatch adds
LIST_PAGE_KEYS = 1_000  # ListObjectsV2 gives at most 1,000 keys a request
MS = 1_000


def cost_of(evidence: Evidence) -> Cost:
    """Price a run by the us-east-1 list prices: what it has used so far when it is still running."""
    uses = model.parent_states(transitions(evidence.events))
    maps = list(_distributed_maps(evidence.definition))
    for map_run in evidence.map_runs:
        state = _state_of(map_run, maps)
        uses += _children(evidence, map_run, state)
        uses += _reader(map_run, state)
        if map_run.arn in evidence.manifests:
            manifest = evidence.manifests[map_run.arn]
            uses += model.result_writer(file_bytes=[file.size for file in manifest.all_files()])
    if evidence.logging_level == "ALL":
        uses += model.logs(ingested_bytes=_log_bytes(evidence, maps))
    return model.price(uses)


def transitions(events: tuple[Mapping[str, Any], ...]) -> int:
    """Count the billed transitions of a STANDARD execution: states entered, retries and redrives."""
    types = [str(event["type"]) for event in events]
    entered = sum(name.endswith("StateEntered") for name in types)
    attempts = sum(name in ATTEMPTS for name in types)
    attempting = sum(name in ATTEMPTING_STATES for name in types)
    redrives = sum(name == "ExecutionRedriven" for name in types)
    return entered + max(0, attempts - attempting) + redrives


def _children(evidence: Evidence, map_run: MapRun, state: Mapping[str, Any]) -> list[Use]:
    sfn = evidence.stack.client("stepfunctions")
    started = list(execution.children(sfn, map_run.arn))
    processor = state["ItemProcessor"]
    if processor["ProcessorConfig"]["ExecutionType"] == "STANDARD":
        first = transitions(tuple(execution.history(sfn, started[0]["executionArn"]))) if started else 0
        return model.standard_children(children=len(started), states=first)
    over = [child for child in started if "stopDate" in child]
    durations = ((child["stopDate"] - child["startDate"]).total_seconds() * MS for child in over)
    memory = model.express_memory_mb(
        definition_bytes=len(orjson.dumps(processor)), payload_bytes=model.MAX_PAYLOAD_BYTES, steps=1
    )
    return model.express_children(
        children=len(started), billed_ms=sum(map(model.express_billed_ms, durations)), memory_mb=memory
    )


def _reader(map_run: MapRun, state: Mapping[str, Any]) -> list[Use]:
    reader = state.get("ItemReader")
    if reader is None:
        return []
    if reader["Resource"].endswith("s3:listObjectsV2"):
        return model.listing(pages=max(1, math.ceil(map_run.items.total / LIST_PAGE_KEYS)))
    return model.object_reader(objects=1)


def _log_bytes(evidence: Evidence, maps: list[tuple[str, Mapping[str, Any]]]) -> int:
    """Estimate what level ALL sends: each event of the parent and of the children, EXPRESS ones included.

    A child logs its start and end, and each state's. With execution data its input and its output are in two
    events each; result files hold them once.
    """
    total = sum(len(orjson.dumps(event, default=str)) for event in evidence.events)
    for map_run in evidence.map_runs:
        states = len(_state_of(map_run, maps)["ItemProcessor"]["States"])
        total += map_run.executions.finished * (2 + 2 * states) * LOG_EVENT_BYTES
        if evidence.logs_data and map_run.arn in evidence.manifests:
            total += 2 * sum(file.size for file in evidence.manifests[map_run.arn].all_files())
    return total


def _distributed_maps(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each distributed Map state with its name, at any depth."""
    for name, state in definition["States"].items():
        processor = state.get("ItemProcessor", {})
        if processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            yield name, state
        for inner in (*state.get("Branches", ()), processor):
            if "States" in inner:
                yield from _distributed_maps(inner)


def _state_of(map_run: MapRun, maps: list[tuple[str, Mapping[str, Any]]]) -> Mapping[str, Any]:
    """Find the Map state by its label; AWS makes one up from the name where the definition gives none."""
    for name, state in maps:
        if map_run.label == state.get("Label", name):
            return state
    return maps[0][1]
