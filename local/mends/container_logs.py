"""What containers say, in CloudWatch Logs by the options of the awslogs driver and with the execution role's leave.

Source: Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch".
"""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any, Final

from local.fargate.launch import CannotStartError
from local.mends import task_roles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")


def sink(
    definition: Mapping[str, Any], *, task_id: str, execution_role: str, scope: Callable[[], Any]
) -> Callable[[list[str]], None] | None:
    """Where the container's lines go; None for one without a log. Raises CannotStartError where AWS would refuse."""
    configuration = definition.get("logConfiguration") or {}
    if configuration.get("logDriver") != "awslogs":
        return None
    options = configuration.get("options") or {}
    group, name = options.get("awslogs-group", ""), definition["name"]
    stream = f"{options.get('awslogs-stream-prefix', 'ecs')}/{name}/{task_id}"
    logs = importlib.import_module("ministack.services.cloudwatch_logs")
    arn = logs._make_group_arn_no_star(group)  # noqa: SLF001 - the seam
    if group not in logs._log_groups:  # noqa: SLF001 - the seam
        if options.get("awslogs-create-group") != "true":
            raise _refused("ResourceNotFoundException: The specified log group does not exist.")
        _ask(execution_role, "logs:CreateLogGroup", f"{arn}:*", task_id)
        logs._create_log_group({"logGroupName": group})  # noqa: SLF001 - the seam
    for action in ACTIONS:
        _ask(execution_role, action, f"{arn}:log-stream:{stream}", task_id)
    logs._create_log_stream({"logGroupName": group, "logStreamName": stream})  # noqa: SLF001 - the seam

    def put(lines: list[str]) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines if line]  # an event is not empty
        if events:
            with scope():
                logs._put_log_events(  # noqa: SLF001 - the seam
                    {"logGroupName": group, "logStreamName": stream, "logEvents": events}
                )

    return put


def _ask(role: str, action: str, resource: str, session: str) -> None:
    if not role or not task_roles.allows(role, action, resource, session=session):
        who = role or "a task without an execution role"
        raise _refused(f"AccessDeniedException: {who} is not authorized to perform: {action} on resource: {resource}")


def _refused(reason: str) -> CannotStartError:
    return CannotStartError(
        f"ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: {reason}"
    )
