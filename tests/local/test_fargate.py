"""ECS on localhost: tasks are processes, and what is told of them is true."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import signal
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from local import processes, server
from local.activity_tokens import ActivityTokens
from local.fargate import InterruptionError, interrupt
from local.mends import ecs_arns
from local.mends.ecs_services import Throttle, provider
from local.mends.task_roles import TaskCredentials
from tests.local.helpers import STUB, client, is_running, make_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.server import Server
    from local.state import StateDir

pytestmark = pytest.mark.long

SECONDS = 8.0
WRITES_LOGS = (("logs:CreateLogStream", "*"), ("logs:PutLogEvents", "*"))
ON_BOTH = [
    {"capacityProvider": "FARGATE", "base": 1, "weight": 0},
    {"capacityProvider": "FARGATE_SPOT", "weight": 1},
]

# Says its process id, then works until it is told to stop.
WORKER = """
import os, signal, sys, time
def stop(*_):
    print("stopping", flush=True)
    sys.exit(7)
signal.signal(signal.SIGTERM, stop)
print(os.getpid(), flush=True)
time.sleep(60)
"""
STUBBORN = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid()); time.sleep(60)"


@dataclass
class Ecs:
    """A cluster of a test's own, with a log group."""

    aws: Server
    cluster: str
    logs: str
    execution_role: str

    @cached_property
    def api(self) -> Any:
        return client(self.aws, "ecs")

    @cached_property
    def log_api(self) -> Any:
        return client(self.aws, "logs")

    def define(self, code: str, *, task_role: str = "", command: list[str] | None = None, **settings: Any) -> str:
        """A definition whose one container runs the code."""
        container = {
            "name": "worker",
            "image": "worker",
            "command": ["python", "-c", code] if command is None else command,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": self.logs, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "w"},
            },
            **settings,
        }
        roles = {"taskRoleArn": task_role} if task_role else {}
        answer = self.api.register_task_definition(
            family=f"family-{uuid4()}",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            executionRoleArn=self.execution_role,
            containerDefinitions=[container],
            **roles,
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def run(self, definition: str, **more: Any) -> dict[str, Any]:
        """A task of its own; the task as told when it runs or has ended."""
        answer = self.api.run_task(cluster=self.cluster, taskDefinition=definition, launchType="FARGATE", **more)
        arn = answer["tasks"][0]["taskArn"]
        assert answer["tasks"][0]["lastStatus"] == "PROVISIONING", "nothing runs before it is started"
        return self.until(arn, lambda task: task["lastStatus"] in ("RUNNING", "STOPPED"))

    def serve(self, definition: str, count: int, **more: Any) -> str:
        """A service; its name."""
        name = f"service-{uuid4()}"
        self.api.create_service(
            cluster=self.cluster, serviceName=name, taskDefinition=definition, desiredCount=count, **more
        )
        return name

    def task(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_tasks(cluster=self.cluster, tasks=[arn])["tasks"][0]
        return found

    def until(self, arn: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        assert processes.wait_until(lambda: reached(self.task(arn)), seconds=SECONDS), self.task(arn)
        return self.task(arn)

    def service(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_services(cluster=self.cluster, services=[name])["services"][0]
        return found

    def running(self, name: str, status: str = "RUNNING") -> list[dict[str, Any]]:
        """The tasks of a service that are to run, or to be stopped."""
        arns = self.api.list_tasks(cluster=self.cluster, serviceName=name, desiredStatus=status)["taskArns"]
        return self.api.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []

    def settle(self, name: str, count: int) -> list[dict[str, Any]]:
        """The service's tasks once so many run."""
        assert processes.wait_until(lambda: self.service(name)["runningCount"] == count, seconds=SECONDS), self.service(
            name
        )
        return self.running(name)

    def said(self, arn: str, lines: int = 1) -> list[str]:
        """What a task's container wrote, once it is so many lines."""
        stream = f"w/worker/{arn.rpartition('/')[2]}"

        def found() -> list[str]:
            answer = self.log_api.get_log_events(logGroupName=self.logs, logStreamName=stream, startFromHead=True)
            return [event["message"] for event in answer["events"]]

        assert processes.wait_until(lambda: len(found()) >= lines, seconds=SECONDS), found()
        return found()

    def pid(self, arn: str) -> int:
        return int(self.said(arn)[0])


@pytest.fixture
def ecs(whole_aws: Server) -> Iterator[Ecs]:
    made = cluster_on(whole_aws)
    yield made
    api = made.api
    for arn in api.list_services(cluster=made.cluster)["serviceArns"]:
        api.delete_service(cluster=made.cluster, service=arn, force=True)
    for arn in api.list_tasks(cluster=made.cluster)["taskArns"]:
        api.stop_task(cluster=made.cluster, task=arn)


def cluster_on(aws: Server) -> Ecs:
    """A cluster and a log group on the server."""
    made = Ecs(aws, f"cluster-{uuid4()}", f"/tests/{uuid4()}", make_role(aws, "ecs-tasks", *WRITES_LOGS))
    made.api.create_cluster(clusterName=made.cluster)
    made.log_api.create_log_group(logGroupName=made.logs)
    return made


def test_the_desired_count_starts_and_stops_processes(ecs: Ecs):
    name = ecs.serve(ecs.define(WORKER), 0)
    assert ecs.service(name)["runningCount"] == 0
    ecs.api.update_service(cluster=ecs.cluster, service=name, desiredCount=2)
    pids = [ecs.pid(task["taskArn"]) for task in ecs.settle(name, 2)]
    assert all(map(is_running, pids))
    groups = {os.getpgid(pid) for pid in pids}
    assert groups == set(pids), "each leads a group of its own"
    ecs.api.update_service(cluster=ecs.cluster, service=name, desiredCount=1)
    (left,) = ecs.settle(name, 1)
    assert [is_running(pid) for pid in pids].count(True) >= 1
    ecs.api.update_service(cluster=ecs.cluster, service=name, desiredCount=0)
    assert ecs.settle(name, 0) == []
    assert processes.wait_until(lambda: not any(map(is_running, pids)), seconds=SECONDS)
    ended = ecs.until(left["taskArn"], lambda task: task["lastStatus"] == "STOPPED")
    assert ended["stopCode"] == "ServiceSchedulerInitiated"
    assert ended["containers"][0]["exitCode"] == 7, "it was asked to stop, and ended by itself"
    assert ecs.said(left["taskArn"], 2)[1] == "stopping", "its last words are in the log"


def test_a_task_runs_with_its_role_and_its_own_environment(ecs: Ecs):
    role = make_role(ecs.aws, "ecs-tasks", ("s3:ListAllMyBuckets", "*"))
    code = (
        "import os, boto3; print(boto3.client('sts').get_caller_identity()['Arn']); "
        "boto3.client('s3').list_buckets(); "
        "print(sorted(os.environ.items())); print(os.getcwd() == os.environ['HOME'])\n"
        "try: boto3.client('sqs').list_queues()\n"
        "except Exception as error: print(error.response['Error']['Code'])"
    )
    definition = ecs.define(code, task_role=role, environment=[{"name": "SIZE", "value": "small"}])
    override = {"name": "worker", "environment": [{"name": "SEED", "value": "7"}]}
    task = ecs.run(definition, overrides={"containerOverrides": [override]})
    who, environment, at_home, refused = ecs.said(task["taskArn"], 4)
    assert who.startswith(f"arn:aws:sts::000000000000:assumed-role/{role.rpartition('/')[2]}/")
    found = dict(ast.literal_eval(environment))
    assert (found["SIZE"], found["SEED"]) == ("small", "7")
    assert found["AWS_ENDPOINT_URL"] == ecs.aws.endpoint
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "USER", "DISTMAP_SERVICE_TOKEN"} & found.keys()
    assert found["HOME"] != os.environ.get("HOME"), "the credentials of who sits here are not the container's"
    assert (at_home, refused) == ("True", "AccessDenied")
    ended = ecs.until(task["taskArn"], lambda one: one["lastStatus"] == "STOPPED")
    assert (ended["stopCode"], ended["containers"][0]["exitCode"]) == ("EssentialContainerExited", 0)


def test_credentials_are_for_who_shows_the_containers_token():
    credentials = TaskCredentials()
    identity, variables = credentials.grant("arn:aws:iam::000000000000:role/r", "task", "http://127.0.0.1:1")
    assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].endswith(identity)
    assert credentials.answer(identity, "guess") is None
    assert credentials.answer("other", variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) is None
    credentials.revoke(identity)
    assert credentials.answer(identity, variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) is None, "the task has ended"


def test_a_container_that_does_not_stop_is_killed_in_the_end(ecs: Ecs):
    task = ecs.run(ecs.define(STUBBORN, stopTimeout=1, environment=[{"name": "PYTHONUNBUFFERED", "value": "1"}]))
    pid = ecs.pid(task["taskArn"])
    asked = time.monotonic()
    told = ecs.api.stop_task(cluster=ecs.cluster, task=task["taskArn"], reason="enough")["task"]
    assert (told["lastStatus"], told["desiredStatus"]) == ("STOPPING", "STOPPED"), "it has not ended yet"
    assert is_running(pid)
    ended = ecs.until(task["taskArn"], lambda one: one["lastStatus"] == "STOPPED")
    assert 0.9 <= time.monotonic() - asked < 4, "it had its stop timeout"
    assert ended["containers"][0]["exitCode"] == 137
    assert (ended["stopCode"], ended["stoppedReason"]) == ("UserInitiated", "enough")
    assert not is_running(pid)


def test_a_task_that_dies_is_replaced_and_told_with_its_exit_code(ecs: Ecs):
    name = ecs.serve(ecs.define(WORKER), 1)
    (first,) = ecs.settle(name, 1)
    os.kill(ecs.pid(first["taskArn"]), signal.SIGKILL)
    ended = ecs.until(first["taskArn"], lambda task: task["lastStatus"] == "STOPPED")
    assert ended["containers"][0]["exitCode"] == 137
    assert (ended["stopCode"], ended["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    (second,) = ecs.settle(name, 1)
    assert second["taskArn"] != first["taskArn"]
    assert "exit code 137" in ecs.service(name)["events"][0]["message"]


def test_tasks_that_keep_failing_are_started_more_and_more_slowly(ecs: Ecs):
    name = ecs.serve(ecs.define("import time; print(time.time()); raise SystemExit(3)"), 1)
    assert processes.wait_until(lambda: len(ecs.running(name, "STOPPED")) >= 3, seconds=SECONDS)
    first, second, third = sorted(float(ecs.said(task["taskArn"])[0]) for task in ecs.running(name, "STOPPED"))[:3]
    assert third - second > 1, "the second in a row is made up for a second later"
    assert second - first < third - second
    assert "unable to consistently start tasks successfully" in ecs.service(name)["events"][0]["message"]


def test_waits_grow_while_tasks_end_soon_and_are_forgotten_when_one_lives():
    throttle = Throttle()
    assert [throttle.fail(lived=0.1) for _ in range(9)] == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert throttle.fail(lived=100) == 0


def test_the_base_of_a_strategy_is_filled_first():
    placed: dict[str, int] = {}
    for _ in range(4):
        name = provider([{**ON_BOTH[0], "base": 2}, ON_BOTH[1]], placed)
        placed[name] = placed.get(name, 0) + 1
    assert placed == {"FARGATE": 2, "FARGATE_SPOT": 2}
    shares: dict[str, int] = {}
    for _ in range(8):
        name = provider([{"capacityProvider": "A", "weight": 1}, {"capacityProvider": "B", "weight": 3}], shares)
        shares[name] = shares.get(name, 0) + 1
    assert shares == {"A": 2, "B": 6}


def test_spot_takes_back_its_tasks_with_a_notice(ecs: Ecs):
    definition = ecs.define(STUBBORN, environment=[{"name": "PYTHONUNBUFFERED", "value": "1"}])
    name = ecs.serve(definition, 2, capacityProviderStrategy=ON_BOTH)
    tasks = {task["capacityProviderName"]: task for task in ecs.settle(name, 2)}
    spot = tasks["FARGATE_SPOT"]["taskArn"]
    pid = ecs.pid(spot)
    with pytest.raises(InterruptionError, match="1 tasks of the service run on FARGATE_SPOT, not 2"):
        interrupt(ecs.aws.endpoint, cluster=ecs.cluster, service=name, count=2)
    assert interrupt(ecs.aws.endpoint, cluster=ecs.cluster, service=name, notice_seconds=0.5) == (spot,)
    assert is_running(pid), "it has its notice"
    ended = ecs.until(spot, lambda task: task["lastStatus"] == "STOPPED")
    assert (ended["stopCode"], ended["stoppedReason"]) == ("SpotInterruption", "Your Spot Task was interrupted.")
    assert ended["containers"][0]["exitCode"] == 137
    now = {task["taskArn"] for task in ecs.settle(name, 2)}
    assert tasks["FARGATE"]["taskArn"] in now
    assert spot not in now, "another task runs in its place"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cluster": "nowhere", "service": "none"}, "there is no service none in a cluster nowhere"),
        ({"cluster": "c", "service": "s", "count": 0}, "count must be a whole number from 1 on, not 0"),
        ({"cluster": "c", "service": "s", "notice_seconds": -1}, "notice_seconds must be 0 to 600, not -1"),
        ({"cluster": "", "service": "s"}, "cluster must be the name or the ARN of a cluster"),
    ],
)
def test_an_interruption_that_cannot_be_is_refused(whole_aws: Server, given: dict[str, Any], message: str):
    with pytest.raises(InterruptionError, match=message):
        interrupt(whole_aws.endpoint, **given)


def test_a_task_whose_log_or_role_or_command_is_not_right_does_not_start(ecs: Ecs):
    def reason(definition: str) -> str:
        task = ecs.run(definition)
        ended = ecs.until(task["taskArn"], lambda one: one["lastStatus"] == "STOPPED")
        assert ended["stopCode"] == "TaskFailedToStart"
        return str(ended["stoppedReason"])

    assert 'exec: "no-such-program": executable file not found' in reason(ecs.define("", command=["no-such-program"]))
    assert "container worker needs a command" in reason(ecs.define("", command=[]))
    functions_role = make_role(ecs.aws, "lambda")
    assert f"unable to assume the role '{functions_role}'" in reason(ecs.define(WORKER, task_role=functions_role))
    secret = [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-east-1:000000000000:secret:key"}]
    assert "secrets in a container definition are not on localhost" in reason(ecs.define(WORKER, secrets=secret))
    silent = Ecs(ecs.aws, ecs.cluster, ecs.logs, make_role(ecs.aws, "ecs-tasks"))
    assert "is not authorized to perform: logs:CreateLogStream" in reason(silent.define(WORKER))
    ecs.log_api.delete_log_group(logGroupName=ecs.logs)
    assert "The specified log group does not exist" in reason(ecs.define(WORKER))


def test_a_worker_reports_on_tasks_of_the_activity_that_it_may_work_on(ecs: Ecs):
    states = client(ecs.aws, "stepfunctions")
    activity = states.create_activity(name=f"activity-{uuid4()}")["activityArn"]
    calls = ("GetActivityTask", "SendTaskHeartbeat", "SendTaskSuccess")
    role = make_role(ecs.aws, "ecs-tasks", *((f"states:{call}", activity) for call in calls))
    code = (
        "import boto3, os; states = boto3.client('stepfunctions')\n"
        "task = states.get_activity_task(activityArn=os.environ['ACTIVITY_ARN'])\n"
        "states.send_task_heartbeat(taskToken=task['taskToken'])\n"
        "states.send_task_success(taskToken=task['taskToken'], output=task['input'])"
    )
    environment = [{"name": "ACTIVITY_ARN", "value": activity}]
    ecs.run(ecs.define(code, task_role=role, environment=environment))
    machine = states.create_state_machine(
        name=f"machine-{uuid4()}",
        roleArn=make_role(ecs.aws, "states"),
        definition=json.dumps(
            {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": activity, "End": True}}}
        ),
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input='{"loan": 1}')["executionArn"]

    def told() -> Any:
        return states.describe_execution(executionArn=execution)

    assert processes.wait_until(lambda: told()["status"] != "RUNNING", seconds=SECONDS)
    assert (told()["status"], json.loads(told()["output"])) == ("SUCCEEDED", {"loan": 1})
    states.delete_activity(activityArn=activity)


def test_tokens_lead_to_their_activity_until_newer_ones_come():
    tokens = ActivityTokens(kept=2)
    for token in ("a", "b", "c"):
        tokens.note(b'{"activityArn": "arn"}', json.dumps({"taskToken": token}).encode())
    tokens.note(b'{"activityArn": "arn"}', b"{}")
    assert [tokens.activity_of(token) for token in "abc"] == [None, "arn", "arn"]


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_no_worker_outlives_the_server(state: StateDir, kill: bool):
    running = server.start(state=state, port=0, engine=STUB)
    ecs = cluster_on(running)
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); {STUBBORN}"
    task = ecs.run(ecs.define(code, environment=[{"name": "PYTHONUNBUFFERED", "value": "1"}]))
    pids = [int(line) for line in ecs.said(task["taskArn"], 2)]
    assert all(map(is_running, pids))
    if kill:
        os.kill(running.pid, signal.SIGKILL)
    else:
        server.stop(state)
    assert processes.wait_until(lambda: not any(map(is_running, pids)), seconds=SECONDS), "children of it neither"


@pytest.mark.parametrize(
    ("action", "given", "resource"),
    [
        ("UpdateService", {"cluster": "c", "service": "s"}, "service/c/s"),
        ("UpdateService", {"service": "arn:aws:ecs:us-east-1:1:service/c/s"}, "service/c/s"),
        ("DescribeServices", {"cluster": "arn:aws:ecs:us-east-1:1:cluster/c", "services": ["s"]}, "service/c/s"),
        ("StopTask", {"task": "t"}, "task/default/t"),
        ("RunTask", {"cluster": "c", "taskDefinition": "f:1"}, "task-definition/f:1"),
    ],
)
def test_a_request_is_checked_against_what_it_is_about(action: str, given: dict[str, Any], resource: str):
    found = ecs_arns.resource_arn(json.dumps(given).encode(), "us-east-1", "1", action)
    assert found == f"arn:aws:ecs:us-east-1:1:{resource}"


def test_a_request_that_names_nothing_is_left_to_ministack():
    for body in (b"{}", b"[]", b"not json", b'{"service": 1}', b'{"services": []}'):
        assert ecs_arns.resource_arn(body, "us-east-1", "1", "UpdateService") is None
    assert ecs_arns.resource_arn(b'{"cluster": "c"}', "us-east-1", "1", "ListTasks") is None


# What the mends of ECS take for granted of ministack: parameters of its functions, by name.
SEAM = {
    "_run_task_worker": ["task", "td", "container_overrides", "docker_client", "account_id", "region"],
    "_stop_task": ["data"],
    "_reconcile_service_tasks": ["cluster_name", "svc_key"],
    "_record_service_task_failure": ["task", "digest_resolution_failed"],
    "_schedule_service_deployment_completion": ["cluster_name", "svc_key", "account_id", "region", "healthy_task"],
    "_deployment_needs_first_task": ["deployment", "td", "context"],
    "_mark_task_pending": ["task_arn", "task"],
    "_mark_task_activating": ["task_arn", "task"],
    "_mark_task_running": ["task_arn", "task"],
    "_get_docker": [],
}


def test_ministack_has_the_functions_that_are_replaced_and_called():
    spec = importlib.util.find_spec("ministack.services.ecs")
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    functions = {node.name: [arg.arg for arg in node.args.args] for node in defined}
    assert {name: functions.get(name) for name in SEAM} == SEAM, "read ministack's ECS again before another version"
