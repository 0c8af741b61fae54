"""Operations on executions: start, stop, describe, list, history."""

from __future__ import annotations

from typing import Any, cast

import orjson

from local.stepfunctions import arns
from local.stepfunctions.api.errors import ApiError, already_exists, does_not_exist, invalid_arn, validation
from local.stepfunctions.api.machines import Answer, Request, check_name, machine_of, new_execution_name
from local.stepfunctions.api.paging import decode_token, encode_token, page, page_size
from local.stepfunctions.childstore import StoredChild
from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.history import render
from local.stepfunctions.limits import MAX_PAYLOAD_BYTES
from local.stepfunctions.payload import Payload

_FOREVER = 1e18
_KINDS = ("execution", "express")
REDRIVE_TOKENS = 10
"""Client tokens of RedriveExecution that are remembered (API reference)."""


async def start_execution(engine: Engine, request: Request) -> Answer:
    """StartExecution: idempotent while an execution of the same name and input runs."""
    machine = machine_of(engine, request["stateMachineArn"])
    name = request.get("name") or new_execution_name()
    check_name(name)
    payload = parse_input(request.get("input", "{}"))
    if machine.type == "STANDARD":
        arn = engine.place.execution(machine.name, name)
        existing = engine.executions.get(arn)
        if existing is not None:
            if existing.status == "RUNNING" and existing.input.text == payload.text:
                return {"executionArn": arn, "startDate": existing.started}
            raise already_exists("Execution", arn)
    execution = engine.start(machine, name=name, payload=payload, trace_header=request.get("traceHeader"))
    return {"executionArn": execution.arn, "startDate": execution.started}


async def redrive_execution(engine: Engine, request: Request) -> Answer:
    """RedriveExecution: idempotent for a client token."""
    arn = request["executionArn"]
    parsed = arns.parse(arn)
    if parsed is None or parsed.kind not in _KINDS:
        raise invalid_arn(arn)
    if "/" in parsed.parts[0]:
        raise ApiError("ExecutionNotRedrivable", "A child execution is redriven by its Map Run")
    execution = execution_of(engine, arn)
    token = request.get("clientToken")
    known = execution.redrive_tokens.get(token) if token is not None else None
    if known is not None:
        return {"redriveDate": known}
    status = execution.redrive_status()
    if status["redriveStatus"] != "REDRIVABLE":
        raise ApiError("ExecutionNotRedrivable", status["redriveStatusReason"])
    engine.redrive(execution)
    if token is not None and execution.redriven is not None:
        execution.redrive_tokens[token] = execution.redriven
        while len(execution.redrive_tokens) > REDRIVE_TOKENS:
            del execution.redrive_tokens[next(iter(execution.redrive_tokens))]
    return {"redriveDate": execution.redriven}


def parse_input(text: str) -> Payload:
    """The input of an execution.

    Raises:
        ApiError: InvalidExecutionInput when it is not JSON, ValidationException when it is over the quota.
    """
    if len(text.encode()) > MAX_PAYLOAD_BYTES:
        raise validation(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_PAYLOAD_BYTES}"
        )
    try:
        return Payload.parse(text)
    except orjson.JSONDecodeError as error:
        raise ApiError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error


def execution_of(engine: Engine, arn: str) -> Execution:
    """The execution of an ARN.

    Raises:
        ApiError: InvalidArn or ExecutionDoesNotExist.
    """
    parsed = arns.parse(arn)
    if parsed is None or parsed.kind not in _KINDS:
        raise invalid_arn(arn)
    execution = engine.executions.get(arn)
    if execution is None:
        raise does_not_exist("Execution", arn)
    return execution


async def stop_execution(engine: Engine, request: Request) -> Answer:
    """StopExecution: stopping what has ended answers with its end."""
    execution = execution_of(engine, request["executionArn"])
    if execution.machine.type == "EXPRESS":
        raise ApiError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    if execution.status == "RUNNING":
        execution.stop(request.get("error"), request.get("cause"))
        if execution.task is not None:
            await _settled(execution)
    return {"stopDate": execution.stopped}


async def _settled(execution: Execution) -> None:
    import asyncio

    if execution.task is not None:
        await asyncio.wait([execution.task])


async def describe_execution(engine: Engine, request: Request) -> Answer:
    """DescribeExecution, of child executions too."""
    arn = request["executionArn"]
    child = await _child(engine, arn)
    answer = _describe_child(engine, child) if child is not None else execution_of(engine, arn).describe()
    if request.get("includedData") == "METADATA_ONLY":
        for key in ("input", "output", "error", "cause"):
            answer.pop(key, None)
        for key in ("inputDetails", "outputDetails"):
            if key in answer:
                answer[key] = {"included": False}
    return answer


