"""IAM statements as values: merged and sorted into one document, and checked for grants that are too wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Policy: TypeAlias = dict[str, Any]

POLICY_VERSION = "2012-10-17"

# Actions for which IAM knows no resource, by the Service Authorization Reference.
UNRESTRICTED_ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ),
        "vended log delivery has no resource-level permissions",
    ),
    **dict.fromkeys(
        (
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
        ),
        "X-Ray segments belong to no resource",
    ),
    "ecr:GetAuthorizationToken": "a token is for the registry of the account, not for a repository",
}


class PolicyError(ValueError):
    """A policy grants more than the project allows; the message lists every finding."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition, e.g. ``StringLike`` on ``s3:prefix``."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Permission for exactly these actions on exactly these resources."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if not self.actions or not self.resources:
            raise ValueError(f"a statement names at least one action and one resource, got {self!r}")


def literal(text: str) -> str:
    """``text`` (an object key) for use in an ARN: IAM's wildcard characters stand for themselves."""
    return "".join(f"${{{character}}}" if character in "*?$" else character for character in text)


def object_arn(bucket_arn: str, key: str) -> str:
    """The ARN of exactly one object."""
    return f"{bucket_arn}/{literal(key)}"


def prefix_arn(bucket_arn: str, prefix: str) -> str:
    """The ARN pattern of every object whose key begins with ``prefix`` ("" for the whole bucket)."""
    return f"{bucket_arn}/{literal(prefix)}*"


def policy_document(statements: Iterable[Statement]) -> Policy:
    """One policy that grants all ``statements``: the same resources are named once, everything is sorted."""
    granted: dict[tuple[tuple[str, ...], tuple[Condition, ...]], set[str]] = {}
    for statement in statements:
        scope = (tuple(sorted(set(statement.resources))), tuple(sorted(statement.conditions, key=repr)))
        granted.setdefault(scope, set()).update(statement.actions)
    return {
        "Version": POLICY_VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Action": sorted(actions),
                "Resource": list(resources),
                **({"Condition": _conditions(conditions)} if conditions else {}),
            }
            for (resources, conditions), actions in sorted(granted.items(), key=repr)
        ],
    }


def _conditions(conditions: Iterable[Condition]) -> dict[str, dict[str, list[str]]]:
    rendered: dict[str, dict[str, list[str]]] = {}
    for condition in conditions:
        rendered.setdefault(condition.operator, {})[condition.key] = list(condition.values)
    return rendered


def assume_role_policy(service: str) -> Policy:
    """The trust policy that lets one AWS service take a role, e.g. ``states.amazonaws.com``."""
    return {
        "Version": POLICY_VERSION,
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
        ],
    }


def policy_problems(document: Policy) -> list[str]:
    """Every grant of an identity policy that is too wide: wildcard actions, resources without bounds."""
    problems = []
    for statement in document["Statement"]:
        if statement["Effect"] != "Allow":
            continue
        actions = _as_list(statement.get("Action", []))
        problems += [f"action {action!r} has a wildcard; name the actions" for action in actions if "*" in action]
        if "NotAction" in statement or "NotResource" in statement:
            problems.append("NotAction and NotResource grant what is not named; name what is granted")
        for resource in _as_list(statement.get("Resource", [])):
            if resource == "*":
                problems += [
                    f"action {action!r} is granted on every resource; name the resource"
                    for action in actions
                    if action not in UNRESTRICTED_ACTIONS
                ]
            elif not _is_bounded(resource):
                problems.append(f"resource {resource!r} has a wildcard before the resource's name")
    return problems


def check_policy(document: Policy) -> Policy:
    """``document`` itself, or PolicyError with every finding."""
    problems = policy_problems(document)
    if problems:
        raise PolicyError("the policy grants too much:\n" + "\n".join(f"- {problem}" for problem in problems))
    return document


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _is_bounded(resource: str) -> bool:
    parts = resource.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return False
    *scope, name = parts
    return not any("*" in part for part in scope) and not name.startswith("*")
