"""A state machine with everything that running it for real takes: role, logs, traces, alarms, triggers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from asl.iam import Statement, assume_role_policy, check_policy, policy_document
from asl.machine import StateMachine
from components.alarms import Alarm, make_alarm
from components.platform import Observability
from components.triggers import ObjectCreated, Schedule, make_object_trigger, make_schedule

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
TRACING = Statement(
    actions=(
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    ),
    resources=("*",),
)

EXECUTION_ALARMS = {
    "failed": Alarm(metric="ExecutionsFailed", description="An execution failed."),
    "timed-out": Alarm(metric="ExecutionsTimedOut", description="An execution ran out of time."),
    "aborted": Alarm(metric="ExecutionsAborted", description="An execution was stopped."),
    "throttled": Alarm(
        metric="ExecutionThrottled",
        threshold=100,
        evaluation_periods=3,
        description="Step Functions slows the executions down: the account's transition quota is used up.",
    ),
}
MAP_RUN_ALARM = Alarm(
    metric="MapRunsFailed", description="A Map Run failed, even if the execution caught it."
)
METRIC_NAMESPACE = "Distmap"


@dataclass(frozen=True, kw_only=True)
class DistributedMapPipelineArgs:
    """A machine and what starts it.

    ``definition`` is a pure function of the plain strings that ``references`` resolves to, by keyword. A reference
    is named for what it is (``..._bucket_arn``, ``..._function_arn``; see PLACEHOLDERS), so that the definition is
    also checked in a preview, when the values are not known yet.
    """

    definition: Callable[..., StateMachine]
    references: Mapping[str, pulumi.Input[str]]
    observability: Observability
    schedule: Schedule | None = None
    on_object_created: ObjectCreated | None = None


# What stands for a reference while its value is not known, by the end of its name.
PLACEHOLDERS = {
    "bucket_arn": "arn:aws:s3:::example",
    "function_arn": "arn:aws:lambda:us-east-1:000000000000:function:example",
    "queue_arn": "arn:aws:sqs:us-east-1:000000000000:example",
    "queue_url": "https://sqs.us-east-1.amazonaws.com/000000000000/example",
    "table_arn": "arn:aws:dynamodb:us-east-1:000000000000:table/example",
    "key_arn": "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000",
    "activity_arn": "arn:aws:states:us-east-1:000000000000:activity:example",
    "cluster_arn": "arn:aws:ecs:us-east-1:000000000000:cluster/example",
    "service_arn": "arn:aws:ecs:us-east-1:000000000000:service/example/example",
    "task_definition_arn": "arn:aws:ecs:us-east-1:000000000000:task-definition/example:1",
    "role_arn": "arn:aws:iam::000000000000:role/example",
}


class DistributedMapPipeline(pulumi.ComponentResource):
    """A STANDARD state machine whose role may do what its definition does, and nothing else.

    The role has two policies. ``policy`` is what readers, writers, tasks and logging need; AWS tries the logging
    permissions when it creates the machine, so the machine waits for it. ``self-policy`` names the machine itself,
    whose ARN is known only once it exists, so it follows; the outputs resolve after it, and whatever uses them
    (a trigger, a person reading the stack's outputs) never sees a machine that cannot start its own children.
    """

    state_machine_arn: pulumi.Output[str]
    state_machine_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: DistributedMapPipelineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check_definition(args.definition, args.references)
        super().__init__("distmap:components:DistributedMapPipeline", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        observability = args.observability

        def from_machine(extract: Callable[[StateMachine], Any]) -> pulumi.Output[Any]:
            known = pulumi.Output.all(**args.references)
            return known.apply(lambda values: extract(args.definition(**values)))

        self._logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            # Log delivery's resource policy is limited in size; it has one entry for all of this prefix.
            name_prefix=f"/aws/vendedlogs/states/{name}-",
            retention_in_days=observability.log_retention_days,
            opts=child,
        )
        self._role = aws.iam.Role(
            f"{name}-role",
            # No aws:SourceArn condition: the ARN under which children of EXPRESS maps take the role is not stated.
            assume_role_policy=pulumi.Output.json_dumps(assume_role_policy("states.amazonaws.com")),
            opts=child,
        )
        extra = [LOG_DELIVERY, TRACING] if observability.tracing else [LOG_DELIVERY]
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=self._role.name,
            policy=pulumi.Output.json_dumps(
                from_machine(lambda machine: identity_policy(machine.statements() + extra))
            ),
            opts=child,
        )
        self._machine = aws.sfn.StateMachine(
            f"{name}-machine",
            type="STANDARD",
            definition=from_machine(lambda machine: machine.definition()),
            role_arn=self._role.arn,
            logging_configuration={
                "level": observability.log_level,
                "include_execution_data": observability.log_execution_data,
                "log_destination": self._logs.arn.apply(lambda arn: f"{arn}:*"),
            },
            tracing_configuration={"enabled": observability.tracing},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self_policy = aws.iam.RolePolicy(
            f"{name}-self-policy",
            role=self._role.name,
            policy=pulumi.Output.json_dumps(
                pulumi.Output.all(self._machine.arn, from_machine(lambda machine: machine)).apply(
                    lambda known: identity_policy(known[1].self_statements(known[0]))
                )
            ),
            opts=child,
        )
        self.state_machine_arn = after(self_policy, self._machine.arn)
        self.state_machine_name = after(self_policy, self._machine.name)
        self.log_group_name = self._logs.name
        self._alarm(name, observability, child)
        if args.schedule is not None:
            make_schedule(f"{name}-schedule", args.schedule, self.state_machine_arn, child)
        if args.on_object_created is not None:
            make_object_trigger(
                f"{name}-objects", args.on_object_created, self.state_machine_arn, observability, child
            )
        self.register_outputs(
            {
                "state_machine_arn": self.state_machine_arn,
                "state_machine_name": self.state_machine_name,
                "log_group_name": self.log_group_name,
            }
        )

    def _alarm(self, name: str, observability: Observability, child: pulumi.ResourceOptions) -> None:
        for role, alarm in EXECUTION_ALARMS.items():
            make_alarm(
                f"{name}-{role}",
                alarm,
                namespace="AWS/States",
                dimensions={"StateMachineArn": self._machine.arn},
                topic_arn=observability.alarm_topic_arn,
                opts=child,
            )


def identity_policy(statements: list[Statement]) -> dict[str, Any]:
    """The checked policy that grants ``statements``."""
    return check_policy(policy_document(statements))


def check_definition(definition: Callable[..., StateMachine], references: Mapping[str, object]) -> None:
    """Raise DefinitionError or PolicyError for a machine with mistakes, before anything is deployed."""
    machine = definition(**{name: placeholder(name) for name in references})
    machine.definition()
    identity_policy([*machine.statements(), LOG_DELIVERY])


def placeholder(reference: str) -> str:
    """A value of the kind that ``reference`` is named for."""
    for ending, value in PLACEHOLDERS.items():
        if reference.endswith(ending):
            return value
    raise ValueError(f"reference {reference!r} must end in one of {', '.join(PLACEHOLDERS)}")


def after(resource: pulumi.Resource, output: pulumi.Output[str]) -> pulumi.Output[str]:
    """``output``, once ``resource`` exists."""
    return pulumi.Output.all(output, resource.urn).apply(lambda known: str(known[0]))
