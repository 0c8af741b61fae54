"""Operations on activities, and on tasks that wait for an answer."""

from __future__ import annotations

from typing import Any

import orjson

from local.stepfunctions import jackson
from local.stepfunctions.activities import Activity, TooManyPollers
from local.stepfunctions.api.errors import ApiError, already_exists, does_not_exist
from local.stepfunctions.api.paging import page
from local.stepfunctions.api.resources import Answer, Request, check_arn
from local.stepfunctions.api.settings import check_encryption, check_name
from local.stepfunctions.api.tags import tags_of
from local.stepfunctions.callbacks import Ticket, TokenExpired, UnknownToken
from local.stepfunctions.engine import Engine
from local.stepfunctions.errors import StatesError
from local.stepfunctions.machines import encryption_of
from local.stepfunctions.payload import Payload


def activity_of(engine: Engine, arn: str) -> Activity:
    """The activity of an ARN.

    Raises:
        ApiError: InvalidArn or ActivityDoesNotExist.
    """
    check_arn(arn, "activity")
    activity = engine.activities.get(arn)
    if activity is None:
        raise does_not_exist("Activity", arn)
    return activity


async def create_activity(engine: Engine, request: Request) -> Answer:
    """CreateActivity: idempotent by name and encryption; tags of a second call are ignored."""
    name, given = request["name"], request.get("encryptionConfiguration")
    check_name(name)
    check_encryption(given)
    tags = tags_of(request.get("tags", []))
    arn, encryption = engine.place.activity(name), encryption_of(given)
    activity = engine.activities.get(arn)
    if activity is None:
        activity = engine.activities[arn] = Activity(arn=arn, name=name, encryption=encryption)
        engine.tags[arn] = tags
    elif activity.encryption != encryption:
        raise already_exists("Activity", f"'{arn}'")
    return {"activityArn": arn, "creationDate": activity.created}


async def describe_activity(engine: Engine, request: Request) -> Answer:
    """DescribeActivity."""
    activity = activity_of(engine, request["activityArn"])
    return _shown(activity) | {"encryptionConfiguration": activity.encryption}


async def delete_activity(engine: Engine, request: Request) -> Answer:
    """DeleteActivity: deleting what is not there succeeds."""
    arn = request["activityArn"]
    check_arn(arn, "activity")
    engine.activities.pop(arn, None)
    engine.tags.pop(arn, None)
    return {}


async def list_activities(engine: Engine, request: Request) -> Answer:
    """ListActivities, by creation."""
    rows = sorted(engine.activities.values(), key=_oldest_first)
    return page(rows, request, "activities", _shown, _oldest_first)


def _oldest_first(activity: Activity) -> list[Any]:
    return [activity.created, activity.arn]


def _shown(activity: Activity) -> Answer:
    return {"activityArn": activity.arn, "name": activity.name, "creationDate": activity.created}


async def get_activity_task(engine: Engine, request: Request) -> Answer:
    """GetActivityTask: waits up to a minute; an empty answer means that there was no task."""
    activity = activity_of(engine, request["activityArn"])
    try:
        task = await activity.poll(request.get("workerName"))
    except TooManyPollers as error:
        raise ApiError("ActivityWorkerLimitExceeded", "The maximum number of workers polls this activity") from error
    return {} if task is None else {"taskToken": task.ticket.token, "input": task.input.text.decode()}


def _ticket(engine: Engine, request: Request) -> Ticket:
    try:
        return engine.tokens.find(request["taskToken"])
    except UnknownToken as error:
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'") from error
    except TokenExpired as error:
        raise ApiError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'") from error


async def send_task_success(engine: Engine, request: Request) -> Answer:
    """SendTaskSuccess: the output must be JSON text."""
    ticket = _ticket(engine, request)
    text = request["output"]
    try:
        output = Payload.parse(text)
    except orjson.JSONDecodeError as error:
        fault = jackson.find_fault(text)
        raise ApiError("InvalidOutput", f"Invalid Output: '{error if fault is None else fault.message}'") from error
    ticket.answer(output)
    return {}


async def send_task_failure(engine: Engine, request: Request) -> Answer:
    """SendTaskFailure."""
    _ticket(engine, request).refuse(StatesError(request.get("error") or "", request.get("cause")))
    return {}


async def send_task_heartbeat(engine: Engine, request: Request) -> Answer:
    """SendTaskHeartbeat: resets the heartbeat's clock, and leaves no event."""
    _ticket(engine, request).beat()
    return {}
