"""Map: an iteration for each item within the execution, or a Map Run when it is distributed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from local.stepfunctions.definition.nodes import DistributedMapState, MapState
from local.stepfunctions.errors import QueryEvaluationError, RuntimeFailure
from local.stepfunctions.language.jsonata_errors import unexpected_type
from local.stepfunctions.limits import MAX_INLINE_CONCURRENCY
from local.stepfunctions.payload import Payload, dumps
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.run.flow import Outcome
from local.stepfunctions.run.numbers import whole_number
from local.stepfunctions.run.parallel import cancel, first_failure
from local.stepfunctions.scope import Json


async def run_inline_map(state: MapState, payload: Payload, branch: Branch) -> Outcome:
    """Run the item processor on each item; the result is the array of outputs in the order of the items."""
    value = flow.effective_input(state, payload, branch)
    items = map_items(state, value, branch)
    limit = whole_number(state.max_concurrency, branch.scope(value)) or MAX_INLINE_CONCURRENCY
    place = branch.place
    place.begun = place.begun or branch.event("MapStateStarted", {"length": len(items)})
    left = [index for index in range(len(items)) if index not in place.parts or place.parts[index].output is None]
    work = _Iterations(state, value, items, iter(left), branch)
    workers = [branch.fork() for _ in range(min(limit, len(left)))]
    tasks = [asyncio.create_task(work.run(worker)) for worker in workers]
    if tasks:
        try:
            failed = await first_failure(tasks)
        finally:
            await cancel(tasks)
        if failed is not None:
            branch.cursor.last = workers[tasks.index(failed)].cursor.last
            await failed
        branch.cursor.last = work.succeeded
    branch.event("MapStateSucceeded", advance=False)
    outputs = [part.output.value for _index, part in sorted(place.parts.items()) if part.output is not None]
    return flow.finish_with_result(state, payload, Payload(outputs), branch)


class _Iterations:
    """The iterations that are left, taken by workers one after the other."""

    def __init__(self, state: MapState, value: Json, items: list[Json], left: Iterator[int], parent: Branch) -> None:
        self._state = state
        self._value = value
        self._items = items
        self._left = left
        self._parent = parent
        self.succeeded = 0
        """Id of the event of the last iteration that succeeded."""

    async def run(self, worker: Branch) -> Payload:
        """Run iterations until none is left; each one's events follow the worker's last."""
        for index in self._left:
            details = {"index": index, "name": self._state.name}
            if index not in self._parent.place.parts:
                worker.event("MapIterationStarted", details)
            iteration = self._parent.place.part(index, self._parent)
            iteration.cursor = worker.cursor
            try:
                selected = select_item(self._state, self._value, index, self._items[index], self._parent)
                await worker.run.run_workflow(self._state.processor, Payload(selected), iteration)
            except asyncio.CancelledError:
                worker.event("MapIterationAborted", details, advance=False)
                raise
            except Exception:
                worker.event("MapIterationFailed", details, advance=False)
                raise
            self.succeeded = worker.event("MapIterationSucceeded", details, advance=False)
        return Payload(None)


def map_items(state: MapState, value: Json, branch: Branch) -> list[Json]:
    """The array that an inline Map iterates over."""
    field = state.items
    items = value if field is None else field.evaluate(branch.scope(value))
    if isinstance(items, list):
        return items
    if state.language == "JSONPath":
        text = "$" if field is None else field.text
        raise RuntimeFailure(f'Reference path "{text}" must point to array.')
    shown = dumps(items).decode()
    if field is None:
        raise QueryEvaluationError(f"Map state input must be an array but was: {shown}")
    raise unexpected_type(field.text, "Items", "array", items)


def select_item(state: MapState, value: Json, index: int, item: Json, branch: Branch, **more: Any) -> Json:
    """An item as its iteration gets it: through ItemSelector, in the scope of the Map state, when there is one."""
    if state.item_selector is None:
        return item
    scope = branch.scope(value)
    scope.context = {**scope.context, "Map": {"Item": {"Index": index, "Value": item, **more}}}
    return state.item_selector(scope)


async def run_distributed(state: DistributedMapState, payload: Payload, branch: Branch) -> Outcome:
    """Run a Map Run to its end."""
    result = await branch.run.services.run_distributed_map(state, payload, branch)
    return flow.finish_with_result(state, payload, result, branch)
