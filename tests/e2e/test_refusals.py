"""A deployed stack that may not do, or does not have, what a run needs: one clear error, in AWS's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import server
from local.deploy import deploy
from local.state import StateDir
from operate import execution, stacks
from usecases.registry import USE_CASES

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("refusals")]

ROWS = b"item_id,rating\n" + b"".join(b"%d,%s\n" % (n, b"5.0" if n % 2 else b"1.0") for n in range(2_000))
WAIT_SECONDS = 30.0

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Stack]:
    state = StateDir(path=tmp_path_factory.mktemp("stack") / "local")
    only_hello = {f"{name}_enabled": "false" for name in USE_CASES if name != "hello"}
    with server.serving(state=state) as running:
        deploy(stack=stacks.LOCAL, state=state, endpoint=running.endpoint, config_overrides=only_hello)
        found = stacks.local_stack(state)
        bucket = found.outputs_of("hello")["input_bucket"]
        found.client("s3").put_object(Bucket=bucket, Key="rows.csv", Body=ROWS)
        yield found


@pytest.fixture
def run(stack: stacks.Stack) -> Run:
    """Run hello on an object of the input bucket; DescribeExecution at its end."""

    def start(key: str = "rows.csv", **knobs: Any) -> dict[str, Any]:
        sfn = stack.client("stepfunctions")
        outputs = stack.outputs_of("hello")
        given = {"key": key, "output": "results", **knobs}
        arn = execution.start(sfn, state_machine_arn=outputs["state_machine_arn"], execution_input=given)
        *_before, last = execution.follow(sfn, arn, every=0.05, at_most=WAIT_SECONDS)
        assert last.execution.is_over
        found: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        return found

    return start


class Policies:
    """The inline policies of the machine's role, with statements taken out for a while."""

    def __init__(self, stack: stacks.Stack) -> None:
        self._iam = stack.client("iam")
        machine = stack.client("stepfunctions").describe_state_machine(
            stateMachineArn=stack.outputs_of("hello")["state_machine_arn"]
        )
        self._role = machine["roleArn"].rsplit("/", 1)[-1]
        self._whole: dict[str, Any] = {}

    def without(self, action: str) -> int:
        """Take an action out of every statement; how many statements had it."""
        found = 0
        for name in self._iam.list_role_policies(RoleName=self._role)["PolicyNames"]:
            document = self._iam.get_role_policy(RoleName=self._role, PolicyName=name)["PolicyDocument"]
            self._whole[name] = json.dumps(document)
            kept = []
            for statement in document["Statement"]:
                given = statement["Action"]
                actions = [given] if isinstance(given, str) else given
                left = [one for one in actions if one != action]
                found += len(left) < len(actions)
                if left:
                    kept.append({**statement, "Action": left})
            self._put(name, json.dumps({**document, "Statement": kept}))
        return found

    def restore(self) -> None:
        """Put everything back."""
        for name, document in self._whole.items():
            self._put(name, document)

    def _put(self, name: str, document: str) -> None:
        if json.loads(document)["Statement"]:
            self._iam.put_role_policy(RoleName=self._role, PolicyName=name, PolicyDocument=document)
        else:
            self._iam.delete_role_policy(RoleName=self._role, PolicyName=name)


@pytest.fixture
def policies(stack: stacks.Stack) -> Iterator[Policies]:
    found = Policies(stack)
    yield found
    found.restore()


def test_the_untouched_stack_runs(run: Run) -> None:
    ended = run()
    assert ended["status"] == "SUCCEEDED", ended.get("cause")


@pytest.mark.parametrize(
    ("action", "error", "words"),
    [
        ("s3:GetObject", "States.ItemReaderFailed", "s3:GetObject"),
        ("s3:PutObject", "States.ResultWriterFailed", "s3:PutObject"),
        ("states:StartExecution", "States.Permissions", "is not authorized to perform: states:StartExecution"),
    ],
)
def test_a_role_without_one_of_its_actions_fails_the_run_with_awss_error(
    policies: Policies, run: Run, action: str, error: str, words: str
) -> None:
    assert policies.without(action), "the role had the action"
    ended = run()
    assert ended["status"] == "FAILED"
    assert (ended["error"], words in ended["cause"]) == (error, True), ended["cause"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "States.ItemReaderFailed"),
        (b"", "States.ItemReaderFailed"),
        (bytes(range(256)) * 40, "States.ItemReaderFailed"),
    ],
    ids=["missing", "empty", "not CSV"],
)
def test_an_object_that_is_no_csv_fails_the_map_and_names_it(
    stack: stacks.Stack, run: Run, content: bytes | None, error: str
) -> None:
    bucket = stack.outputs_of("hello")["input_bucket"]
    if content is not None:
        stack.client("s3").put_object(Bucket=bucket, Key="odd.csv", Body=content)
    ended = run("odd.csv" if content is not None else "no-such.csv")
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert ended["cause"], "the cause says what is wrong"


def test_a_header_alone_is_an_empty_success(stack: stacks.Stack, run: Run) -> None:
    bucket = stack.outputs_of("hello")["input_bucket"]
    stack.client("s3").put_object(Bucket=bucket, Key="header.csv", Body=ROWS.partition(b"\n")[0] + b"\n")
    assert run("header.csv")["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("knob", "cause"),
    [
        ({"max_concurrency": -1}, "MaxConcurrency cannot be negative"),
        ({"batch_size": 0}, "MaxItemsPerBatch must be positive"),
        ({"tolerated_failure_percentage": 101}, "ToleratedFailurePercentage must be between 0 and 100"),
        ({"max_items": -1}, "field MaxItems must be positive"),
    ],
)
def test_a_knob_out_of_range_fails_with_its_name(run: Run, knob: dict[str, Any], cause: str) -> None:
    ended = run(**knob)
    assert ended["status"] == "FAILED"
    assert cause in ended["cause"]


def test_a_missing_results_bucket_fails_before_any_child_runs(stack: stacks.Stack, run: Run) -> None:
    bucket = stack.outputs_of("hello")["results_bucket"]
    s3 = stack.client("s3")
    versions = s3.list_object_versions(Bucket=bucket)
    for version in (*versions.get("Versions", ()), *versions.get("DeleteMarkers", ())):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=bucket)
    ended = run()
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ResultWriterFailed")
    assert bucket in ended["cause"]
    assert not stack.client("stepfunctions").list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
