"""Which integration a Task's Resource means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from local.stepfunctions.integrations.catalogue import OPTIMISED
from local.stepfunctions.integrations.functions import find_function
from local.stepfunctions.integrations.sdk import SdkTask, find_operation
from local.stepfunctions.integrations.services import find_service
from local.stepfunctions.integrations.task import ActivityTask, Integration, Pattern, UnknownResource

_SERVICE = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]*:(?:\d{12})?:(?P<sdk>aws-sdk:)?(?P<service>[a-z0-9-]+)"
    r":(?P<action>[a-zA-Z0-9]+)(?P<pattern>\.sync(?::2)?|\.waitForTaskToken)?"
)
_ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:.+")
_PATTERNS: Mapping[str, Pattern] = {".sync": "sync", ".sync:2": "sync:2", ".waitForTaskToken": "callback"}
_CALLBACK = frozenset({".waitForTaskToken"})
_WAITING = {
    "lambda:invoke": _CALLBACK,
    "sqs:sendMessage": _CALLBACK,
    "sns:publish": _CALLBACK,
    "events:putEvents": _CALLBACK,
    "ecs:runTask": _CALLBACK | {".sync"},
    "states:startExecution": _CALLBACK | {".sync", ".sync:2"},
}


def resolve(resource_arn: str) -> Integration:
    """The integration of a Resource; UnknownResource with AWS's diagnostic if there is none."""
    function = find_function(resource_arn)
    if function is not None:
        return function
    if _ACTIVITY.fullmatch(resource_arn):
        return ActivityTask(resource=resource_arn)
    match = _SERVICE.fullmatch(resource_arn)
    if match is None:
        raise UnknownResource(resource_arn)
    service, action, suffix = match["service"], match["action"], match["pattern"]
    name = f"{service}:{action}"
    found = _sdk_task(service, action) if match["sdk"] else OPTIMISED.get(name)
    if found is None:
        raise UnknownResource(resource_arn)
    if suffix is None:
        return found
    if suffix not in (_CALLBACK if match["sdk"] else _WAITING.get(name, ())):
        raise UnknownResource(resource_arn)
    return replace(found, resource=action + suffix, pattern=_PATTERNS[suffix])


def _sdk_task(name: str, action: str) -> SdkTask | None:
    service = find_service(name)
    if service is None:
        return None
    operation = find_operation(service, action)
    if operation is None or service.operation(operation).has_event_stream_output:
        return None
    return SdkTask(service=service.name, operation=operation, resource=action, resource_type=f"aws-sdk:{name}")
