"""Operations that start, stop, redrive and describe executions."""

from __future__ import annotations

import asyncio
import uuid

import orjson

from local.stepfunctions import jackson
from local.stepfunctions.api.children import child_of, describe_child
from local.stepfunctions.api.errors import ApiError, already_exists, unsupported_type, validation
from local.stepfunctions.api.resources import Answer, Request, execution_of, labelled_execution, target_of
from local.stepfunctions.api.settings import check_name
from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.limits import MAX_PAYLOAD_BYTES
from local.stepfunctions.machines import Target
from local.stepfunctions.payload import Payload

REDRIVE_TOKENS = 10
"""Client tokens of RedriveExecution that are remembered (API reference)."""

_DATA = frozenset({"input", "inputDetails", "output", "outputDetails", "error", "cause"})


async def start_execution(engine: Engine, request: Request) -> Answer:
    """StartExecution: idempotent while an execution of the same name and input runs."""
    target = target_of(engine, request["stateMachineArn"])
    name = _name(request)
    payload = parse_input(request.get("input", "{}"))
    machine = target.machine
    if machine.type == "STANDARD":
        arn = engine.place.execution(machine.name, name)
        existing = engine.executions.get(arn)
        if existing is not None:
            if existing.status == "RUNNING" and existing.input.text == payload.text:
                return _started(existing)
            raise already_exists("Execution", f"'{arn}'")
    return _started(_start(engine, target, name, payload, request))


def _name(request: Request) -> str:
    name: str = request.get("name") or str(uuid.uuid4())
    check_name(name)
    return name


def _start(engine: Engine, target: Target, name: str, payload: Payload, request: Request) -> Execution:
    return engine.start(
        target.machine,
        name=name,
        payload=payload,
        trace_header=request.get("traceHeader"),
        version_arn=target.version_arn,
        alias_arn=target.alias_arn,
    )


def _started(execution: Execution) -> Answer:
    return {"executionArn": execution.arn, "startDate": execution.started}


async def start_sync_execution(engine: Engine, request: Request) -> Answer:
    """StartSyncExecution: answers when the EXPRESS execution has ended, however it ended."""
    target = target_of(engine, request["stateMachineArn"])
    if target.machine.type != "EXPRESS":
        raise unsupported_type()
    execution = _start(engine, target, _name(request), parse_input(request.get("input", "{}")), request)
    await _ended(execution)
    return _included(execution.describe_synchronous(), request)


async def _ended(execution: Execution) -> None:
    if execution.task is not None:
        await asyncio.wait([execution.task])


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
    if not text.strip():
        raise _invalid_input("Invalid execution input.")
    try:
        return Payload.parse(text)
    except orjson.JSONDecodeError as error:
        fault = jackson.find_fault(text)
        raise _invalid_input(str(error) if fault is None else fault.message) from error


def _invalid_input(why: str) -> ApiError:
    return ApiError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'")


async def redrive_execution(engine: Engine, request: Request) -> Answer:
    """RedriveExecution: idempotent for a client token."""
    arn = request["executionArn"]
    if labelled_execution(arn):
        raise ApiError("ExecutionNotRedrivable", "A child execution is redriven by its Map Run")
    execution = execution_of(engine, arn)
    token = request.get("clientToken")
    known = execution.redrive_tokens.get(token) if token is not None else None
    if known is not None:
        return {"redriveDate": known}
    status = execution.redrive_status()
    if status["redriveStatus"] != "REDRIVABLE":
        raise ApiError("ExecutionNotRedrivable", status["redriveStatusReason"])
    if execution.machine_deleted:
        raise ApiError("ExecutionNotRedrivable", "State machine is in DELETING status")
    engine.redrive(execution)
    if token is not None and execution.redriven is not None:
        execution.redrive_tokens[token] = execution.redriven
        while len(execution.redrive_tokens) > REDRIVE_TOKENS:
            del execution.redrive_tokens[next(iter(execution.redrive_tokens))]
    return {"redriveDate": execution.redriven}


async def stop_execution(engine: Engine, request: Request) -> Answer:
    """StopExecution: stopping what has ended answers with its end."""
    arn = request["executionArn"]
    if labelled_execution(arn):
        message = f"A child execution is stopped with its Map Run: stop the execution that started it, not '{arn}'"
        raise validation(message, "API_DOES_NOT_SUPPORT_LABELED_ARNS")
    execution = execution_of(engine, arn)
    if execution.status == "RUNNING":
        execution.stop(request.get("error"), request.get("cause"))
        await _ended(execution)
    return {"stopDate": execution.stopped}


async def describe_execution(engine: Engine, request: Request) -> Answer:
    """DescribeExecution, of child executions too."""
    arn = request["executionArn"]
    if labelled_execution(arn):
        answer = describe_child(engine, await child_of(engine, arn))
    else:
        answer = execution_of(engine, arn).describe()
    return _included(answer, request)


def _included(answer: Answer, request: Request) -> Answer:
    """The answer without the execution's data, where metadata alone is asked for."""
    if request.get("includedData") == "METADATA_ONLY":
        return {key: value for key, value in answer.items() if key not in _DATA}
    return answer
