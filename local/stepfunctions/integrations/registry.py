"""Which integration a Task's Resource means."""

from __future__ import annotations

import re

from local.stepfunctions.integrations.functions import InvokeTask, find_function
from local.stepfunctions.integrations.optimised import OPTIMISED
from local.stepfunctions.integrations.sdk import SdkTask, find_operation
from local.stepfunctions.integrations.services import find_service
from local.stepfunctions.integrations.task import Integration, UnknownResource, UnsupportedPattern

_SERVICE = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]*:(?:\d{12})?:(?P<sdk>aws-sdk:)?(?P<service>[a-z0-9-]+)"
    r":(?P<action>[a-zA-Z0-9]+)(?P<pattern>\.sync(?::2)?|\.waitForTaskToken)?"
)
_ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:.+")
_CALLBACK = ".waitForTaskToken"
_PATTERNS = {
    "lambda:invoke": {_CALLBACK},
    "sqs:sendMessage": {_CALLBACK},
    "sns:publish": {_CALLBACK},
    "events:putEvents": {_CALLBACK},
    "ecs:runTask": {_CALLBACK, ".sync"},
    "states:startExecution": {_CALLBACK, ".sync", ".sync:2"},
}


def resolve(resource_arn: str) -> Integration:
    """The integration of a Resource; UnknownResource with AWS's diagnostic if there is none."""
    function = find_function(resource_arn)
    if function is not None:
        return function
    if _ACTIVITY.fullmatch(resource_arn):
        raise UnsupportedPattern(resource_arn, "activities")
    match = _SERVICE.fullmatch(resource_arn)
    if match is None:
        raise UnknownResource(resource_arn)
    service, action, pattern = match["service"], match["action"], match["pattern"]
    found = _sdk_task(service, action) if match["sdk"] else _optimised_task(service, action)
    if found is None:
        raise UnknownResource(resource_arn)
    if pattern is None:
        return found
    allowed = {_CALLBACK} if match["sdk"] else _PATTERNS.get(f"{service}:{action}", set())
    if pattern not in allowed:
        raise UnknownResource(resource_arn)
    raise UnsupportedPattern(resource_arn, f"'{pattern}' service integrations")


def _optimised_task(service: str, action: str) -> Integration | None:
    name = f"{service}:{action}"
    return InvokeTask() if name == "lambda:invoke" else OPTIMISED.get(name)


def _sdk_task(name: str, action: str) -> Integration | None:
    service = find_service(name)
    if service is None:
        return None
    operation = find_operation(service, action)
    if operation is None or service.operation(operation).has_event_stream_output:
        return None
    return SdkTask(service=service.name, operation=operation, resource=action, resource_type=f"aws-sdk:{name}")
