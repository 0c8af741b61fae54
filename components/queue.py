"""Queues that refuse plain HTTP, keep what could not be handled, and say when that happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from components.alarms import Alarm, make_alarm
from components.widgets import Metrics, Widget, arn_region

if TYPE_CHECKING:
    from components.platform import Observability

# "Amazon SQS message quotas" and SetQueueAttributes, Amazon SQS API Reference
MAX_VISIBILITY_SECONDS = 12 * 3600
MIN_RETENTION_SECONDS, MAX_RETENTION_SECONDS = 60, 14 * 24 * 3600
MAX_RECEIVES = 1000

DEAD_LETTER_ALARM = Alarm(
    metric="ApproximateNumberOfMessagesVisible",
    statistic="Maximum",
    description="Messages that nobody could handle wait in the dead-letter queue: look at one, mend, redrive them.",
)


@dataclass(frozen=True, kw_only=True)
class SecureQueueArgs:
    """One queue and its dead-letter queue.

    visibility_timeout_seconds  longer than a consumer needs; six times the timeout of a function that consumes
    max_receives                deliveries after which a message goes to the dead-letter queue
    oldest_seconds              age of the oldest message at which an alarm goes off: the consumer is behind
    kms_key_arn                 None: encrypted with keys that SQS manages
    """

    observability: Observability
    visibility_timeout_seconds: int
    max_receives: int = 5
    retention_seconds: int = 4 * 24 * 3600
    oldest_seconds: int = 3600
    kms_key_arn: pulumi.Input[str] | None = None

    def __post_init__(self) -> None:
        _within("visibility_timeout_seconds", self.visibility_timeout_seconds, 0, MAX_VISIBILITY_SECONDS)
        _within("max_receives", self.max_receives, 1, MAX_RECEIVES)
        _within("retention_seconds", self.retention_seconds, MIN_RETENTION_SECONDS, MAX_RETENTION_SECONDS)
        _within("oldest_seconds", self.oldest_seconds, 1, self.retention_seconds)


class SecureQueue(pulumi.ComponentResource):
    """A standard queue, encrypted, with a dead-letter queue of its own and alarms on both."""

    arn: pulumi.Output[str]
    url: pulumi.Output[str]
    name: pulumi.Output[str]
    dead_letter_arn: pulumi.Output[str]
    dead_letter_url: pulumi.Output[str]
    widgets: pulumi.Output[list[Widget]]

    def __init__(self, name: str, args: SecureQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("distmap:components:SecureQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        encryption: dict[str, Any] = (
            {"sqs_managed_sse_enabled": True} if args.kms_key_arn is None else {"kms_master_key_id": args.kms_key_arn}
        )
        dead_letters = aws.sqs.Queue(
            f"{name}-dead-letters", message_retention_seconds=MAX_RETENTION_SECONDS, opts=child, **encryption
        )
        queue = aws.sqs.Queue(
            f"{name}-queue",
            visibility_timeout_seconds=args.visibility_timeout_seconds,
            message_retention_seconds=args.retention_seconds,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": args.max_receives}
            ),
            opts=child,
            **encryption,
        )
        aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow",
            queue_url=dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
            ),
            opts=child,
        )
        for role, each in (("policy", queue), ("dead-letters-policy", dead_letters)):
            aws.sqs.QueuePolicy(
                f"{name}-{role}",
                queue_url=each.url,
                policy=pulumi.Output.json_dumps(each.arn.apply(queue_policy)),
                opts=child,
            )
        self._raise_alarms(name, args, queue, dead_letters, child)
        self.arn, self.url, self.name = queue.arn, queue.url, queue.name
        self.dead_letter_arn, self.dead_letter_url = dead_letters.arn, dead_letters.url
        self.widgets = pulumi.Output.all(arn=queue.arn, name=queue.name, dead_letters=dead_letters.name).apply(
            lambda known: queue_widgets(**known)
        )
        self.register_outputs(
            {
                "arn": self.arn,
                "url": self.url,
                "name": self.name,
                "dead_letter_arn": self.dead_letter_arn,
                "dead_letter_url": self.dead_letter_url,
            }
        )

    def _raise_alarms(
        self,
        name: str,
        args: SecureQueueArgs,
        queue: aws.sqs.Queue,
        dead_letters: aws.sqs.Queue,
        child: pulumi.ResourceOptions,
    ) -> None:
        behind = Alarm(
            metric="ApproximateAgeOfOldestMessage",
            statistic="Maximum",
            threshold=args.oldest_seconds,
            description=f"A message has waited for more than {args.oldest_seconds:,} s: the consumer fails or is slow.",
        )
        for role, alarm, watched in (
            ("dead-letters", DEAD_LETTER_ALARM, dead_letters),
            ("behind", behind, queue),
        ):
            make_alarm(
                f"{name}-{role}",
                alarm,
                namespace="AWS/SQS",
                dimensions={"QueueName": watched.name},
                topic_arn=args.observability.alarm_topic_arn,
                opts=child,
            )


def queue_policy(queue_arn: str) -> dict[str, Any]:
    """Refuses requests that do not come over TLS; who may do what is said by the identities' own policies."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefusePlainHttp",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": queue_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def queue_widgets(*, arn: str, name: str, dead_letters: str) -> list[Widget]:
    """What comes and goes, how long it waits, and what nobody could handle."""

    def graph(title: str, names: tuple[str, ...], queue: str, statistic: str) -> Metrics:
        return Metrics(
            title=title, namespace="AWS/SQS", names=names, dimensions={"QueueName": queue}, statistics=(statistic,)
        )

    graphs = (
        graph("Messages", ("NumberOfMessagesSent", "NumberOfMessagesDeleted"), name, "Sum"),
        graph("Age of the oldest message (s)", ("ApproximateAgeOfOldestMessage",), name, "Maximum"),
        graph("Dead letters", ("ApproximateNumberOfMessagesVisible",), dead_letters, "Maximum"),
    )
    return [each.widget(arn_region(arn)) for each in graphs]


def _within(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{what} must be {least:,} to {most:,}, got {value:,}")
