"""Reading what a run used: from the Step Functions API, the logs of its functions, and its result files."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson

from operate.cost import model
from operate.usage import children, compute, machine_log
from operate.usage.definition import functions, requests_of_reader, state_of
from operate.usage.facts import FunctionUsage, MapUsage, Usage
from operate.usage.invocations import UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from operate.evidence import Evidence
    from operate.execution import MapRun
    from operate.usage.compute import Calls


def measure(found: Evidence) -> Usage:
    """Measure a run as far as its records can be read; what cannot is said in a ``problem`` or a ``basis``."""
    states = {run.arn: state_of(run, found.definition, found.events) for run in found.map_runs}
    called = _called(found, states)
    log_bytes, log_basis = machine_log.measured(found)
    return Usage(
        parent_transitions=children.transitions(found.events),
        maps=tuple(_map_usage(found, run, states[run.arn], called) for run in found.map_runs),
        machine_log_bytes=log_bytes,
        machine_log_basis=log_basis,
    )


def _called(found: Evidence, states: Mapping[str, Mapping[str, Any]]) -> dict[str, Calls]:
    """Find the invocations of each function that the children call, by the function's name in the definition."""
    callers: dict[str, list[MapRun]] = defaultdict(list)
    for run in found.map_runs:
        for name in dict.fromkeys(functions(states[run.arn]["ItemProcessor"])):
            callers[name].append(run)
    return {
        name: compute.calls(found, name, runs, least=sum(_least(run, states[run.arn]) for run in runs))
        for name, runs in callers.items()
    }


def _least(run: MapRun, state: Mapping[str, Any]) -> int:
    """How often the function was called for sure: by each child that succeeded, when nothing else can have ended it."""
    processor = state["ItemProcessor"]
    return run.executions.succeeded if len(processor["States"]) == len(functions(processor)) == 1 else 0


def _map_usage(found: Evidence, run: MapRun, state: Mapping[str, Any], called: Mapping[str, Calls]) -> MapUsage:
    processor = state["ItemProcessor"]
    execution_type = processor["ProcessorConfig"]["ExecutionType"]
    sfn = found.stack.client("stepfunctions")
    started = children.read(sfn, run)
    names = list(dict.fromkeys(functions(processor)))
    used = tuple(called[name].usage(run, least=_least(run, state)) for name in names)
    counted = (
        children.count(sfn, started, invocations=_only(used))
        if execution_type == "STANDARD"
        else children.Transitions(total=0, states=len(processor["States"]), basis="")
    )
    reader_gets, s3_lists = requests_of_reader(run, state)
    manifest = found.manifests.get(run.arn)
    return MapUsage(
        label=run.label,
        execution_type=execution_type,
        items=run.items.total,
        children=started.started,
        states_per_child=counted.states,
        child_seconds=started.seconds,
        child_transitions=counted.total,
        transitions_basis=counted.basis,
        express_memory_mb=_express_memory_mb(processor) if execution_type == "EXPRESS" else 0,
        functions=used,
        reader_gets=reader_gets,
        s3_lists=s3_lists,
        **_units([called[name] for name in names], run),
        writes_results=manifest is not None,
        result_file_bytes=() if manifest is None else tuple(file.size for file in manifest.all_files()),
    )


def _only(used: Sequence[FunctionUsage]) -> int | None:
    """The invocations of the only function; None when there are several, or some are not known."""
    return used[0].invocations if len(used) == 1 and used[0].problem is None else None


def _units(called: Sequence[Calls], run: MapRun) -> dict[str, Any]:
    invocations = [each for calls in called for each in calls.by_map_run.get(run.arn, ())]
    used = {unit: sum(each.used[unit] for each in invocations) for unit in UNITS}
    return {**used, **{unit: int(used[unit]) for unit in ("s3_gets", "s3_bytes", "sqs_requests")}}


def _express_memory_mb(processor: Mapping[str, Any]) -> int:
    """The memory that an EXPRESS child is billed for, by the formula of the pricing page at the largest payload."""
    return model.express_memory_mb(
        definition_bytes=len(orjson.dumps(processor)), payload_bytes=model.MAX_PAYLOAD_BYTES, steps=1
    )
