"""The items of a Map Run, through its selector, as a stream of lists."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from local.stepfunctions.definition.nodes import DistributedMapState
from local.stepfunctions.errors import ItemReaderFailed, QueryEvaluationError, RuntimeFailure
from local.stepfunctions.language.jsonata_errors import unexpected_type
from local.stepfunctions.maprun.readers import Chunk, read_items
from local.stepfunctions.maprun.settings import check_max_items
from local.stepfunctions.payload import dumps
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.scope import Json

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsClient

STATE_DATA = "STATE_DATA"
"""``Map.Item.Source`` of items that come from the state's input."""


def state_items(state: DistributedMapState, value: Json, branch: Branch) -> Chunk:
    """The items in the state's input: an array, or an object whose entries become Key and Value.

    Raises:
        RuntimeFailure: ItemsPath leads to something else.
        QueryEvaluationError: Items gives something else.
    """
    field = state.items
    items = value if field is None else field.evaluate(branch.scope(value))
    if isinstance(items, list):
        return Chunk(items=items, source=STATE_DATA)
    if isinstance(items, dict):
        entries = [{"Key": key, "Value": entry} for key, entry in items.items()]
        return Chunk(items=entries, source=STATE_DATA, keys=list(items))
    shown = dumps(items).decode()
    if state.language == "JSONPath":
        raise RuntimeFailure(f'Reference path "{"$" if field is None else field.text}" must point to array or object.')
    if field is None:
        raise QueryEvaluationError(f"Map state input must be an array but was: {shown}")
    raise unexpected_type(field.text, "Items", "array", items)


async def read(
    state: DistributedMapState, value: Json, branch: Branch, max_items: int, s3: AwsClient
) -> AsyncIterator[Chunk]:
    """The items of the ItemReader.

    Raises:
        ItemReaderFailed: the object or listing cannot be read, or is not what InputType says.
    """
    assert state.reader is not None  # noqa: S101 - asked only for a state with a reader
    check_max_items(max_items)
    parameters = state.reader.parameters(branch.scope(value))
    if not isinstance(parameters, dict):
        raise ItemReaderFailed("The parameters of the ItemReader must be an object.")
    async for chunk in read_items(state.reader.spec, parameters=parameters, max_items=max_items, s3=s3):
        yield chunk


def select(state: DistributedMapState, chunk: Chunk, first: int, value: Json, branch: Branch) -> list[Json]:
    """The chunk's items through ItemSelector, in the scope of the Map state; ``first`` is the index of the first."""
    selector = state.item_selector
    if selector is None:
        return chunk.items
    scope = branch.scope(value)
    context = scope.context
    selected: list[Json] = []
    for offset, item in enumerate(chunk.items):
        entry = {"Index": first + offset, "Value": item, "Source": chunk.source}
        if chunk.keys is not None:
            entry["Key"] = chunk.keys[offset]
            entry["Value"] = item["Value"]
        scope.context = {**context, "Map": {"Item": entry}}
        selected.append(selector(scope))
    return selected
