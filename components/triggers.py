"""What starts a state machine besides a person: a schedule, or objects that arrive in a bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from asl.iam import Statement, assume_role_policy, check_policy, policy_document
from components.alarms import Alarm, make_alarm

if TYPE_CHECKING:
    from components.platform import Observability

NOT_DELIVERED = Alarm(metric="FailedInvocations", description="An object event could not start the machine.")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Starts the machine with ``input`` by ``expression``: ``rate(...)``, ``cron(...)`` or ``at(...)``."""

    expression: str
    input: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not is_schedule(self.expression):
            raise ValueError(f"a schedule is rate(...), cron(...) or at(...), got {self.expression!r}")


@dataclass(frozen=True, kw_only=True)
class ObjectCreated:
    """Starts the machine for each object created in ``bucket`` whose key has ``prefix`` and ``suffix``.

    The execution input is ``input`` plus the object's key under ``key``; None: it is the whole event.
    """

    bucket: pulumi.Input[str]
    prefix: str
    suffix: str
    input: Mapping[str, Any] | None


def is_schedule(expression: str) -> bool:
    """Whether EventBridge Scheduler knows the form of ``expression``."""
    return expression.startswith(("rate(", "cron(", "at(")) and expression.endswith(")")


def make_schedule(name: str, schedule: Schedule, machine_arn: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
    """The schedule and the role with which it starts the machine."""
    role = starter_role(name, "scheduler.amazonaws.com", machine_arn, opts)
    aws.scheduler.Schedule(
        name,
        schedule_expression=schedule.expression,
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": machine_arn,
            "role_arn": role.arn,
            "input": json.dumps(schedule.input),
        },
        opts=opts,
    )


def make_object_trigger(
    name: str,
    trigger: ObjectCreated,
    machine_arn: pulumi.Output[str],
    observability: Observability,
    opts: pulumi.ResourceOptions,
) -> None:
    """The EventBridge rule, the role with which it starts the machine, and an alarm for lost events."""
    role = starter_role(name, "events.amazonaws.com", machine_arn, opts)
    rule = aws.cloudwatch.EventRule(
        f"{name}-rule",
        event_pattern=pulumi.Output.json_dumps(
            pulumi.Output.from_input(trigger.bucket).apply(
                lambda bucket: object_created_pattern(bucket, trigger.prefix, trigger.suffix)
            )
        ),
        opts=opts,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-target",
        rule=rule.name,
        arn=machine_arn,
        role_arn=role.arn,
        input_transformer=(
            None
            if trigger.input is None
            else {
                "input_paths": {"key": "$.detail.object.key"},
                "input_template": object_input_template(trigger.input),
            }
        ),
        opts=opts,
    )
    make_alarm(
        f"{name}-undelivered",
        NOT_DELIVERED,
        namespace="AWS/Events",
        dimensions={"RuleName": rule.name},
        topic_arn=observability.alarm_topic_arn,
        opts=opts,
    )


def starter_role(
    name: str, service: str, machine_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> aws.iam.Role:
    """A role with which ``service`` may start the machine and do nothing else."""
    role = aws.iam.Role(
        f"{name}-role",
        assume_role_policy=pulumi.Output.json_dumps(assume_role_policy(service)),
        opts=opts,
    )
    aws.iam.RolePolicy(
        f"{name}-policy",
        role=role.name,
        policy=pulumi.Output.json_dumps(machine_arn.apply(starter_policy)),
        opts=opts,
    )
    return role


def starter_policy(machine_arn: str) -> dict[str, Any]:
    """Permission to start one machine."""
    return check_policy(policy_document([Statement(actions=("states:StartExecution",), resources=(machine_arn,))]))


def object_created_pattern(bucket: str, prefix: str, suffix: str) -> dict[str, Any]:
    """The events that EventBridge gets for objects created in ``bucket`` with this prefix and this suffix."""
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [bucket]},
            "object": {"key": [{"wildcard": f"{prefix}*{suffix}"}]},
        },
    }


def object_input_template(constants: Mapping[str, Any]) -> str:
    """The execution input as an EventBridge template; EventBridge itself quotes the object's key."""
    entries = [
        '"key":<key>',
        *(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in constants.items()),
    ]
    return "{" + ",".join(entries) + "}"
