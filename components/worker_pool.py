"""Fargate workers of an activity: none until a machine asks for some, and an alarm when they work for nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from asl.iam import Statement, assume_role_policy
from components.function import no_permissions
from components.idle_alarm import make_idle_alarm
from components.policies import identity_policy
from components.references import References, placeholders, resolve
from components.widgets import Metrics, Widget, arn_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.platform import Observability

# "Amazon ECS task definition parameters for Fargate": memory in MB that goes with each number of CPU units
MEMORY_OF_CPU: Mapping[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
}
STOP_SECONDS = 120  # Fargate's longest, and what Spot leaves a task from its notice to its end
HEALTH_SECONDS = {"interval": 30, "timeout": 5, "startPeriod": 60}
HEALTH_RETRIES = 3
CONTAINER = "worker"
SPOT, ON_DEMAND = "FARGATE_SPOT", "FARGATE"
IMAGE_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@dataclass(frozen=True, kw_only=True)
class WorkerSize:
    """What one worker has: ``cpu`` units (1024 are one vCPU) and memory in MB."""

    cpu: int
    memory_mb: int

    def __post_init__(self) -> None:
        if self.cpu not in MEMORY_OF_CPU:
            raise ValueError(f"cpu must be one of {', '.join(map(str, MEMORY_OF_CPU))}, got {self.cpu}")
        if self.memory_mb not in (fitting := MEMORY_OF_CPU[self.cpu]):
            raise ValueError(
                f"memory_mb must be one of {', '.join(map(str, fitting))} with cpu {self.cpu}, got {self.memory_mb}"
            )


SIZES: Mapping[str, WorkerSize] = {
    "small": WorkerSize(cpu=256, memory_mb=512),
    "large": WorkerSize(cpu=512, memory_mb=1024),
}


@dataclass(frozen=True, kw_only=True)
class ActivityWorkerPoolArgs:
    """One kind of worker. ``permissions`` is a pure function of the strings that ``references`` resolves to.

    image            with its digest, so that every worker runs the same code
    repository_arn   the ECR repository of the image; None for an image that anybody may pull
    command          what a worker runs; it polls the activity whose ARN is in ACTIVITY_ARN
    health_command   tells by its exit code whether a worker is well; ECS replaces one that is not. Empty: nobody asks
    on_demand_base   workers that run on FARGATE; all above it run on FARGATE_SPOT
    idle_minutes     workers that run for so long while the activity has no work raise the alarm
    """

    image: pulumi.Input[str]
    command: tuple[str, ...]
    subnet_ids: pulumi.Input[list[str]]
    security_group_id: pulumi.Input[str]
    observability: Observability
    repository_arn: pulumi.Input[str] | None = None
    permissions: Callable[..., list[Statement]] = no_permissions
    references: References = field(default_factory=dict)
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    sizes: Mapping[str, WorkerSize] = field(default_factory=lambda: SIZES)
    health_command: tuple[str, ...] = ()
    on_demand_base: int = 0
    idle_minutes: int = 15

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("a worker needs a command, such as ('python', '-m', 'handlers.worker')")
        if not self.sizes:
            raise ValueError(f"a pool needs at least one size of worker, such as {', '.join(SIZES)}")
        if self.on_demand_base < 0:
            raise ValueError(f"on_demand_base must be 0 or more, got {self.on_demand_base}")
        if self.idle_minutes < 5 or self.idle_minutes % 5:
            raise ValueError(f"idle_minutes must be a multiple of 5, got {self.idle_minutes}")
        if "ACTIVITY_ARN" in self.environment:
            raise ValueError("ACTIVITY_ARN of the environment is the pool's own")


class ActivityWorkerPool(pulumi.ComponentResource):
    """An activity, and a service of no workers that a machine scales out and in.

    A worker may do what ``permissions`` says, poll this activity and report on its tasks. ``references`` is what a
    machine's definition needs for the states of `asl.WorkerService`, by the names that `worker_service` takes.
    """

    activity_arn: pulumi.Output[str]
    cluster_arn: pulumi.Output[str]
    service_arn: pulumi.Output[str]
    service_name: pulumi.Output[str]
    task_definition_arns: pulumi.Output[dict[str, str]]
    log_group_name: pulumi.Output[str]
    widgets: pulumi.Output[list[Widget]]

    def __init__(self, name: str, args: ActivityWorkerPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        identity_policy(args.permissions(**placeholders(args.references)))
        super().__init__("distmap:components:ActivityWorkerPool", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        activity = aws.sfn.Activity(f"{name}-activity", opts=child)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name_prefix=f"/aws/ecs/{name}-",
            retention_in_days=args.observability.log_retention_days,
            opts=child,
        )
        task_role, task_policy = self._task_role(name, args, activity)
        execution_role, execution_policy = self._execution_role(name, args, logs)
        cluster = aws.ecs.Cluster(
            f"{name}-cluster", settings=[{"name": "containerInsights", "value": "disabled"}], opts=child
        )
        providers = aws.ecs.ClusterCapacityProviders(
            f"{name}-capacity", cluster_name=cluster.name, capacity_providers=[ON_DEMAND, SPOT], opts=child
        )
        definitions = {
            size: self._task_definition(f"{name}-{size}", args, size, activity, logs, task_role, execution_role)
            for size in args.sizes
        }
        service = aws.ecs.Service(
            f"{name}-service",
            cluster=cluster.arn,
            task_definition=next(iter(definitions.values())).arn,
            desired_count=0,
            capacity_provider_strategies=capacity(args.on_demand_base),
            network_configuration={
                "subnets": args.subnet_ids,
                "security_groups": [args.security_group_id],
                "assign_public_ip": False,
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[providers, task_policy, execution_policy],
                ignore_changes=["desiredCount", "taskDefinition"],  # the machine's to set
            ),
        )
        self.activity_arn = activity.arn
        self.cluster_arn = cluster.arn
        self.service_arn = service.arn
        self.service_name = service.name
        self.task_definition_arns = pulumi.Output.all(**{size: one.arn for size, one in definitions.items()})
        self.log_group_name = logs.name
        self.references: References = {
            "activity_arn": self.activity_arn,
            "cluster_arn": self.cluster_arn,
            "service_arn": self.service_arn,
            "task_role_arn": task_role.arn,
            "execution_role_arn": execution_role.arn,
            **{f"{size}_task_definition_arn": one.arn for size, one in definitions.items()},
        }
        make_idle_alarm(
            f"{name}-idle",
            cluster_name=cluster.name,
            service_name=service.name,
            activity_arn=activity.arn,
            minutes=args.idle_minutes,
            topic_arn=args.observability.alarm_topic_arn,
            opts=child,
        )
        self.widgets = pulumi.Output.all(activity_arn=activity.arn, cluster=cluster.name, service=service.name).apply(
            lambda known: pool_widgets(**known)
        )
        self.register_outputs(
            {
                "activity_arn": self.activity_arn,
                "cluster_arn": self.cluster_arn,
                "service_arn": self.service_arn,
                "service_name": self.service_name,
                "task_definition_arns": self.task_definition_arns,
                "log_group_name": self.log_group_name,
            }
        )

    def _task_role(
        self, name: str, args: ActivityWorkerPoolArgs, activity: aws.sfn.Activity
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        def document(known: dict[str, Any]) -> dict[str, Any]:
            return identity_policy([*known["granted"], activity_statement(known["activity_arn"])])

        granted = resolve(args.references, args.permissions)
        return self._role(f"{name}-task", pulumi.Output.all(granted=granted, activity_arn=activity.arn).apply(document))

    def _execution_role(
        self, name: str, args: ActivityWorkerPoolArgs, logs: aws.cloudwatch.LogGroup
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        return self._role(
            f"{name}-execution",
            pulumi.Output.all(log_group_arn=logs.arn, repository_arn=args.repository_arn).apply(
                lambda known: identity_policy(execution_statements(**known))
            ),
        )

    def _role(self, name: str, policy: pulumi.Output[dict[str, Any]]) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        child = pulumi.ResourceOptions(parent=self)
        trust = assume_role_policy("ecs-tasks.amazonaws.com")
        role = aws.iam.Role(f"{name}-role", assume_role_policy=pulumi.Output.json_dumps(trust), opts=child)
        attached = aws.iam.RolePolicy(
            f"{name}-policy", role=role.name, policy=pulumi.Output.json_dumps(policy), opts=child
        )
        return role, attached

    def _task_definition(
        self,
        name: str,
        args: ActivityWorkerPoolArgs,
        size: str,
        activity: aws.sfn.Activity,
        logs: aws.cloudwatch.LogGroup,
        task_role: aws.iam.Role,
        execution_role: aws.iam.Role,
    ) -> aws.ecs.TaskDefinition:
        containers = pulumi.Output.all(
            image=args.image,
            environment={**args.environment, "ACTIVITY_ARN": activity.arn, "WORKER_SIZE": size},
            log_group=logs.name,
            log_group_arn=logs.arn,
        ).apply(lambda known: [container(**known, command=args.command, health_command=args.health_command, size=size)])
        return aws.ecs.TaskDefinition(
            f"{name}-definition",
            family=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(args.sizes[size].cpu),
            memory=str(args.sizes[size].memory_mb),
            runtime_platform={"operating_system_family": "LINUX", "cpu_architecture": "ARM64"},
            task_role_arn=task_role.arn,
            execution_role_arn=execution_role.arn,
            container_definitions=pulumi.Output.json_dumps(containers),
            opts=pulumi.ResourceOptions(parent=self),
        )


def capacity(on_demand_base: int) -> list[dict[str, Any]]:
    """The first ``on_demand_base`` workers on FARGATE, all others on FARGATE_SPOT."""
    spot = {"capacity_provider": SPOT, "weight": 1}
    if on_demand_base == 0:
        return [spot]
    return [{"capacity_provider": ON_DEMAND, "base": on_demand_base, "weight": 0}, spot]


def container(
    *,
    image: str,
    command: tuple[str, ...],
    health_command: tuple[str, ...],
    environment: Mapping[str, str],
    log_group: str,
    log_group_arn: str,
    size: str,
) -> dict[str, Any]:
    """The container of a worker as ECS takes it: read-only, with time to hand back its task when it is stopped."""
    health = {"command": ["CMD", *health_command], **HEALTH_SECONDS, "retries": HEALTH_RETRIES}
    return {
        **({"healthCheck": health} if health_command else {}),
        "name": CONTAINER,
        "image": image,
        "command": list(command),
        "essential": True,
        "stopTimeout": STOP_SECONDS,
        "readonlyRootFilesystem": True,
        "environment": [{"name": name, "value": environment[name]} for name in sorted(environment)],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": arn_region(log_group_arn),
                "awslogs-stream-prefix": size,
            },
        },
    }


def activity_statement(activity_arn: str) -> Statement:
    """What a worker needs to take tasks of the activity and to report on them."""
    actions = ("states:GetActivityTask", "states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess")
    return Statement(actions=actions, resources=(activity_arn,))


def execution_statements(*, log_group_arn: str, repository_arn: str | None) -> list[Statement]:
    """What Fargate needs to write a worker's log, and to pull its image from a repository that is not public."""
    logs = Statement(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resources=(f"{log_group_arn}:*",))
    if repository_arn is None:
        return [logs]
    return [
        logs,
        Statement(actions=IMAGE_ACTIONS, resources=(repository_arn,)),
        Statement(actions=("ecr:GetAuthorizationToken",), resources=("*",)),
    ]


