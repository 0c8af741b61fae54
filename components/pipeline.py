"""A state machine with everything that running it for real takes: role, logs, traces, alarms, triggers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from asl.iam import assume_role_policy
from components.alarms import Alarm, count_logged, make_alarm
from components.policies import LOG_DELIVERY, TRACE_SAMPLING, TRACE_SEGMENTS, identity_policy
from components.references import References, after, placeholders, resolve
from components.triggers import ObjectCreated, Schedule, make_object_trigger, make_schedule
from components.widgets import Metrics, Widget, arn_region, errors_widget

if TYPE_CHECKING:
    from collections.abc import Callable

    from asl.iam import Policy
    from asl.machine import StateMachine
    from components.platform import Observability

EXECUTION_ALARMS = {
    "failed": Alarm(metric="ExecutionsFailed", description="An execution failed."),
    "timed-out": Alarm(metric="ExecutionsTimedOut", description="An execution ran out of time."),
    "aborted": Alarm(metric="ExecutionsAborted", description="An execution was stopped."),
    "throttled": Alarm(
        metric="ExecutionThrottled",
        threshold=100,
        evaluation_periods=3,
        description="Step Functions slows executions down: the account's transition quota is used up.",
    ),
}
# Map Runs have no failure metric of their own; the execution log names each that fails (levels ALL and ERROR).
MAP_RUN_ALARM = Alarm(metric="map-runs-failed", description="A Map Run failed, whether or not the machine caught it.")
MAP_RUN_FAILED = '{ $.type = "MapRunFailed" }'


@dataclass(frozen=True, kw_only=True)
class DistributedMapPipelineArgs:
    """A machine and what starts it.

    ``definition`` is a pure function of the plain strings that ``references`` resolves to, by keyword.
    """

    definition: Callable[..., StateMachine]
    references: References
    observability: Observability
    schedule: Schedule | None = None
    on_object_created: ObjectCreated | None = None


class DistributedMapPipeline(pulumi.ComponentResource):
    """A STANDARD state machine whose role may do what its definition does, and nothing else.

    The role has two policies. ``policy`` is what readers, writers, tasks and logging need; AWS tries the
    logging permissions when it creates the machine, so the machine waits for it. ``self-policy`` names the
    machine itself, whose ARN is known only once it exists, so it follows; the outputs resolve after it, and
    whatever uses them (a trigger, a person) never sees a machine that cannot start its own children.
    """

    state_machine_arn: pulumi.Output[str]
    state_machine_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    widgets: pulumi.Output[list[Widget]]

    def __init__(self, name: str, args: DistributedMapPipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        sample = checked(args.definition(**placeholders(args.references)))
        super().__init__("distmap:components:DistributedMapPipeline", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            # Log delivery's resource policy is limited in size; one entry covers all names of this prefix.
            name_prefix=f"/aws/vendedlogs/states/{name}-",
            retention_in_days=args.observability.log_retention_days,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            # No aws:SourceArn condition: AWS does not say under which ARN EXPRESS children take the role.
            assume_role_policy=pulumi.Output.json_dumps(assume_role_policy("states.amazonaws.com")),
            opts=child,
        )
        machine = self._machine(name, args, role, logs)
        self.state_machine_arn = machine.arn
        self.state_machine_name = machine.name
        if sample.labels():
            self_policy = self._self_policy(name, args, role, machine)
            self.state_machine_arn = after(self_policy, machine.arn)
            self.state_machine_name = after(self_policy, machine.name)
        self.log_group_name = logs.name
        self._raise_alarms(name, args.observability, machine, child)
        map_runs = count_logged(
            f"{name}-map-runs-failed",
            replace(MAP_RUN_ALARM, metric=f"{name}-map-runs-failed"),
            pattern=MAP_RUN_FAILED,
            log_group=logs,
            topic_arn=args.observability.alarm_topic_arn,
            title="Failed Map Runs",
            opts=child,
        )
        self.widgets = pulumi.Output.all(machine_arn=machine.arn, log_group=logs.name).apply(
            lambda known: pipeline_widgets(**known, map_runs=map_runs)
        )
        if args.schedule is not None:
            make_schedule(f"{name}-schedule", args.schedule, self.state_machine_arn, child)
        if args.on_object_created is not None:
            make_object_trigger(
                f"{name}-objects", args.on_object_created, self.state_machine_arn, args.observability, child
            )
        self.register_outputs(
            {
                "state_machine_arn": self.state_machine_arn,
                "state_machine_name": self.state_machine_name,
                "log_group_name": self.log_group_name,
            }
        )

    def _machine(
        self,
        name: str,
        args: DistributedMapPipelineArgs,
        role: aws.iam.Role,
        logs: aws.cloudwatch.LogGroup,
    ) -> aws.sfn.StateMachine:
        observability = args.observability
        traced = [TRACE_SEGMENTS, TRACE_SAMPLING] if observability.tracing else []

        def role_policy(**values: str) -> Policy:
            return identity_policy([*args.definition(**values).statements(), LOG_DELIVERY, *traced])

        def definition(**values: str) -> str:
            return args.definition(**values).definition()

        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(resolve(args.references, role_policy)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.sfn.StateMachine(
            f"{name}-machine",
            type="STANDARD",
            definition=resolve(args.references, definition),
            role_arn=role.arn,
            logging_configuration={
                "level": observability.log_level,
                "include_execution_data": observability.log_execution_data,
                "log_destination": logs.arn.apply(lambda arn: f"{arn}:*"),
            },
            tracing_configuration={"enabled": observability.tracing},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )

    def _self_policy(
        self,
        name: str,
        args: DistributedMapPipelineArgs,
        role: aws.iam.Role,
        machine: aws.sfn.StateMachine,
    ) -> aws.iam.RolePolicy:
        def self_policy(*, machine_arn: str, **values: str) -> Policy:
            return identity_policy(args.definition(**values).self_statements(machine_arn))

        return aws.iam.RolePolicy(
            f"{name}-self-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(resolve({**args.references, "machine_arn": machine.arn}, self_policy)),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _raise_alarms(
        self,
        name: str,
        observability: Observability,
        machine: aws.sfn.StateMachine,
        child: pulumi.ResourceOptions,
    ) -> None:
        for role, alarm in EXECUTION_ALARMS.items():
            make_alarm(
                f"{name}-{role}",
                alarm,
                namespace="AWS/States",
                dimensions={"StateMachineArn": machine.arn},
                topic_arn=observability.alarm_topic_arn,
                opts=child,
            )


def checked(machine: StateMachine) -> StateMachine:
    """``machine`` itself; DefinitionError or PolicyError, before anything is deployed, if it has mistakes."""
    machine.definition()
    identity_policy([*machine.statements(), LOG_DELIVERY])
    return machine


def pipeline_widgets(*, machine_arn: str, log_group: str, map_runs: Metrics) -> list[Widget]:
    """How executions end, how long they take, which Map Runs fail, and the failures that were logged."""
    region = arn_region(machine_arn)
    dimensions = {"StateMachineArn": machine_arn}
    graphs = (
        Metrics(
            title="Executions",
            namespace="AWS/States",
            names=(
                "ExecutionsStarted",
                "ExecutionsSucceeded",
                *(alarm.metric for alarm in EXECUTION_ALARMS.values()),
            ),
            dimensions=dimensions,
        ),
        Metrics(
            title="Execution time (ms)",
            namespace="AWS/States",
            names=("ExecutionTime",),
            dimensions=dimensions,
            statistics=("p50", "Maximum"),
        ),
        map_runs,
    )
    return [*(graph.widget(region) for graph in graphs), errors_widget(log_group, region)]
