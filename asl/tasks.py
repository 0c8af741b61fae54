"""Tasks: one call of a service, an activity or an API action, each with the permissions that it takes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from asl.iam import Statement
from asl.limits import MAX_SECONDS
from asl.retry import LAMBDA_RETRY, Retrier
from asl.states import WorkingState
from asl.values import (
    Asl,
    IntField,
    QueryLanguage,
    Template,
    field,
    parameters_key,
    range_problems,
    render,
    template_problems,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Pattern(StrEnum):
    """When a task is over: at the service's answer, at the end of the job, or when its token comes back."""

    REQUEST_RESPONSE = ""
    SYNC = ".sync"
    CALLBACK = ".waitForTaskToken"


@dataclass(frozen=True)
class Task(WorkingState):
    """One call; it may take ``timeout_seconds`` and must give a sign of life every ``heartbeat_seconds``."""

    TYPE = "Task"

    _: KW_ONLY
    timeout_seconds: IntField | None = None
    heartbeat_seconds: IntField | None = None

    @abstractmethod
    def _resource(self) -> str: ...

    @abstractmethod
    def _arguments(self) -> Template | None: ...

    def _body(self, machine: QueryLanguage) -> Asl:
        language = self.language(machine)
        body: Asl = {"Resource": self._resource()}
        arguments = self._arguments()
        if arguments is not None:
            body[parameters_key(language)] = render(arguments, language)
        return body | field("TimeoutSeconds", self.timeout_seconds) | field("HeartbeatSeconds", self.heartbeat_seconds)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        language = self.language(machine)
        problems = super().problems(machine) + template_problems(self._arguments(), language, "arguments")
        problems += range_problems(self.timeout_seconds, "timeout_seconds", 1, MAX_SECONDS, language)
        problems += range_problems(self.heartbeat_seconds, "heartbeat_seconds", 1, MAX_SECONDS, language)
        timeout, heartbeat = self.timeout_seconds, self.heartbeat_seconds
        if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
            problems.append(f"heartbeat_seconds ({heartbeat}) must be less than timeout_seconds ({timeout})")
        return problems


@dataclass(frozen=True)
class LambdaInvoke(Task):
    """Invokes a function with ``payload`` and retries the transient errors of the Lambda service."""

    _: KW_ONLY
    function_arn: str
    payload: Template
    pattern: Pattern = Pattern.REQUEST_RESPONSE
    retry: tuple[Retrier, ...] = (LAMBDA_RETRY,)

    def _resource(self) -> str:
        return f"arn:aws:states:::lambda:invoke{self.pattern}"

    def _arguments(self) -> Template:
        return {"FunctionName": self.function_arn, "Payload": self.payload}

    def statements(self) -> list[Statement]:
        return [Statement(actions=("lambda:InvokeFunction",), resources=(self.function_arn,))]

    def standard_only(self) -> str | None:
        return standard_only_pattern(self.pattern)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = super().problems(machine)
        if self.pattern is Pattern.SYNC:
            problems.append("lambda:invoke has no .sync form: it always waits for the function")
        return problems


@dataclass(frozen=True)
class SqsSendMessage(Task):
    """Sends ``body`` (an object is sent as JSON text) to a queue."""

    _: KW_ONLY
    queue_arn: str
    queue_url: str
    body: Template
    pattern: Pattern = Pattern.REQUEST_RESPONSE
    kms_key_arn: str | None = None

    def _resource(self) -> str:
        return f"arn:aws:states:::sqs:sendMessage{self.pattern}"

    def _arguments(self) -> Template:
        return {"QueueUrl": self.queue_url, "MessageBody": self.body}

    def statements(self) -> list[Statement]:
        sent = Statement(actions=("sqs:SendMessage",), resources=(self.queue_arn,))
        if self.kms_key_arn is None:
            return [sent]
        keys = ("kms:Decrypt", "kms:GenerateDataKey")
        return [sent, Statement(actions=keys, resources=(self.kms_key_arn,))]

    def standard_only(self) -> str | None:
        return standard_only_pattern(self.pattern)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = super().problems(machine)
        if self.pattern is Pattern.SYNC:
            problems.append("sqs:sendMessage has no .sync form")
        return problems


@dataclass(frozen=True)
class EcsRunTask(Task):
    """Runs a container task; ``passed_role_arns`` are its task and execution roles."""

    _: KW_ONLY
    cluster_arn: str
    task_definition_arn: str
    passed_role_arns: tuple[str, ...]
    arguments: Mapping[str, Template]
    pattern: Pattern = Pattern.SYNC

    def _resource(self) -> str:
        return f"arn:aws:states:::ecs:runTask{self.pattern}"

    def _arguments(self) -> Template:
        return {"Cluster": self.cluster_arn, "TaskDefinition": self.task_definition_arn, **self.arguments}

    def statements(self) -> list[Statement]:
        statements = [
            Statement(actions=("ecs:RunTask",), resources=(self.task_definition_arn,)),
            Statement(actions=("iam:PassRole",), resources=self.passed_role_arns),
        ]
        if self.pattern is Pattern.SYNC:
            region, account, cluster = _ecs_cluster(self.cluster_arn)
            statements += [
                Statement(
                    actions=("ecs:DescribeTasks", "ecs:StopTask"),
                    resources=(f"arn:aws:ecs:{region}:{account}:task/{cluster}/*",),
                ),
                # "Run Amazon ECS tasks with Step Functions": the rule through which .sync learns of the end
                Statement(
                    actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
                    resources=(f"arn:aws:events:{region}:{account}:rule/StepFunctionsGetEventsForECSTaskRule",),
                ),
            ]
        return statements

    def standard_only(self) -> str | None:
        return standard_only_pattern(self.pattern)


@dataclass(frozen=True)
class ActivityTask(Task):
    """Work that waits until a worker polls the activity and reports back."""

    STANDARD_ONLY = "activities work in STANDARD workflows only"

    _: KW_ONLY
    activity_arn: str
    arguments: Template | None = None

    def _resource(self) -> str:
        return self.activity_arn

    def _arguments(self) -> Template | None:
        return self.arguments


@dataclass(frozen=True)
class SdkCall(Task):
    """Any API action, e.g. ``service="ecs", action="updateService"``.

    ``allow`` is what the call may do: IAM action names do not follow from API names.
    """

    _: KW_ONLY
    service: str
    action: str
    arguments: Template
    allow: tuple[Statement, ...]
    pattern: Pattern = Pattern.REQUEST_RESPONSE

    def _resource(self) -> str:
        return f"arn:aws:states:::aws-sdk:{self.service}:{self.action}{self.pattern}"

    def _arguments(self) -> Template:
        return self.arguments

    def statements(self) -> list[Statement]:
        return list(self.allow)

    def standard_only(self) -> str | None:
        return standard_only_pattern(self.pattern)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = super().problems(machine)
        if not self.service.islower() or not self.action[:1].islower():
            problems.append(
                f"service is lower case and action camelCase (ecs, updateService), got {self.service}:{self.action}"
            )
        if self.pattern is Pattern.SYNC:
            problems.append("SDK calls have no .sync form")
        if not self.allow:
            problems.append("allow must grant the action that is called")
        return problems


def standard_only_pattern(pattern: Pattern) -> str | None:
    """Why a task of this pattern cannot run in an EXPRESS workflow, or None."""
    return None if pattern is Pattern.REQUEST_RESPONSE else f"{pattern.value} works in STANDARD workflows only"


def _ecs_cluster(cluster_arn: str) -> tuple[str, str, str]:
    _, _, _, region, account, resource = cluster_arn.split(":", 5)
    return region, account, resource.removeprefix("cluster/")
