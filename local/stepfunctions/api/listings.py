"""Operations that list executions and their events."""

from __future__ import annotations

from typing import Any, Final

from local.stepfunctions.api.children import child_of, child_row
from local.stepfunctions.api.errors import (
    no_state_machine,
    not_found,
    unsupported_type,
    validation,
    wrong_resource,
)
from local.stepfunctions.api.paging import decode_token, encode_token, page, page_size
from local.stepfunctions.api.resources import (
    Answer,
    Request,
    check_arn,
    execution_of,
    labelled_execution,
    machine_name,
)
from local.stepfunctions.childstore import StoredChild
from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.history import Event, render

_FOREVER: Final = 1e18


async def list_executions(engine: Engine, request: Request) -> Answer:
    """ListExecutions of a machine, version or alias, or of a Map Run, newest first."""
    machine_arn, map_run_arn = request.get("stateMachineArn"), request.get("mapRunArn")
    if machine_arn is not None and map_run_arn is not None:
        raise validation("Only one of stateMachineArn and mapRunArn can be specified")
    if map_run_arn is not None:
        return await _list_children(engine, request, map_run_arn)
    if machine_arn is None:
        raise validation("Either stateMachineArn or mapRunArn must be specified", "MISSING_REQUIRED_PARAMETER")
    wanted, redriven = request.get("statusFilter"), request.get("redriveFilter")
    if wanted == "PENDING_REDRIVE":
        raise validation("The status filter PENDING_REDRIVE can only be used with mapRunArn")
    rows = [
        execution
        for execution in _executions(engine, machine_arn)
        if wanted in (None, execution.status) and redriven in (None, _redrive_state(execution.redrives))
    ]
    rows.sort(key=_newest_first)
    return page(rows, request, "executions", Execution.summary, _newest_first)


def _newest_first(execution: Execution) -> list[Any]:
    """Executions that run are listed by their start or redrive, others by their end (API reference)."""
    return [-(execution.stopped or execution.redriven or execution.started), execution.arn]


def _redrive_state(redrives: int) -> str:
    return "REDRIVEN" if redrives else "NOT_REDRIVEN"


def _executions(engine: Engine, arn: str) -> list[Execution]:
    """Those of a machine, or those that were started from a version or through an alias."""
    name = machine_name(arn)
    machine = engine.machines.get(name.base)
    if machine is None:
        raise no_state_machine(arn)
    if machine.current.type == "EXPRESS":
        raise unsupported_type()
    found = [execution for execution in engine.executions.values() if execution.machine.arn == name.base]
    if name.version is not None:
        if name.version > machine.last_version:
            raise no_state_machine(arn, "Version")
        return [execution for execution in found if execution.version_arn == arn]
    if name.alias is not None:
        found = [execution for execution in found if execution.alias_arn == arn]
        if not found and name.alias not in machine.aliases:
            raise not_found(arn)
    return found


async def _list_children(engine: Engine, request: Request, map_run_arn: str) -> Answer:
    check_arn(map_run_arn, "mapRun")
    if map_run_arn not in engine.map_runs:
        raise not_found(map_run_arn)
    start, arn = decode_token("executions", request) or (_FOREVER, "")
    size, redriven = page_size(request), request.get("redriveFilter")
    found: list[StoredChild] = []
    while len(found) <= size:
        read = await engine.children.page(
            map_run_arn, status=request.get("statusFilter"), before=(start, arn), limit=size + 1
        )
        found += [child for child in read if redriven in (None, _redrive_state(child.redrives))]
        if len(read) <= size:
            break
        start, arn = read[-1].start, read[-1].arn
    answer: Answer = {"executions": [child_row(engine, child) | {"itemCount": child.items} for child in found[:size]]}
    if len(found) > size:
        position = [found[size - 1].start, found[size - 1].arn]
        answer["nextToken"] = encode_token("executions", request, position)
    return answer


async def get_execution_history(engine: Engine, request: Request) -> Answer:
    """GetExecutionHistory, of STANDARD child executions too."""
    arn = request["executionArn"]
    sign = -1 if request.get("reverseOrder") else 1
    if labelled_execution(arn):
        events = _child_events(await child_of(engine, arn))[::sign]
        return page(events, request, "events", lambda event: event, lambda event: sign * event["id"])
    kept = execution_of(engine, arn).history.events[::sign]
    include = request.get("includeExecutionData", True)

    def show(event: Event) -> Answer:
        return render(event, include_data=include)

    return page(kept, request, "events", show, lambda event: sign * event.id)


def _child_events(child: StoredChild) -> list[dict[str, Any]]:
    if child.events is None:
        raise wrong_resource("express")
    return child.history()
