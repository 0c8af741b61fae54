"""Operations on Map Runs."""

from __future__ import annotations

from local.stepfunctions import arns
from local.stepfunctions.api.errors import ApiError, invalid_arn, validation
from local.stepfunctions.api.executions import execution_of
from local.stepfunctions.api.machines import Answer, Request
from local.stepfunctions.api.paging import page
from local.stepfunctions.engine import Engine, OpenMapRun
from local.stepfunctions.maprun.record import MapRun

_CHANGES = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")


def map_run_of(engine: Engine, arn: str) -> OpenMapRun:
    """The Map Run of an ARN.

    Raises:
        ApiError: InvalidArn or ResourceNotFound.
    """
    parsed = arns.parse(arn)
    if parsed is None or parsed.kind != "mapRun":
        raise invalid_arn(arn)
    found = engine.map_runs.get(arn)
    if found is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
    return found


async def describe_map_run(engine: Engine, request: Request) -> Answer:
    """DescribeMapRun."""
    return map_run_of(engine, request["mapRunArn"]).record.describe()


async def list_map_runs(engine: Engine, request: Request) -> Answer:
    """ListMapRuns of an execution, newest first."""
    arn = request["executionArn"]
    runs = engine.nested_runs.get(arn)
    if runs is None:
        runs = execution_of(engine, arn).map_runs
    records = [engine.map_runs[run].record for run in reversed(runs)]
    return page(records, request, "mapRuns", MapRun.summary)


async def update_map_run(engine: Engine, request: Request) -> Answer:
    """UpdateMapRun: new limits for a Map Run that goes on."""
    found = map_run_of(engine, request["mapRunArn"])
    changes = {name: request[name] for name in _CHANGES if request.get(name) is not None}
    if not changes:
        raise validation(f"At least one of {', '.join(_CHANGES)} must be specified")
    if found.record.status != "RUNNING":
        raise validation(f"Map Run is {found.record.status} and cannot be updated")
    share = changes.get("toleratedFailurePercentage")
    if share is not None and not 0 <= share <= 100:
        raise validation(f"toleratedFailurePercentage must be between 0 and 100, got {share}")
    engine.change_map_run(found, changes)
    return {}
