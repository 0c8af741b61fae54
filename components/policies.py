"""Identity policies that are checked when they are made, and the grants that AWS cannot tie to a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asl.iam import Policy, Statement, check_policy, policy_document

if TYPE_CHECKING:
    from collections.abc import Iterable

LOG_DELIVERY = Statement(
    actions=(
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ),
    resources=("*",),
)
TRACE_SEGMENTS = Statement(
    actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
    resources=("*",),
)
TRACE_SAMPLING = Statement(
    actions=("xray:GetSamplingRules", "xray:GetSamplingTargets"),
    resources=("*",),
)


def identity_policy(statements: Iterable[Statement]) -> Policy:
    """The policy that grants ``statements``, or PolicyError if that is too much."""
    return check_policy(policy_document(statements))
