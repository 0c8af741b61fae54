"""Jobs that a task waits for, with a server that plays the service."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from local.stepfunctions.errors import StatesError
from local.stepfunctions.integrations import jobs, resolve
from tests.engine.integrations.conftest import task_call

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:child"
CHILD = "arn:aws:states:us-east-1:000000000000:execution:child:run"
EXECUTION = {
    "executionArn": CHILD,
    "stateMachineArn": MACHINE,
    "name": "run",
    "startDate": 1795435200.5,
    "input": "{}",
    "inputDetails": {"included": True},
    "redriveCount": 0,
    "redriveStatus": "NOT_REDRIVABLE",
}
CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/c"
TASK = {"taskArn": "arn:aws:ecs:us-east-1:000000000000:task/c/1", "clusterArn": CLUSTER, "lastStatus": "RUNNING"}


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch):
    monkeypatch.setattr(jobs, "FIRST_POLL_SECONDS", 0.001)
    monkeypatch.setattr(jobs, "LONGEST_POLL_SECONDS", 0.005)


class Service:
    """Answers each operation with its answers in turn, the last one for ever."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    async def handle(self, request):
        operation = request.headers["X-Amz-Target"].rsplit(".", 1)[1]
        self.asked.append((operation, json.loads(await request.read())))
        answers = self.answers[operation]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return web.json_response(answer, content_type="application/x-amz-json-1.0")


@pytest.fixture
def run_job(against):
    """``run_job(service, resource, parameters)``: what was submitted, and the finished job."""

    def run(service, resource, parameters, *, stop=False):
        async def work(session):
            async def client(name):
                return session.client(name)

            task = resolve(resource)
            call = task_call(parameters, client)
            submitted = await task.run(call)
            if task.pattern == "request_response":
                return submitted, submitted
            return submitted, await (task.stop(call, submitted) if stop else task.wait(call, submitted))

        return against(service.handle, work)

    return run


def executions(**end):
    running = {**EXECUTION, "status": "RUNNING"}
    return Service(
        StartExecution=[{"executionArn": CHILD, "startDate": 1795435200.5}],
        DescribeExecution=[running, running, {**EXECUTION, "stopDate": 1795435201.0, **end}],
        StopExecution=[{"stopDate": 1795435201.0}],
    )


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(("suffix", "parsed"), [(".sync", False), (".sync:2", True)])
def test_a_nested_execution_is_waited_for_and_described(run_job, suffix, parsed):
    service = executions(status="SUCCEEDED", output='{"Arg1":"argument1"}', outputDetails={"included": True})
    given = {"StateMachineArn": MACHINE, "Input": None, "Name": "run"}
    submitted, result = run_job(service, f"arn:aws:states:::states:startExecution{suffix}", given)
    assert set(submitted) == {"ExecutionArn", "StartDate", "SdkHttpMetadata", "SdkResponseMetadata"}
    assert result == {
        "ExecutionArn": CHILD,
        "Input": {} if parsed else "{}",
        "InputDetails": {"Included": True},
        "Name": "run",
        "Output": {"Arg1": "argument1"} if parsed else '{"Arg1":"argument1"}',
        "OutputDetails": {"Included": True},
        "StartDate": 1795435200500,
        "StateMachineArn": MACHINE,
        "Status": "SUCCEEDED",
        "StopDate": 1795435201000,
    }
    assert [operation for operation, _ in service.asked] == ["StartExecution"] + ["DescribeExecution"] * 3
    assert service.asked[0][1] == {"stateMachineArn": MACHINE, "name": "run"}, "a null input is none"


@pytest.mark.aws("documented")
@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_nested_execution_that_fails_is_the_cause_of_the_task(run_job, status):
    service = executions(status=status, error="Odd", cause="why")
    with pytest.raises(StatesError) as failure:
        run_job(service, "arn:aws:states:::states:startExecution.sync", {"StateMachineArn": MACHINE, "Input": {"a": 1}})
    assert failure.value.name == "States.TaskFailed"
    told = json.loads(failure.value.cause or "")
    assert (told["Status"], told["Error"], told["Cause"]) == (status, "Odd", "why")
    assert service.asked[0][1]["input"] == '{"a":1}'


def test_an_execution_that_nobody_waits_for_is_stopped(run_job):
    service = executions(status="SUCCEEDED")
    run_job(service, "arn:aws:states:::states:startExecution.sync", {"StateMachineArn": MACHINE}, stop=True)
    assert service.asked[-1] == ("StopExecution", {"executionArn": CHILD})


def tasks(*codes, failures=()):
    stopped = {**TASK, "lastStatus": "STOPPED", "containers": [{"exitCode": code} for code in codes]}
    return Service(
        RunTask=[{"tasks": [] if failures else [TASK], "failures": list(failures)}],
        DescribeTasks=[{"tasks": [TASK]}, {"tasks": [stopped]}],
        StopTask=[{}],
    )


@pytest.mark.aws("documented")
def test_an_ecs_task_is_waited_for_until_it_stops(run_job):
    service = tasks(0, 0)
    submitted, result = run_job(service, "arn:aws:states:::ecs:runTask.sync", {"Cluster": "c", "TaskDefinition": "t"})
    assert set(submitted) == {"Failures", "Tasks", "SdkHttpMetadata", "SdkResponseMetadata"}
    assert (result["TaskArn"], result["LastStatus"]) == (TASK["taskArn"], "STOPPED")
    assert service.asked[-1][1] == {"cluster": CLUSTER, "tasks": [TASK["taskArn"]]}


@pytest.mark.aws("documented")
@pytest.mark.parametrize("codes", [(1,), (0, 137), ()])
def test_a_container_that_does_not_exit_with_zero_fails_the_task(run_job, codes):
    with pytest.raises(StatesError) as failure:
        run_job(tasks(*codes), "arn:aws:states:::ecs:runTask.sync", {"TaskDefinition": "t"})
    assert failure.value.name == "States.TaskFailed"
    assert json.loads(failure.value.cause or "")["TaskArn"] == TASK["taskArn"]


@pytest.mark.aws("documented")
def test_a_task_that_cannot_be_placed_fails_only_a_task_that_waits(run_job):
    refused = {"arn": "a", "reason": "RESOURCE:CPU"}
    with pytest.raises(StatesError, match=r"AmazonECS\.Unknown"):
        run_job(tasks(failures=[refused]), "arn:aws:states:::ecs:runTask.sync", {"TaskDefinition": "t"})
    _, result = run_job(tasks(failures=[refused]), "arn:aws:states:::ecs:runTask", {"TaskDefinition": "t"})
    assert result["Failures"] == [{"Arn": "a", "Reason": "RESOURCE:CPU"}]


def test_an_ecs_task_that_nobody_waits_for_is_stopped(run_job):
    service = tasks(0)
    run_job(service, "arn:aws:states:::ecs:runTask.sync", {"TaskDefinition": "t"}, stop=True)
    assert service.asked[-1] == ("StopTask", {"cluster": CLUSTER, "task": TASK["taskArn"]})


@pytest.mark.aws("documented")
def test_count_and_started_by_are_reserved_while_a_task_is_waited_for():
    template = {"TaskDefinition": "t", "Count": 2, "StartedBy.$": "$.me"}
    assert resolve("arn:aws:states:::ecs:runTask").problems(template) == []
    assert resolve("arn:aws:states:::ecs:runTask.sync").problems(template) == [
        "The field 'Count' is not supported by Step Functions",
        "The field 'StartedBy' is not supported by Step Functions",
    ]