async def _child(engine: Engine, arn: str) -> StoredChild | None:
    parsed = arns.parse(arn)
    if parsed is None or parsed.kind not in _KINDS or "/" not in parsed.parts[0]:
        return None
    child = await engine.children.find(arn)
    if child is None:
        raise does_not_exist("Execution", arn)
    return child


def _child_row(engine: Engine, child: StoredChild) -> Answer:
    record = engine.map_runs[child.map_run].record
    name = child.name if record.execution_type == "STANDARD" else f"{child.name}:{child.arn.rsplit(':', 1)[-1]}"
    return {
        "executionArn": child.arn,
        "stateMachineArn": record.machine_arn,
        "name": name,
        "status": child.status,
        "startDate": child.start,
        "stopDate": child.stop,
        "mapRunArn": child.map_run,
        "redriveCount": child.redrives,
    }


def _describe_child(engine: Engine, child: StoredChild) -> Answer:
    answer = _child_row(engine, child) | {"input": child.input.decode(), "inputDetails": {"included": True}}
    if child.status == "SUCCEEDED":
        reason = "Execution is SUCCEEDED and cannot be redriven"
        answer |= {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    else:
        answer["redriveStatus"] = "REDRIVABLE_BY_MAP_RUN"
    if child.output is not None:
        answer |= {"output": child.output.decode(), "outputDetails": {"included": True}}
    for key, value in (("error", child.error), ("cause", child.cause)):
        if value is not None:
            answer[key] = value
    return answer


async def list_executions(engine: Engine, request: Request) -> Answer:
    """ListExecutions of a machine or of a Map Run, newest first."""
    machine_arn, map_run_arn = request.get("stateMachineArn"), request.get("mapRunArn")
    if (machine_arn is None) == (map_run_arn is None):
        raise validation("Exactly one of stateMachineArn or mapRunArn must be specified")
    if map_run_arn is not None:
        return await _list_children(engine, request, map_run_arn)
    machine = machine_of(engine, cast("str", machine_arn))
    if machine.type == "EXPRESS":
        raise ApiError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    wanted = request.get("statusFilter")
    if wanted == "PENDING_REDRIVE":
        raise validation("The status filter PENDING_REDRIVE can only be used with mapRunArn")
    rows = [
        execution
        for execution in reversed(engine.executions.values())
        if execution.machine.arn == machine.arn
        and wanted in (None, execution.status)
        and request.get("redriveFilter", _redrive_state(execution.redrives)) == _redrive_state(execution.redrives)
    ]
    return page(rows, request, "executions", Execution.summary)


def _redrive_state(redrives: int) -> str:
    return "REDRIVEN" if redrives else "NOT_REDRIVEN"


async def _list_children(engine: Engine, request: Request, map_run_arn: str) -> Answer:
    if map_run_arn not in engine.map_runs:
        raise ApiError("ResourceNotFound", f"Resource not found: '{map_run_arn}'", resourceName=map_run_arn)
    before = decode_token(request) or (_FOREVER, "")
    size = page_size(request)
    found = await engine.children.page(
        map_run_arn, status=request.get("statusFilter"), before=(before[0], before[1]), limit=size + 1
    )
    rows = [_child_row(engine, child) | {"itemCount": child.items} for child in found[:size]]
    answer: Answer = {"executions": rows}
    if len(found) > size:
        answer["nextToken"] = encode_token((found[size - 1].start, found[size - 1].arn))
    return answer


async def get_execution_history(engine: Engine, request: Request) -> Answer:
    """GetExecutionHistory, of STANDARD child executions too."""
    arn = request["executionArn"]
    include = request.get("includeExecutionData", True)
    child = await _child(engine, arn)
    if child is not None:
        if child.events is None:
            raise ApiError(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            )
        events: list[Any] = child.history()
        return page(_ordered(events, request), request, "events", lambda event: event)
    execution = execution_of(engine, arn)
    if execution.machine.type == "EXPRESS":
        raise ApiError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    rows = _ordered(execution.history.events, request)
    return page(rows, request, "events", lambda event: render(event, include_data=include))


def _ordered(events: list[Any], request: Request) -> list[Any]:
    return events[::-1] if request.get("reverseOrder") else events
