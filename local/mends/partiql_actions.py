"""What PartiQL statements may do, for the policy check: ministack checks the name of the request, on any table.

On AWS each statement needs the action of its kind on the table that it names. Source: Amazon DynamoDB Developer Guide,
"IAM security policies with PartiQL". Here the first statement of a batch tells the kind, since those of one batch
either all read or all write, and every one tells its table.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

ACTIONS = {"UPDATE": "PartiQLUpdate", "INSERT": "PartiQLInsert", "DELETE": "PartiQLDelete", "SELECT": "PartiQLSelect"}
TARGETS = frozenset({"DynamoDB_20120810.BatchExecuteStatement", "DynamoDB_20120810.ExecuteStatement"})
_TABLE = re.compile(
    r"\s*(?:(UPDATE)|(INSERT)\s+INTO|(DELETE)\s+FROM|(SELECT)\b.*?\bFROM)\s+\"?([\w.-]+)", re.IGNORECASE | re.DOTALL
)


def actions_and_tables(body: bytes) -> list[tuple[str, str]]:
    """The action that each statement of a request needs, and the table that it needs it on."""
    try:
        data = json.loads(body)
    except ValueError:
        return []
    asked = data.get("Statements") or [data] if isinstance(data, dict) else []
    statements = [each.get("Statement") for each in asked if isinstance(each, dict)]
    matches = [found for each in statements if isinstance(each, str) and (found := _TABLE.match(each))]
    return [(f"dynamodb:{ACTIONS[next(filter(None, each.groups())).upper()]}", each[5]) for each in matches]


def apply() -> None:
    """Look into the statements before ministack's own rules."""
    actions: Any = importlib.import_module("ministack.core.iam_actions")
    action_of, resources_of = actions.extract_iam_action, actions.dynamodb_resource_arns

    def extract_iam_action(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: Any
    ) -> Any:
        if service == "dynamodb" and headers.get("x-amz-target") in TARGETS and (found := actions_and_tables(body)):
            return found[0][0]
        return action_of(service, method, path, headers, body, query)

    def dynamodb_resource_arns(body: bytes, region: str, account: str) -> Any:
        if b'"Statement' in body and (found := actions_and_tables(body)):
            tables = dict.fromkeys(table for _, table in found)
            return [f"arn:aws:dynamodb:{region}:{account}:table/{table}" for table in tables]
        return resources_of(body, region, account)

    actions.extract_iam_action = extract_iam_action
    actions.dynamodb_resource_arns = dynamodb_resource_arns
