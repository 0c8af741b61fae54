"""The child executions of Map Runs, as the operations on executions show them."""

from __future__ import annotations

from local.stepfunctions.api.errors import does_not_exist
from local.stepfunctions.api.resources import Answer
from local.stepfunctions.childstore import StoredChild
from local.stepfunctions.engine import Engine


async def child_of(engine: Engine, arn: str) -> StoredChild:
    """The child of an ARN.

    Raises:
        ApiError: ExecutionDoesNotExist.
    """
    child = await engine.children.find(arn)
    if child is None or child.map_run not in engine.map_runs:  # its state machine may have been deleted
        raise does_not_exist("Execution", arn)
    return child


def child_row(engine: Engine, child: StoredChild) -> Answer:
    """The row of ListExecutions, without the number of items."""
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


def describe_child(engine: Engine, child: StoredChild) -> Answer:
    """The answer of DescribeExecution."""
    answer = child_row(engine, child) | {"input": child.input.decode(), "inputDetails": {"included": True}}
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
