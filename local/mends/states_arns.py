"""What a Step Functions request is about, for the policy check: ministack knows no Map Runs, no tagging and no tasks
of activities there.

Without it a role allowed to ``states:DescribeMapRun`` on its Map Runs would be refused, since the request
counts as one on any resource. Source: Service Authorization Reference, "Actions, resources, and condition
keys for AWS Step Functions".
"""

from __future__ import annotations

import importlib
import json
from typing import Any

from local import activity_tokens

ARN_FIELDS = ("mapRunArn", "resourceArn", "stateMachineVersionArn", "stateMachineAliasArn")


def resource_arn(body: bytes, region: str, account: str, action: str) -> str | None:
    """The ARN that the request is checked against; None leaves it to ministack."""
    try:
        data = json.loads(body)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    for field in ARN_FIELDS:
        value = data.get(field)
        if isinstance(value, str):
            return value
    if action in activity_tokens.REPORTS and isinstance(data.get("taskToken"), str):
        return activity_tokens.tokens.activity_of(data["taskToken"])
    if action == "CreateActivity" and isinstance(data.get("name"), str):
        return f"arn:aws:states:{region}:{account}:activity:{data['name']}"
    return None


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
        if service == "states":
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            found = resource_arn(body, region, account, action)
            if found is not None:
                return found
        return original(service, method, path, headers, body, query, region, account)

    actions.extract_resource_arn = extract_resource_arn  # type: ignore[attr-defined] # by design
