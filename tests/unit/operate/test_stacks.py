"""Where a stack is: AWS on localhost from its state directory, others from the Pulumi CLI."""

from __future__ import annotations

import json

import pytest

from local.server import Server
from local.state import StateDir
from operate import stacks
from operate.errors import StackError

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:hello-machine-1a2b"
OUTPUTS = {"alerts_topic_arn": "arn:t", "hello": {"state_machine_arn": ARN, "input_bucket": "b"}}


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """Put a `pulumi` on the PATH that does what a shell script says; the arguments are kept in `asked`."""
    (tmp_path / "Pulumi.yaml").write_text("name: distmap\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def does(script):
        cli = tmp_path / "pulumi"
        cli.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n{script}\n')
        cli.chmod(0o700)
        return tmp_path / "asked"

    return does


def test_outputs_and_region_of_a_pulumi_stack_come_from_the_cli(pulumi):
    asked = pulumi(f"echo '{json.dumps(OUTPUTS)}'")
    stack = stacks.load("dev")
    assert asked.read_text() == "stack output --json --stack dev\n"
    assert (stack.name, stack.region, stack.endpoint) == ("dev", "eu-west-1", None), "the Region is that of the ARNs"
    assert stack.outputs_of("hello")["input_bucket"] == "b"
    assert stack.client("stepfunctions").meta.endpoint_url == "https://states.eu-west-1.amazonaws.com"


def test_without_the_cli_the_way_out_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"not on the PATH: install it from https://www\.pulumi\.com"):
        stacks.load("dev")


def test_what_the_cli_complains_of_is_passed_on_in_one_line(pulumi):
    pulumi("echo 'error: no stack named' >&2; echo \"'prod' found\" >&2; exit 255")
    with pytest.raises(StackError, match=r"--stack prod` failed: error: no stack named 'prod' found$"):
        stacks.load("prod")


def test_a_cli_that_does_not_answer_is_given_up(pulumi, monkeypatch):
    pulumi("sleep 5")
    monkeypatch.setattr(stacks, "PULUMI_SECONDS", 0.1)
    with pytest.raises(StackError, match=r"no answer in 0.1 s: check `pulumi login`"):
        stacks.load("dev")


def test_an_environment_that_points_elsewhere_is_refused(pulumi, monkeypatch):
    pulumi("exit 1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    with pytest.raises(StackError, match="unset AWS_ENDPOINT_URL"):
        stacks.load("dev")


def test_a_stack_without_use_cases_says_how_to_enable_one(pulumi):
    pulumi("echo '{}'")
    with pytest.raises(StackError, match=r"enable one in Pulumi\.dev\.yaml and run `pulumi up`"):
        stacks.load("dev")


def test_a_use_case_that_is_not_deployed_says_how_to_deploy_it(pulumi):
    pulumi(f"echo '{json.dumps(OUTPUTS)}'")
    with pytest.raises(StackError, match=r"noaa is not deployed in stack dev: enable it in Pulumi\.dev\.yaml"):
        stacks.load("dev").outputs_of("noaa")


def running(monkeypatch):
    found = Server(
        endpoint="http://127.0.0.1:45001", port=45001, pid=1, engine_port=45002, engine_pid=2, started_at="2026-01-01"
    )
    monkeypatch.setattr("local.server.running", lambda state: found)


def test_the_local_stack_is_reached_at_its_endpoint_as_its_root(monkeypatch, tmp_path):
    running(monkeypatch)
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-does-not-exist")
    state = StateDir(path=tmp_path)
    state.write(state.outputs, OUTPUTS)
    stack = stacks.local_stack(state)
    assert stack.is_local
    client = stack.client("s3")
    assert client.meta.endpoint_url == "http://127.0.0.1:45001"
    assert stack.client("s3") is client, "clients are made once"


def test_a_local_server_without_a_deployment_says_what_to_do(monkeypatch, tmp_path):
    running(monkeypatch)
    with pytest.raises(StackError, match="nothing is deployed"):
        stacks.local_stack(StateDir(path=tmp_path))
