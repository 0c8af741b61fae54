"""A network, a pool of workers and a machine that scales it: deployed on localhost, run, reaped and torn down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local import processes
from tests.local.helpers import client
from tests.local.projects import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.server import Server

pytestmark = pytest.mark.long

SECONDS = 30.0

PROGRAM = '''
from asl import ActivityTask, StateMachine, WorkerService
from components import (
    ActivityWorkerPool, ActivityWorkerPoolArgs, DistributedMapPipeline, DistributedMapPipelineArgs, Network,
    NetworkArgs, Observability, WorkerReaperArgs, make_worker_reaper,
)

WORKER = """
import boto3, json, os
states = boto3.client("stepfunctions")
while True:
    task = states.get_activity_task(activityArn=os.environ["ACTIVITY_ARN"])
    if not task.get("taskToken"):
        continue
    print(task["input"], flush=True)
    answer = json.dumps({"size": os.environ["WORKER_SIZE"], "loans": json.loads(task["input"])["loans"]})
    states.send_task_success(taskToken=task["taskToken"], output=answer)
"""
topic = aws.sns.Topic("alarms")
observability = Observability(
    alarm_topic_arn=topic.arn, log_level="ERROR", log_execution_data=False, log_retention_days=7, tracing=False,
    request_metrics=False,
)
network = Network("net", NetworkArgs())
pool = ActivityWorkerPool("pool", ActivityWorkerPoolArgs(
    image="worker", command=("python", "-c", WORKER), subnet_ids=network.private_subnet_ids,
    security_group_id=network.security_group_id, observability=observability, on_demand_base=1,
))

def definition(
    *, activity_arn, cluster_arn, service_arn, task_role_arn, execution_role_arn, small_task_definition_arn,
    large_task_definition_arn,
):
    workers = WorkerService(
        cluster_arn=cluster_arn, service_arn=service_arn, passed_role_arns=(task_role_arn, execution_role_arn),
        task_definition_arns={"small": small_task_definition_arn, "large": large_task_definition_arn},
    )
    from asl import Jsonata
    out = workers.scale_out(
        workers=Jsonata("$states.input.workers"), size=Jsonata("$states.input.size"), then="Work",
        needed=Jsonata("$states.input.needed"), within_seconds=4, every_seconds=1,
    )
    work = ActivityTask("Work", activity_arn=activity_arn, timeout_seconds=60, heartbeat_seconds=50)
    return StateMachine(states=(*out, work, workers.scale_in(end=True)))

machine = DistributedMapPipeline("machine", DistributedMapPipelineArgs(
    definition=definition, references=pool.references, observability=observability,
))
reaper = make_worker_reaper("reaper", WorkerReaperArgs(
    pool=pool, machine_arn=machine.state_machine_arn, observability=observability,
))
pulumi.export("machine", machine.state_machine_arn)
pulumi.export("reaper", reaper.state_machine_arn)
pulumi.export("cluster", pool.cluster_arn)
pulumi.export("service", pool.service_arn)
'''


@pytest.fixture
def project(whole_aws: Server, tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project", whole_aws.endpoint)
    yield project
    project.destroy()


def test_a_machine_scales_workers_out_has_them_work_and_sends_them_home(project: Project, whole_aws: Server):
    out = project.deploy(PROGRAM)
    states, ecs = client(whole_aws, "stepfunctions"), client(whole_aws, "ecs")

    def execute(machine: Any, **given: Any) -> dict[str, Any]:
        arn = states.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]

        def ended() -> bool:
            return bool(states.describe_execution(executionArn=arn)["status"] != "RUNNING")

        assert processes.wait_until(ended, seconds=SECONDS)
        found: dict[str, Any] = states.describe_execution(executionArn=arn)
        return found

    def service() -> dict[str, Any]:
        found: dict[str, Any] = ecs.describe_services(cluster=out["cluster"], services=[out["service"]])["services"][0]
        return found

    answer = execute(out["machine"], workers=2, needed=2, size="large", loans=[1, 2])
    assert answer["status"] == "SUCCEEDED", answer
    assert json.loads(answer["output"]) == {"size": "large", "loans": [1, 2]}
    assert (service()["desiredCount"], service()["runningCount"]) == (0, 0)
    assert {step.action for step in deployed_again(project)} == {"unchanged"}, "scaling is the machine's"

    failed = execute(out["machine"], workers=1, needed=2, size="small", loans=[])
    assert (failed["status"], failed["error"]) == ("FAILED", "Workers.NotRunning")
    assert failed["cause"].startswith("1 of 2 workers run after 4 seconds: ")
    assert service()["desiredCount"] == 1, "this machine does not scale in when it fails"
    assert execute(out["reaper"])["status"] == "SUCCEEDED"
    assert service()["desiredCount"] == 0, "the reaper has seen that nothing runs"

    project.destroy()
    assert project.recorded() == []


def deployed_again(project: Project) -> list[Any]:
    project.deploy()
    return list(project.steps)
