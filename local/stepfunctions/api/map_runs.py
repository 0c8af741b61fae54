"""Operations on Map Runs."""

from __future__ import annotations

from typing import Any

from local.stepfunctions.api.errors import not_found, validation
from local.stepfunctions.api.paging import page
from local.stepfunctions.api.resources import Answer, Request, check_arn, execution_of
from local.stepfunctions.engine import Engine, OpenMapRun
from local.stepfunctions.maprun.record import MapRun

_CHANGES = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")


def map_run_of(engine: Engine, arn: str) -> OpenMapRun:
    """The Map Run of an ARN.

    Raises:
        ApiError: InvalidArn or ResourceNotFound.
    """
    check_arn(arn, "mapRun")
    found = engine.map_runs.get(arn)
    if found is None:
        raise not_found(arn)
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
    records = sorted((engine.map_runs[run].record for run in runs), key=_newest_first)
    return page(records, request, "mapRuns", MapRun.summary, _newest_first)


def _newest_first(record: MapRun) -> list[Any]:
    return [-record.started, record.arn]


async def update_map_run(engine: Engine, request: Request) -> Answer:
    """UpdateMapRun: new limits for a Map Run that goes on."""
    found = map_run_of(engine, request["mapRunArn"])
    changes = {name: request[name] for name in _CHANGES if request.get(name) is not None}
    if not changes:
        raise validation(f"At least one of {', '.join(_CHANGES)} must be specified", "MISSING_REQUIRED_PARAMETER")
    if found.record.status != "RUNNING":
        message = f"Map Run is {found.record.status} and cannot be updated"
        raise validation(message, "CANNOT_UPDATE_COMPLETED_MAP_RUN")
    engine.change_map_run(found, changes)
    return {}
