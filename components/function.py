"""Lambda functions with a role of their own, logs that expire, traces, and alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from asl.iam import Statement, assume_role_policy
from components.alarms import Alarm, count_logged, make_alarm
from components.code import StoredCode
from components.policies import TRACE_SEGMENTS, identity_policy
from components.references import References, placeholders, resolve
from components.widgets import Metrics, Widget, arn_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.platform import Observability

# "Lambda quotas", AWS Lambda Developer Guide
MAX_TIMEOUT_SECONDS = 900
MIN_MEMORY_MB, MAX_MEMORY_MB = 128, 10_240
RUNTIME = "python3.13"
ARCHITECTURE = "arm64"  # a fifth cheaper a GB-second than x86_64
DEAD_LETTER_SECONDS = 14 * 24 * 3600  # "Amazon SQS message quotas": the longest retention

ALARMS = {
    "errors": Alarm(metric="Errors", description="An invocation of the function failed."),
    "throttles": Alarm(metric="Throttles", description="The function is refused for lack of concurrency."),
}
# Handlers of batches answer for items that failed for good, and log each batch with their number.
FAILED_ALARM = Alarm(metric="failed-items", description="The function could not handle items of its batches.")
DEAD_LETTER_ALARM = Alarm(
    metric="ApproximateNumberOfMessagesVisible",
    statistic="Maximum",
    description="Events that the function could not handle wait in its dead-letter queue.",
)


def no_permissions() -> list[Statement]:
    """The permissions of a function that calls no service."""
    return []


@dataclass(frozen=True, kw_only=True)
class ServerlessFunctionArgs:
    """One function. ``permissions`` is a pure function of the strings that ``references`` resolves to.

    ``reserved_concurrency`` None shares the account's concurrency and 0 stops the function. An ``asynchronous``
    function gets a queue for the events that it could not handle. With ``counts_failed_items`` the items that its
    handler says it could not handle become a metric with an alarm, and so does what it says of parts of items in
    ``counts_failed_parts``, such as ``failed_claims``.
    """

    code: pulumi.Archive | StoredCode
    handler: str
    description: str
    memory_mb: int
    timeout_seconds: int
    observability: Observability
    permissions: Callable[..., list[Statement]] = no_permissions
    references: References = field(default_factory=dict)
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    asynchronous: bool = False
    counts_failed_items: bool = False
    counts_failed_parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_seconds <= MAX_TIMEOUT_SECONDS:
            raise ValueError(f"timeout_seconds must be 1 to {MAX_TIMEOUT_SECONDS}, got {self.timeout_seconds}")
        if not MIN_MEMORY_MB <= self.memory_mb <= MAX_MEMORY_MB:
            raise ValueError(f"memory_mb must be {MIN_MEMORY_MB} to {MAX_MEMORY_MB:,}, got {self.memory_mb:,}")
        if self.reserved_concurrency is not None and self.reserved_concurrency < 0:
            raise ValueError(f"reserved_concurrency must be 0 or more, got {self.reserved_concurrency}")


class ServerlessFunction(pulumi.ComponentResource):
    """A function whose role may write its own logs and traces and do what ``permissions`` says, nothing else."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]
    widgets: pulumi.Output[list[Widget]]

    def __init__(self, name: str, args: ServerlessFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        identity_policy(args.permissions(**placeholders(args.references)))
        super().__init__("distmap:components:ServerlessFunction", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name_prefix=f"/aws/lambda/{name}-",
            retention_in_days=args.observability.log_retention_days,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=pulumi.Output.json_dumps(assume_role_policy("lambda.amazonaws.com")),
            opts=child,
        )
        dead_letters = self._dead_letters(name, args.observability, child) if args.asynchronous else None
        policy = self._policy(name, args, role, logs, dead_letters)
        function = aws.lambda_.Function(
            f"{name}-function",
            description=args.description,
            code=None if isinstance(args.code, StoredCode) else args.code,
            s3_bucket=args.code.bucket if isinstance(args.code, StoredCode) else None,
            s3_key=args.code.key if isinstance(args.code, StoredCode) else None,
            handler=args.handler,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            reserved_concurrent_executions=args.reserved_concurrency,
            role=role.arn,
            environment={"variables": dict(args.environment)} if args.environment else None,
            logging_config={"log_format": "JSON", "log_group": logs.name},
            tracing_config={"mode": "Active" if args.observability.tracing else "PassThrough"},
            dead_letter_config=None if dead_letters is None else {"target_arn": dead_letters.arn},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        for alarm_role, alarm in ALARMS.items():
            make_alarm(
                f"{name}-{alarm_role}",
                alarm,
                namespace="AWS/Lambda",
                dimensions={"FunctionName": function.name},
                topic_arn=args.observability.alarm_topic_arn,
                opts=child,
            )
        fields = (*(("failed",) if args.counts_failed_items else ()), *args.counts_failed_parts)
        failed = [count_failed(name, field, args.observability, logs, child) for field in fields]
        self.arn = function.arn
        self.name = function.name
        self.log_group_name = logs.name
        self.widgets = pulumi.Output.all(arn=self.arn, name=self.name).apply(
            lambda known: function_widgets(**known, more=failed)
        )
        self.register_outputs({"arn": self.arn, "name": self.name, "log_group_name": self.log_group_name})

    def _policy(
        self,
        name: str,
        args: ServerlessFunctionArgs,
        role: aws.iam.Role,
        logs: aws.cloudwatch.LogGroup,
        dead_letters: aws.sqs.Queue | None,
    ) -> aws.iam.RolePolicy:
        own: References = {"log_group_arn": logs.arn}
        if dead_letters is not None:
            own = {**own, "dead_letter_arn": dead_letters.arn}

        def document(known: dict[str, Any]) -> dict[str, Any]:
            traced = [TRACE_SEGMENTS] if args.observability.tracing else []
            return identity_policy([*known["granted"], *own_statements(**known["own"]), *traced])

        granted = resolve(args.references, args.permissions)
        return aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(pulumi.Output.all(granted=granted, own=own).apply(document)),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _dead_letters(self, name: str, observability: Observability, child: pulumi.ResourceOptions) -> aws.sqs.Queue:
        queue = aws.sqs.Queue(
            f"{name}-dead-letters",
            sqs_managed_sse_enabled=True,
            message_retention_seconds=DEAD_LETTER_SECONDS,
            opts=child,
        )
        make_alarm(
            f"{name}-dead-letters",
            DEAD_LETTER_ALARM,
            namespace="AWS/SQS",
            dimensions={"QueueName": queue.name},
            topic_arn=observability.alarm_topic_arn,
            opts=child,
        )
        return queue


def count_failed(
    name: str, field: str, observability: Observability, logs: aws.cloudwatch.LogGroup, opts: pulumi.ResourceOptions
) -> Metrics:
    """Counts in a metric of the stack what a handler says in ``field`` that it could not handle, with an alarm."""
    what = "items" if field == "failed" else field.removeprefix("failed_")
    alarm = replace(FAILED_ALARM, metric=f"{name}-failed-{what}")
    return count_logged(
        alarm.metric,
        alarm,
        pattern=f'{{ $.message = "batch" && $.{field} > 0 }}',
        value=f"$.{field}",
        log_group=logs,
        topic_arn=observability.alarm_topic_arn,
        title=f"Failed {what}",
        opts=opts,
    )


def own_statements(*, log_group_arn: str, dead_letter_arn: str | None = None) -> list[Statement]:
    """What a function needs to write its logs, and to leave the events that it could not handle."""
    logs = Statement(actions=("logs:CreateLogStream", "logs:PutLogEvents"), resources=(f"{log_group_arn}:*",))
    if dead_letter_arn is None:
        return [logs]
    return [logs, Statement(actions=("sqs:SendMessage",), resources=(dead_letter_arn,))]


def function_widgets(*, arn: str, name: str, more: Sequence[Metrics] = ()) -> list[Widget]:
    """How often the function runs and fails, how long it takes, and how many run at once."""
    dimensions = {"FunctionName": name}
    graphs = (
        Metrics(
            title="Invocations",
            namespace="AWS/Lambda",
            names=("Invocations", "Errors", "Throttles"),
            dimensions=dimensions,
        ),
        Metrics(
            title="Duration (ms)",
            namespace="AWS/Lambda",
            names=("Duration",),
            dimensions=dimensions,
            statistics=("p50", "p99", "Maximum"),
        ),
        Metrics(
            title="Concurrency",
            namespace="AWS/Lambda",
            names=("ConcurrentExecutions",),
            dimensions=dimensions,
            statistics=("Maximum",),
        ),
        *more,
    )
    return [graph.widget(arn_region(arn)) for graph in graphs]
