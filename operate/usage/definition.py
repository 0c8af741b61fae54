"""What a definition says of its distributed maps: which one a Map Run is of, its functions, its reader."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from operate.errors import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from operate.execution import MapRun

LIST_PAGE_KEYS = 1_000  # ListObjectsV2 gives at most 1,000 keys a request
MANIFEST_READS = 2  # the manifest and, of the files that it lists, one at least


def state_of(map_run: MapRun, definition: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Find the Map state of a Map Run: by its label, else by the state that the history entered for it."""
    maps = list(distributed_maps(definition))
    for _name, state in maps:
        if map_run.label == state.get("Label"):
            return state
    entered = _entered_for(map_run, events)
    for name, state in maps:
        if name in (entered, map_run.label) or len(maps) == 1:
            return state
    raise ExecutionError(f"{map_run.arn} is of no distributed map of its state machine's definition")


def distributed_maps(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each distributed Map state with its name, at any depth."""
    for name, state in states(definition):
        if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            yield name, state


def states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each state with its name, at any depth."""
    for name, state in machine["States"].items():
        yield name, state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {})):
            if "States" in inner:
                yield from states(inner)


def functions(processor: Mapping[str, Any]) -> list[str]:
    """List the function that each Lambda task calls, by ARN or name; one that is known at run time only is left out."""
    found = []
    for _name, state in states(processor):
        resource = state.get("Resource", "")
        if ":states:::lambda:invoke" in resource:
            named = {**state.get("Parameters", {}), **state.get("Arguments", {})}.get("FunctionName")
        else:
            named = resource if ":lambda:" in resource else None
        if named is not None and not named.startswith("{%"):
            found.append(str(named))
    return found


def requests_of_reader(map_run: MapRun, state: Mapping[str, Any]) -> tuple[int, int]:
    """Count the GET and the LIST requests of the map's reader: those of an inventory are the least that it takes."""
    reader = state.get("ItemReader")
    if reader is None:
        return 0, 0
    if reader["Resource"].endswith("s3:listObjectsV2"):
        return 0, max(1, math.ceil(map_run.items.total / LIST_PAGE_KEYS))
    if reader.get("ReaderConfig", {}).get("InputType") == "MANIFEST":
        return MANIFEST_READS, 0
    return 1, 0


def _entered_for(map_run: MapRun, events: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the name of the Map state whose entry came before the start of the Map Run."""
    by_id = {event["id"]: event for event in events}
    for event in events:
        if event.get("mapRunStartedEventDetails", {}).get("mapRunArn") != map_run.arn:
            continue
        before: Mapping[str, Any] | None = event
        while before is not None and before["type"] != "MapStateEntered":
            before = by_id.get(before.get("previousEventId", 0))
        return None if before is None else str(before["stateEnteredEventDetails"]["name"])
    return None
