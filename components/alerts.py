"""Whom alarms reach: an encrypted topic, its subscribers, and a budget that uses it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from asl.iam import POLICY_VERSION, Policy

PUBLISHERS = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")
BUDGET_THRESHOLDS = (80, 100)


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    """Who is told, and the monthly cost in US dollars of what bears ``budget_tag`` (None: no budget)."""

    emails: tuple[str, ...] = ()
    monthly_budget_usd: int | None = None
    budget_tag: tuple[str, str] = ("stack", "dev")


class Alerts(pulumi.ComponentResource):
    """One topic that only this account's alarms and budgets publish to, over TLS."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("distmap:components:Alerts", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(f"{name}-topic", opts=child)
        self.topic_arn = topic.arn
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(topic.arn.apply(topic_policy)),
            opts=child,
        )
        for address in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        self.register_outputs({"topic_arn": self.topic_arn})


def topic_policy(topic_arn: str) -> Policy:
    """Lets CloudWatch and Budgets of the topic's own account publish, and refuses plain HTTP."""
    account = topic_arn.split(":")[4]
    return {
        "Version": POLICY_VERSION,
        "Statement": [
            {
                "Sid": "PublishAlarms",
                "Effect": "Allow",
                "Principal": {"Service": list(PUBLISHERS)},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
            {
                "Sid": "RefusePlainHttp",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