def pool_widgets(*, activity_arn: str, cluster: str, service: str) -> list[Widget]:
    """How many workers run and how busy they are, and what becomes of the activity's tasks."""
    workers = {"ClusterName": cluster, "ServiceName": service}
    activity = {"ActivityArn": activity_arn}
    graphs = (
        Metrics(
            title="Workers (samples of their CPU a minute)",
            namespace="AWS/ECS",
            names=("CPUUtilization",),
            dimensions=workers,
            statistics=("SampleCount",),
        ),
        Metrics(
            title="Workers' CPU and memory (%)",
            namespace="AWS/ECS",
            names=("CPUUtilization", "MemoryUtilization"),
            dimensions=workers,
            statistics=("Average", "Maximum"),
        ),
        Metrics(
            title="Activity tasks",
            namespace="AWS/States",
            names=(
                *("ActivitiesScheduled", "ActivitiesStarted", "ActivitiesSucceeded"),
                *("ActivitiesFailed", "ActivitiesTimedOut", "ActivitiesHeartbeatTimedOut"),
            ),
            dimensions=activity,
        ),
        Metrics(
            title="Wait for a worker, work (ms)",
            namespace="AWS/States",
            names=("ActivityScheduleTime", "ActivityRunTime"),
            dimensions=activity,
            statistics=("p50", "Maximum"),
        ),
    )
    return [graph.widget(arn_region(activity_arn)) for graph in graphs]
