"""ActivityWorkerPool: no workers of its own accord, exactly the given permissions, and a way to scale out and in."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pytest

from asl import PolicyError, Statement
from components import (
    ActivityWorkerPool,
    ActivityWorkerPoolArgs,
    Observability,
    WorkerReaperArgs,
    WorkerSize,
    make_worker_reaper,
)
from tests.infra.conftest import TOPIC
from tests.infra.recording import ACCOUNT, REGION, Built, build

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/worker@sha256:abc"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/worker"
ACTIVITY = f"arn:aws:states:{REGION}:{ACCOUNT}:activity:loans-activity-1a2b3c4"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:loans"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/loans"


def put_items(*, table_arn: str) -> list[Statement]:
    return [Statement(actions=("dynamodb:PutItem",), resources=(table_arn,))]


@pytest.fixture
def args(observability: Observability) -> ActivityWorkerPoolArgs:
    return ActivityWorkerPoolArgs(
        image=IMAGE,
        repository_arn=REPOSITORY,
        command=("python", "-m", "handlers.worker"),
        subnet_ids=["subnet-a", "subnet-b"],
        security_group_id="sg-workers",
        observability=observability,
        permissions=put_items,
        references={"table_arn": TABLE},
        environment={"TABLE": "loans"},
    )


def built(args: ActivityWorkerPoolArgs) -> Built:
    def program() -> None:
        ActivityWorkerPool("loans", args)

    return build(program)


def allowed(pool: Built, role: str) -> list[tuple[list[str], list[str]]]:
    statements = pool.one(":RolePolicy", f"loans-{role}-policy").json("policy")["Statement"]
    return [(one["Action"], one["Resource"]) for one in statements]


def test_a_worker_may_do_what_it_is_given_and_work_on_its_activity(args: ActivityWorkerPoolArgs):
    calls = ["states:GetActivityTask", "states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"]
    assert allowed(built(args), "task") == [(["dynamodb:PutItem"], [TABLE]), (calls, [ACTIVITY])]


def test_fargate_may_write_the_log_and_pull_the_image(args: ActivityWorkerPoolArgs):
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:loans-logs-1a2b3c4:*"
    write = (["logs:CreateLogStream", "logs:PutLogEvents"], [logs])
    assert allowed(built(args), "execution") == [
        (["ecr:GetAuthorizationToken"], ["*"]),
        (pull, [REPOSITORY]),
        write,
    ]
    assert allowed(built(replace(args, repository_arn=None)), "execution") == [write], "a public image needs no leave"


def test_only_tasks_of_ecs_take_the_roles(args: ActivityWorkerPoolArgs):
    for role in built(args).of_type(":Role"):
        (statement,) = role.json("assumeRolePolicy")["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}


def test_a_worker_is_read_only_logs_and_has_time_to_hand_back_its_task(args: ActivityWorkerPoolArgs):
    (worker,) = built(args).one(":TaskDefinition", "loans-small-definition").json("containerDefinitions")
    assert worker == {
        "name": "worker",
        "image": IMAGE,
        "command": ["python", "-m", "handlers.worker"],
        "essential": True,
        "stopTimeout": 120,
        "readonlyRootFilesystem": True,
        "environment": [
            {"name": "ACTIVITY_ARN", "value": ACTIVITY},
            {"name": "TABLE", "value": "loans"},
            {"name": "WORKER_SIZE", "value": "small"},
        ],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": "loans-logs-1a2b3c4",
                "awslogs-region": REGION,
                "awslogs-stream-prefix": "small",
            },
        },
    }


def test_a_worker_is_asked_how_it_is_where_it_can_tell(args: ActivityWorkerPoolArgs):
    asked = replace(args, health_command=("python3", "-m", "handlers.worker.health"))
    (worker,) = built(asked).one(":TaskDefinition", "loans-small-definition").json("containerDefinitions")
    assert worker["healthCheck"] == {
        "command": ["CMD", "python3", "-m", "handlers.worker.health"],
        "interval": 30,
        "timeout": 5,
        "startPeriod": 60,
        "retries": 3,
    }


def test_there_is_a_definition_for_each_size_on_arm(args: ActivityWorkerPoolArgs):
    definitions = {one.name: one.inputs for one in built(args).of_type(":TaskDefinition")}
    assert {name: (one["cpu"], one["memory"]) for name, one in definitions.items()} == {
        "loans-small-definition": ("256", "512"),
        "loans-large-definition": ("512", "1024"),
    }
    for one in definitions.values():
        assert one["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
        assert (one["networkMode"], one["requiresCompatibilities"]) == ("awsvpc", ["FARGATE"])
    assert definitions["loans-small-definition"]["family"] != definitions["loans-large-definition"]["family"]


def test_the_service_starts_empty_and_leaves_scaling_to_the_machine(args: ActivityWorkerPoolArgs):
    pool = built(args)
    service = pool.one(":Service")
    assert service.inputs["desiredCount"] == 0
    assert set(service.ignore_changes) == {"desiredCount", "taskDefinition"}
    assert service.inputs["networkConfiguration"] == {
        "subnets": ["subnet-a", "subnet-b"],
        "securityGroups": ["sg-workers"],
        "assignPublicIp": False,
    }
    for name in ("loans-capacity", "loans-task-policy", "loans-execution-policy"):
        assert any(urn.endswith(f"::{name}") for urn in service.dependencies), f"a worker needs {name} at once"


def test_workers_run_on_spot_above_a_base(args: ActivityWorkerPoolArgs):
    spot = {"capacityProvider": "FARGATE_SPOT", "weight": 1}
    assert built(args).one(":Service").inputs["capacityProviderStrategies"] == [spot]
    based = built(replace(args, on_demand_base=2)).one(":Service").inputs["capacityProviderStrategies"]
    assert based == [{"capacityProvider": "FARGATE", "base": 2, "weight": 0}, spot]


def test_workers_without_work_raise_an_alarm(args: ActivityWorkerPoolArgs):
    alarm = built(replace(args, idle_minutes=30)).one(":MetricAlarm").inputs
    assert alarm["evaluationPeriods"] == 6, "five minutes each"
    assert alarm["alarmActions"] == [TOPIC]
    idle, workers, given = alarm["metricQueries"]
    assert idle["expression"] == "IF(FILL(workers, 0) > 0 AND FILL(given, 0) == 0, 1, 0)"
    assert idle["returnData"] is True
    assert workers["metric"]["dimensions"] == {
        "ClusterName": "loans-cluster-1a2b3c4",
        "ServiceName": "loans-service-1a2b3c4",
    }
    assert (workers["metric"]["metricName"], workers["metric"]["stat"]) == ("CPUUtilization", "SampleCount")
    assert (given["metric"]["metricName"], given["metric"]["dimensions"]) == (
        "ActivitiesStarted",
        {"ActivityArn": ACTIVITY},
    )


def test_a_reaper_empties_the_pool_while_no_execution_runs(args: ActivityWorkerPoolArgs):
    def program() -> None:
        pool = ActivityWorkerPool("loans", args)
        reaper = WorkerReaperArgs(
            pool=pool, machine_arn=pulumi.Output.from_input(MACHINE), observability=args.observability
        )
        make_worker_reaper("reaper", reaper)

    resources = build(program)
    states = resources.one(":StateMachine").json("definition")["States"]
    assert states["Look for executions"]["Arguments"]["StatusFilter"] == "RUNNING"
    assert states["Is one running?"]["Choices"] == [{"Condition": "{% $executions = 0 %}", "Next": "Send workers home"}]
    assert states["Send workers home"]["Arguments"]["DesiredCount"] == 0
    assert resources.one(":Schedule").inputs["scheduleExpression"] == "rate(1 hour)"
    granted = [
        (one["Action"], one["Resource"])
        for one in resources.one(":RolePolicy", "reaper-policy").json("policy")["Statement"]
        if one["Resource"] != ["*"]
    ]
    service = resources.one(":StateMachine").json("definition")["States"]["Send workers home"]["Arguments"]["Service"]
    assert sorted(granted) == sorted([(["states:ListExecutions"], [MACHINE]), (["ecs:UpdateService"], [service])])


def test_permissions_that_are_too_wide_are_refused_before_anything_is_made(args: ActivityWorkerPoolArgs):
    def greedy(**_arns: str) -> list[Statement]:
        return [Statement(actions=("dynamodb:*",), resources=(TABLE,))]

    with pytest.raises(PolicyError, match=r"'dynamodb:\*' has a wildcard"):
        ActivityWorkerPool("loans", replace(args, permissions=greedy))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"command": ()}, "a worker needs a command"),
        ({"sizes": {}}, "at least one size of worker, such as small, large"),
        ({"on_demand_base": -1}, "on_demand_base must be 0 or more, got -1"),
        ({"idle_minutes": 7}, "idle_minutes must be a multiple of 5, got 7"),
        ({"environment": {"ACTIVITY_ARN": "x"}}, "ACTIVITY_ARN of the environment is the pool's own"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(args: ActivityWorkerPoolArgs, change: dict, message: str):
    with pytest.raises(ValueError, match=message):
        replace(args, **change)


@pytest.mark.parametrize(
    ("cpu", "memory_mb", "message"),
    [
        (300, 512, "cpu must be one of 256, 512, 1024, 2048, 4096, got 300"),
        (256, 4096, "memory_mb must be one of 512, 1024, 2048 with cpu 256, got 4096"),
    ],
)
def test_a_size_that_fargate_does_not_have_is_refused(cpu: int, memory_mb: int, message: str):
    with pytest.raises(ValueError, match=message):
        WorkerSize(cpu=cpu, memory_mb=memory_mb)
