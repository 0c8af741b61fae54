"""Workers: what starts them, waits for them and sends them home, and what that takes of a machine's role."""

from __future__ import annotations

import pytest

from asl import Jsonata, Pass, StateMachine, Statement, WorkerService, check_policy, policy_document

CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/loans"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/loans/workers"
SMALL, LARGE = (f"arn:aws:ecs:us-east-1:123456789012:task-definition/{size}:1" for size in ("small", "large"))
ROLES = ("arn:aws:iam::123456789012:role/task", "arn:aws:iam::123456789012:role/execution")
WORKERS = WorkerService(
    cluster_arn=CLUSTER,
    service_arn=SERVICE,
    task_definition_arns={"small": SMALL, "large": LARGE},
    passed_role_arns=ROLES,
)


def machine(size: str | Jsonata | None = None) -> StateMachine:
    out = WORKERS.scale_out(
        workers=Jsonata("$states.input.workers"), size=size, then="Work", needed=2, within_seconds=60
    )
    return StateMachine(states=(*out, Pass("Work"), WORKERS.scale_in(end=True)))


def test_workers_are_asked_for_by_number_and_size():
    states = machine(Jsonata("$states.input.size")).to_asl()["States"]
    assert states["Scale out"]["Arguments"] == {
        "Cluster": CLUSTER,
        "Service": SERVICE,
        "DesiredCount": "{% $states.input.workers %}",
        "TaskDefinition": f"{{% $lookup({{'small': '{SMALL}', 'large': '{LARGE}'}}, $states.input.size) %}}",
    }
    assert machine("large").to_asl()["States"]["Scale out"]["Arguments"]["TaskDefinition"] == LARGE
    assert "TaskDefinition" not in machine().to_asl()["States"]["Scale out"]["Arguments"]


def test_the_flow_goes_on_when_enough_run_and_fails_when_they_do_not_in_time():
    states = machine().to_asl()["States"]
    assert states["Scale out"]["Next"] == "Scale out: look"
    assert states["Scale out: look"]["Next"] == "Scale out: enough?"
    assert states["Scale out: enough?"]["Choices"] == [
        {"Condition": "{% $running >= 2 %}", "Next": "Work"},
        {"Condition": "{% $looks > 12 %}", "Next": "Scale out: too few"},
    ]
    assert states["Scale out: wait"] == {
        "Type": "Wait",
        "QueryLanguage": "JSONata",
        "Seconds": 5,
        "Next": "Scale out: look",
    }
    assert states["Scale out: too few"]["Error"] == "Workers.NotRunning"


def test_the_input_comes_out_as_it_went_in():
    states = machine().to_asl()["States"]
    for name in ("Scale out", "Scale out: look", "Scale in"):
        assert states[name]["Output"] == "{% $states.input %}"


def test_scaling_in_is_tried_for_minutes():
    state = machine().to_asl()["States"]["Scale in"]
    assert state["Arguments"]["DesiredCount"] == 0
    assert state["Retry"][0]["ErrorEquals"] == ["States.ALL"]
    assert state["Retry"][0]["MaxAttempts"] == 8


def test_the_role_may_pass_the_workers_roles_only_when_it_sets_a_definition():
    update = Statement(actions=("ecs:UpdateService",), resources=(SERVICE,))
    assert {action for one in machine().statements() for action in one.actions} == {
        "ecs:UpdateService",
        "ecs:DescribeServices",
    }
    assert update in machine().statements()
    (passed,) = [one for one in machine("small").statements() if "iam:PassRole" in one.actions]
    assert passed.resources == ROLES
    assert [(one.key, one.values) for one in passed.conditions] == [
        ("iam:PassedToService", ("ecs-tasks.amazonaws.com",))
    ]
    check_policy(policy_document(machine("small").statements()))


def test_the_machine_is_valid_and_an_unknown_size_is_not():
    assert machine("small").problems() == []
    with pytest.raises(ValueError, match="size 'huge' is none of small, large"):
        machine("huge")
