"""What a Map Run was set to do: read from the definition, with the values that its input had at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from operate.page.facts import Setting
from operate.page.privacy import excerpt

if TYPE_CHECKING:
    from operate.execution import MapRun

DEFINITION, DEFAULT = "definition", "default"
REFERENCE = re.compile(r"\$(\.[A-Za-z_][A-Za-z0-9_-]*)*")
UNLIMITED = 0  # of MaxItems and MaxConcurrency
DEFAULT_CONCURRENCY = 10_000  # a Map Run whose MaxConcurrency is 0 runs at most this many children at once


def distributed_maps(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each distributed Map state with its name, at any depth."""
    for name, state in definition["States"].items():
        processor = state.get("ItemProcessor", {})
        if processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            yield name, state
        for inner in (*state.get("Branches", ()), processor):
            if "States" in inner:
                yield from distributed_maps(inner)


def map_state(definition: Mapping[str, Any], label: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return the Map state of a Map Run's label; where the definition gives no Label, AWS makes it from the name."""
    for name, state in distributed_maps(definition):
        if label == state.get("Label", name):
            return name, state
    return None


def state_input(events: tuple[Mapping[str, Any], ...], state: str) -> Any:
    """Return the input of the last time that a Map state was entered; None when the history does not show it."""
    for event in reversed(events):
        details = event.get("stateEnteredEventDetails", {})
        if event["type"] == "MapStateEntered" and details.get("name") == state and "input" in details:
            return orjson.loads(details["input"])
    return None


def settings(state: Mapping[str, Any], given: Any, map_run: MapRun) -> tuple[Setting, ...]:
    """Return what the Map state was set to; ``given`` is its input."""
    batcher, reader = state.get("ItemBatcher", {}), state.get("ItemReader", {})
    concurrency = _setting("Max concurrency", state, "MaxConcurrency", given, default="0")
    if map_run.max_concurrency == UNLIMITED:
        used = f"0, which is {DEFAULT_CONCURRENCY:,}"
    else:
        used = f"{map_run.max_concurrency:,}"
    found = [
        Setting(name="Child type", value=state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"], origin=DEFINITION),
        Setting(name=concurrency.name, value=used, origin=concurrency.origin),
        _setting(
            "Items per batch", batcher, "MaxItemsPerBatch", given, default="no batching" if not batcher else "any"
        ),
        _setting("Bytes per batch", batcher, "MaxInputBytesPerBatch", given, default=""),
        _setting("Tolerated failures, %", state, "ToleratedFailurePercentage", given, default="0"),
        _setting("Tolerated failures", state, "ToleratedFailureCount", given, default=""),
        _setting("Max items", reader.get("ReaderConfig", {}), "MaxItems", given, default="0", unlimited=True),
        _reader(reader, given),
    ]
    return tuple(each for each in found if each.value)


def written_to(state: Mapping[str, Any], given: Any) -> tuple[str, str] | None:
    """Return bucket and prefix of the result files; None without a ResultWriter in S3, or when it is unknown."""
    writer = state.get("ResultWriter", {})
    place = _resolved(writer.get("Parameters", writer.get("Arguments", {})), given)
    bucket, prefix = place.get("Bucket"), place.get("Prefix", "")
    return (bucket, prefix) if isinstance(bucket, str) and isinstance(prefix, str) else None


def _setting(
    name: str, holder: Mapping[str, Any], key: str, given: Any, *, default: str, unlimited: bool = False
) -> Setting:
    if f"{key}Path" in holder:
        path = holder[f"{key}Path"]
        value, origin = _at(path, given), f"input, {path}"
    elif key in holder:
        value, origin = holder[key], DEFINITION
    else:
        value, origin = default, DEFAULT
    if unlimited and str(value) == str(UNLIMITED):
        value = "all"
    return Setting(name=name, value=_shown(value), origin=excerpt(origin))


def _reader(reader: Mapping[str, Any], given: Any) -> Setting:
    if not reader:
        return Setting(name="Items from", value="the state's input", origin=DEFINITION)
    action = str(reader["Resource"]).rpartition(":")[2]
    kind = reader.get("ReaderConfig", {}).get("InputType", "")
    place = _resolved(reader.get("Parameters", reader.get("Arguments", {})), given)
    where = f"s3://{place.get('Bucket', '?')}/{place.get('Key', place.get('Prefix', ''))}"
    return Setting(name="Items from", value=excerpt(" ".join(filter(None, (action, kind, where)))), origin=DEFINITION)


def _resolved(fields: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """Fill in the references of `Parameters`; a reference that cannot be resolved stays as it is."""
    return {
        name.removesuffix(".$"): _at(value, given) if name.endswith(".$") else value for name, value in fields.items()
    }


def _at(path: str, given: Any) -> Any:
    """Return what a plain reference path finds in the input, else the path itself."""
    if not REFERENCE.fullmatch(path):
        return path
    found = given
    for name in path.split(".")[1:]:
        if not isinstance(found, Mapping) or name not in found:
            return path
        found = found[name]
    return found


def _shown(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:,}"
    return excerpt(value if isinstance(value, str) else orjson.dumps(value).decode())
