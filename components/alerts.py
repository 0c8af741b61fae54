"""Whom alarms reach: an encrypted topic, its subscribers, and a budget that uses it too."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from asl.iam import POLICY_VERSION, Policy

PUBLISHERS = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")
KEY_DELETION_DAYS = 7  # the shortest window that KMS offers; the key encrypts messages in flight only
BUDGET_PERCENTAGES = (80, 100)


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    """Who is told, and what the resources tagged ``stack=<stack>`` may cost a month (None: no budget)."""

    stack: str
    emails: tuple[str, ...] = ()
    monthly_budget_usd: int | None = None

    def __post_init__(self) -> None:
        if self.monthly_budget_usd is not None and self.monthly_budget_usd < 1:
            raise ValueError(f"monthly_budget_usd must be 1 or more, got {self.monthly_budget_usd}")


class Alerts(pulumi.ComponentResource):
    """One encrypted topic that only alarms and budgets of its own account publish to."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("distmap:components:Alerts", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # A key of our own: CloudWatch may not use the AWS managed key of SNS, so its alarms would be lost.
        key = aws.kms.Key(
            f"{name}-key",
            description="Encrypts the messages of the alarm topic",
            enable_key_rotation=True,
            deletion_window_in_days=KEY_DELETION_DAYS,
            opts=child,
        )
        aws.kms.KeyPolicy(
            f"{name}-key-policy",
            key_id=key.key_id,
            policy=pulumi.Output.json_dumps(key.arn.apply(key_policy)),
            opts=child,
        )
        topic = aws.sns.Topic(f"{name}-topic", kms_master_key_id=key.key_id, opts=child)
        policy = aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(topic.arn.apply(topic_policy)),
            opts=child,
        )
        for address in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        if args.monthly_budget_usd is not None:
            self._set_budget(name, args.stack, args.monthly_budget_usd, topic, policy)
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})

    def _set_budget(
        self, name: str, stack: str, monthly_usd: int, topic: aws.sns.Topic, policy: aws.sns.TopicPolicy
    ) -> None:
        aws.budgets.Budget(
            f"{name}-budget",
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(monthly_usd),
            limit_unit="USD",
            cost_filters=[{"name": "TagKeyValue", "values": [f"user:stack${stack}"]}],
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": "ACTUAL",
                    "threshold": percentage,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [topic.arn],
                }
                for percentage in BUDGET_PERCENTAGES
            ],
            # Budgets tries the topic when it is created, so it must be allowed to publish by then.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )


def key_policy(key_arn: str) -> Policy:
    """Leaves the key to its account's IAM, and lets the publishers encrypt what they send."""
    account = key_arn.split(":")[4]
    return {
        "Version": POLICY_VERSION,
        "Statement": [
            {
                "Sid": "AccountDecides",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": key_arn,
            },
            {
                "Sid": "PublishersEncrypt",
                "Effect": "Allow",
                "Principal": {"Service": list(PUBLISHERS)},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": key_arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
        ],
    }


def topic_policy(topic_arn: str) -> Policy:
    """Lets the publishers of the topic's own account publish, and refuses plain HTTP."""
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
