"""A machine that sends workers home which an aborted or lost execution has left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asl.choice import Choice, Rule
from asl.iam import Statement
from asl.machine import StateMachine
from asl.states import Succeed
from asl.tasks import SdkCall
from asl.values import Jsonata, QueryLanguage
from asl.workers import PATIENT, WorkerService
from components.pipeline import DistributedMapPipeline, DistributedMapPipelineArgs
from components.triggers import Schedule

if TYPE_CHECKING:
    import pulumi

    from components.platform import Observability
    from components.worker_pool import ActivityWorkerPool


@dataclass(frozen=True, kw_only=True)
class WorkerReaperArgs:
    """``machine_arn`` is the machine whose executions need the workers of ``pool``; looked at by ``expression``."""

    pool: ActivityWorkerPool
    machine_arn: pulumi.Input[str]
    observability: Observability
    expression: str = "rate(1 hour)"


def make_worker_reaper(
    name: str, args: WorkerReaperArgs, opts: pulumi.ResourceOptions | None = None
) -> DistributedMapPipeline:
    """A scheduled machine that scales the pool in while no execution of the machine runs."""
    return DistributedMapPipeline(
        name,
        DistributedMapPipelineArgs(
            definition=reaper,
            references={
                "cluster_arn": args.pool.cluster_arn,
                "service_arn": args.pool.service_arn,
                "machine_arn": args.machine_arn,
            },
            observability=args.observability,
            schedule=Schedule(expression=args.expression, input={}),
        ),
        opts,
    )


def reaper(*, cluster_arn: str, service_arn: str, machine_arn: str) -> StateMachine:
    """Looks whether an execution runs; if none does, no worker may either."""
    look, decide, reap, needed = "Look for executions", "Is one running?", "Send workers home", "Workers are needed"
    service = WorkerService(cluster_arn=cluster_arn, service_arn=service_arn)
    return StateMachine(
        states=(
            SdkCall(
                look,
                query_language=QueryLanguage.JSONATA,
                service="sfn",
                action="listExecutions",
                arguments={"StateMachineArn": machine_arn, "StatusFilter": "RUNNING", "MaxResults": 1},
                allow=(Statement(actions=("states:ListExecutions",), resources=(machine_arn,)),),
                retry=(PATIENT,),
                assign={"executions": Jsonata("$count($states.result.Executions)")},
            ),
            Choice(
                decide,
                query_language=QueryLanguage.JSONATA,
                rules=(Rule(when=Jsonata("$executions = 0"), next=reap),),
                default=needed,
            ),
            service.scale_in(reap, end=True),
            Succeed(needed),
        )
    )
