"""The workers of an activity as states: start them, wait until they run, send them home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asl.choice import Choice, Rule
from asl.iam import Condition, Statement
from asl.retry import ALL_ERRORS, Retrier
from asl.states import Fail, Wait
from asl.tasks import SdkCall
from asl.values import Jsonata, QueryLanguage

if TYPE_CHECKING:
    from asl.states import State

LOOK_SECONDS = 5
NOT_RUNNING = "Workers.NotRunning"
# An idle pool that cannot be emptied costs money until somebody sees it: worth more tries than another call.
PERSISTENT = Retrier(errors=(ALL_ERRORS,), interval_seconds=2, backoff_rate=2, max_attempts=8, max_delay_seconds=60)
PATIENT = Retrier(errors=(ALL_ERRORS,), interval_seconds=2, backoff_rate=2, max_attempts=4)
INPUT = Jsonata("$states.input")


@dataclass(frozen=True, kw_only=True)
class WorkerService:
    """An ECS service whose tasks work on an activity.

    Workers have a size where there are ``task_definition_arns``, by size; ``passed_role_arns`` are the roles that
    these name.
    """

    cluster_arn: str
    service_arn: str
    task_definition_arns: Mapping[str, str] = field(default_factory=dict)
    passed_role_arns: tuple[str, ...] = ()

    def scale_out(
        self,
        name: str = "Scale out",
        *,
        workers: int | Jsonata,
        then: str,
        size: str | Jsonata | None = None,
        needed: int | Jsonata = 1,
        within_seconds: int = 600,
        every_seconds: int = LOOK_SECONDS,
    ) -> tuple[State, ...]:
        """States that set the number and the size of the workers and go on to ``then`` once ``needed`` of them run.

        They look every ``every_seconds`` and pass their input on. Without enough workers after ``within_seconds`` the
        flow fails with Workers.NotRunning and what ECS says about it. The variables ``looks``, ``running`` and
        ``trouble`` are theirs.
        """
        if isinstance(size, str) and size not in self.task_definition_arns:
            raise ValueError(f"size {size!r} is none of {', '.join(self.task_definition_arns) or 'no sizes'}")
        look, enough, wait, fail = f"{name}: look", f"{name}: enough?", f"{name}: wait", f"{name}: too few"
        waits = max(1, within_seconds // every_seconds)
        return (
            self._update(
                name,
                desired=workers,
                task_definition=self._task_definition(size),
                assign={"looks": 0},
            ),
            SdkCall(
                look,
                query_language=QueryLanguage.JSONATA,
                service="ecs",
                action="describeServices",
                arguments={"Cluster": self.cluster_arn, "Services": [self.service_arn]},
                allow=(Statement(actions=("ecs:DescribeServices",), resources=(self.service_arn,)),),
                retry=(PATIENT,),
                output=INPUT,
                assign={
                    "looks": Jsonata("$looks + 1"),
                    "running": Jsonata("$states.result.Services[0].RunningCount"),
                    "trouble": Jsonata(
                        "$exists($states.result.Services[0].Events[0].Message) "
                        "? $states.result.Services[0].Events[0].Message : 'ECS tells nothing about it'"
                    ),
                },
            ),
            Choice(
                enough,
                query_language=QueryLanguage.JSONATA,
                rules=(
                    Rule(when=Jsonata(f"$running >= {_expression(needed)}"), next=then),
                    Rule(when=Jsonata(f"$looks > {waits}"), next=fail),
                ),
                default=wait,
            ),
            Wait(wait, query_language=QueryLanguage.JSONATA, seconds=every_seconds, next=look),
            Fail(
                fail,
                query_language=QueryLanguage.JSONATA,
                error=NOT_RUNNING,
                cause=Jsonata(
                    f"$string($running) & ' of ' & $string({_expression(needed)}) & ' workers run after "
                    f"{waits * every_seconds} seconds: ' & $trouble"
                ),
            ),
        )

    def scale_in(self, name: str = "Scale in", *, next: str | None = None, end: bool = False) -> State:  # noqa: A002
        """A state that sends all workers home and passes its input on."""
        return self._update(name, desired=0, next=next, end=end)

    def _update(
        self,
        name: str,
        *,
        desired: int | Jsonata,
        task_definition: str | Jsonata | None = None,
        assign: Mapping[str, object] | None = None,
        next: str | None = None,  # noqa: A002 - the field's name in the Amazon States Language
        end: bool = False,
    ) -> SdkCall:
        arguments = {"Cluster": self.cluster_arn, "Service": self.service_arn, "DesiredCount": desired}
        allow = [Statement(actions=("ecs:UpdateService",), resources=(self.service_arn,))]
        if task_definition is not None:
            arguments["TaskDefinition"] = task_definition
            to_tasks = Condition(
                operator="StringEquals", key="iam:PassedToService", values=("ecs-tasks.amazonaws.com",)
            )
            allow.append(Statement(actions=("iam:PassRole",), resources=self.passed_role_arns, conditions=(to_tasks,)))
        return SdkCall(
            name,
            query_language=QueryLanguage.JSONATA,
            service="ecs",
            action="updateService",
            arguments=arguments,
            allow=tuple(allow),
            retry=(PERSISTENT,),
            output=INPUT,
            assign=assign,
            next=next,
            end=end,
        )

    def _task_definition(self, size: str | Jsonata | None) -> str | Jsonata | None:
        if size is None:
            return None
        if isinstance(size, str):
            return self.task_definition_arns[size]
        choices = ", ".join(f"'{one}': '{arn}'" for one, arn in self.task_definition_arns.items())
        return Jsonata(f"$lookup({{{choices}}}, {size.text})")


def _expression(value: int | Jsonata) -> str:
    return value.text if isinstance(value, Jsonata) else str(value)
