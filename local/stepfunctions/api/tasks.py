"""Operations on activities, and on tasks that wait for an answer."""

from __future__ import annotations

import orjson

from local.stepfunctions import arns
from local.stepfunctions.activities import Activity, TooManyPollers
from local.stepfunctions.api.errors import ApiError, invalid_arn
from local.stepfunctions.api.machines import Answer, Request, check_name
from local.stepfunctions.api.paging import page
from local.stepfunctions.callbacks import Ticket, TokenExpired, UnknownToken
from local.stepfunctions.engine import Engine
from local.stepfunctions.errors import StatesError
from local.stepfunctions.payload import Payload


def activity_of(engine: Engine, arn: str) -> Activity:
    """The activity of an ARN.

    Raises:
        ApiError: InvalidArn or ActivityDoesNotExist.
    """
    _check_activity_arn(arn)
    activity = engine.activities.get(arn)
    if activity is None:
        raise ApiError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    return activity


def _check_activity_arn(arn: str) -> None:
    parsed = arns.parse(arn)
    if parsed is None or parsed.kind != "activity":
        raise invalid_arn(arn)


async def create_activity(engine: Engine, request: Request) -> Answer:
    """CreateActivity: idempotent by name; tags of a second call are ignored."""
    name = request["name"]
    check_name(name)
    arn = engine.place.activity(name)
    if arn not in engine.activities:
        engine.activities[arn] = Activity(arn=arn, name=name)
        engine.tags[arn] = {tag["key"]: tag.get("value", "") for tag in request.get("tags", [])}
    return {"activityArn": arn, "creationDate": engine.activities[arn].created}


async def describe_activity(engine: Engine, request: Request) -> Answer:
    """DescribeActivity."""
    activity = activity_of(engine, request["activityArn"])
    return _shown(activity) | {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}


async def delete_activity(engine: Engine, request: Request) -> Answer:
    """DeleteActivity: deleting what is not there succeeds."""
    arn = request["activityArn"]
    _check_activity_arn(arn)
    engine.activities.pop(arn, None)
    engine.tags.pop(arn, None)
    return {}


async def list_activities(engine: Engine, request: Request) -> Answer:
    """ListActivities, by creation."""
    return page(list(engine.activities.values()), request, "activities", _shown)


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
    try:
        output = Payload.parse(request["output"])
    except orjson.JSONDecodeError as error:
        raise ApiError("InvalidOutput", f"Invalid Output: '{error}'") from error
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
