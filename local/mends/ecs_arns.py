"""What an ECS request is about, for the policy check: a service, a task or a definition, and not their cluster.

Without it a role that may update its own service is refused, since the request counts as one on the cluster. Source:
Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic Container Service".
"""

from __future__ import annotations

import importlib
import json
from typing import Any, Final

FIELDS: Final = {
    "CreateService": ("service", "serviceName"),
    "UpdateService": ("service", "service"),
    "DeleteService": ("service", "service"),
    "DescribeServices": ("service", "services"),
    "StopTask": ("task", "task"),
    "DescribeTasks": ("task", "tasks"),
    "RunTask": ("task-definition", "taskDefinition"),
}
"""Kind of the resource and the field that names it, by action; of a list the first counts."""


def resource_arn(body: bytes, region: str, account: str, action: str) -> str | None:
    """The ARN that the request is checked against; None leaves it to ministack."""
    if action not in FIELDS:
        return None
    try:
        data = json.loads(body)
    except ValueError:
        return None
    kind, field = FIELDS[action]
    given = data.get(field) if isinstance(data, dict) else None
    name = given[0] if isinstance(given, list) and given else given
    if not isinstance(name, str) or not name:
        return None
    if name.startswith("arn:"):
        return name
    cluster = str(data.get("cluster") or "default").rpartition("/")[2]
    place = "" if kind == "task-definition" else f"{cluster}/"
    return f"arn:aws:ecs:{region}:{account}:{kind}/{place}{name}"


def apply() -> None:
    """Ask `resource_arn` before ministack's own rule."""
    actions = importlib.import_module("ministack.core.iam_actions")
    original = actions.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: Any,
        region: str,
        account: str,
    ) -> Any:
        if service == "ecs":
            found = resource_arn(body, region, account, headers.get("x-amz-target", "").rpartition(".")[2])
            if found is not None:
                return found
        return original(service, method, path, headers, body, query, region, account)

    actions.extract_resource_arn = extract_resource_arn  # type: ignore[attr-defined] # by design
