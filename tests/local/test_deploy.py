"""The embedded deploy: what a program asks for is on the endpoint, recorded, changed in place, and gone
again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from botocore.exceptions import ClientError
from pulumi.runtime import settings as pulumi_settings

from local import deploy as deploy_package
from local.changes import StoppedError
from local.deploy import DeployError, ProgramError, deploy, program
from local.failures import LocalError
from local.provider.failures import ProviderError
from local.record import Entry, Record, deletion_order
from local.server import PACKAGE_ROOT
from tests.local.projects import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.provider.context import Context
    from local.server import Server

ONE_QUEUE = """
queue = aws.sqs.Queue("work", visibility_timeout_seconds=config.require_int("size"))
pulumi.export("url", queue.url)
"""


@pytest.fixture
def project(tmp_path: Path, whole_aws: Server) -> Iterator[Project]:
    project = Project(tmp_path / "project", whole_aws.endpoint)
    yield project
    project.destroy()


def queue_names(context: Context) -> list[str]:
    return [url.rpartition("/")[2] for url in context.client("sqs").list_queues().get("QueueUrls", [])]


def timeout_of(context: Context, url: str) -> str:
    answer = context.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    value: str = answer["Attributes"]["VisibilityTimeout"]
    return value


def test_a_program_is_deployed_recorded_and_destroyed(project: Project, context: Context) -> None:
    outputs = project.deploy(ONE_QUEUE, size="45")
    url = outputs["url"]
    assert timeout_of(context, url) == "45"
    assert project.done() == [("created", "work")]
    (entry,) = project.recorded()
    assert (entry["type"], entry["name"], entry["id"]) == ("aws:sqs/queue:Queue", "work", url)
    assert entry["urn"] == "urn:pulumi:local::tiny::aws:sqs/queue:Queue::work"
    assert project.state.read(project.state.outputs) == outputs

    project.destroy()
    with pytest.raises(ClientError, match="NonExistentQueue"):
        timeout_of(context, url)
    assert project.done() == [("deleted", "work")]
    assert not project.state.resources.exists()
    assert not project.state.outputs.exists()
    project.destroy()  # nothing is left, and that is fine


def test_the_same_program_again_changes_nothing_and_a_new_value_changes_in_place(
    project: Project, context: Context
) -> None:
    url = project.deploy(ONE_QUEUE)["url"]
    assert project.deploy() == {"url": url}
    assert project.done() == [("unchanged", "work")]
    assert project.deploy(size="77")["url"] == url, "it is the same queue"
    assert project.done() == [("updated", "work")]
    assert timeout_of(context, url) == "77"


def test_what_the_program_has_no_more_is_deleted(project: Project, context: Context) -> None:
    project.deploy('aws.sqs.Queue("a"); aws.sqs.Queue("b", opts=pulumi.ResourceOptions(depends_on=[]))')
    project.deploy('aws.sqs.Queue("b")')
    assert sorted(project.done()) == [("deleted", "a"), ("unchanged", "b")]
    assert not any(name.startswith("a-") for name in queue_names(context))
    assert [entry["name"] for entry in project.recorded()] == ["b"]


def test_a_change_that_aws_cannot_make_replaces_what_has_a_generated_name_and_deletes_the_old_last(
    project: Project, context: Context
) -> None:
    first = project.deploy('pulumi.export("n", aws.sns.Topic("t", name_prefix="one-").name)')["n"]
    second = project.deploy('pulumi.export("n", aws.sns.Topic("t", name_prefix="two-").name)')["n"]
    assert first.startswith("one-")
    assert second.startswith("two-")
    assert project.done() == [("replaced", "t"), ("deleted", "t")]
    names = [topic["TopicArn"].rpartition(":")[2] for topic in context.client("sns").list_topics()["Topics"]]
    assert second in names
    assert first not in names


def test_what_has_a_given_name_is_deleted_before_it_is_replaced(project: Project, context: Context) -> None:
    machine = """
    role = aws.iam.Role("r", assume_role_policy=json.dumps({{"Version": "2012-10-17", "Statement": [
        {{"Effect": "Allow", "Principal": {{"Service": "states.amazonaws.com"}}, "Action": "sts:AssumeRole"}}]}}))
    definition = json.dumps({{"StartAt": "S", "States": {{"S": {{"Type": "Succeed"}}}}}})
    machine = aws.sfn.StateMachine("m", name="one-name", type="{}", role_arn=role.arn, definition=definition)
    pulumi.export("arn", machine.arn)
    """
    arn = project.deploy(machine.format("STANDARD"))["arn"]
    assert project.deploy(machine.format("EXPRESS"))["arn"] == arn
    assert ("replaced", "m") in project.done()
    assert context.client("stepfunctions").describe_state_machine(stateMachineArn=arn)["type"] == "EXPRESS"


def test_a_resource_deleted_by_hand_is_made_again(project: Project, context: Context) -> None:
    url = project.deploy(ONE_QUEUE)["url"]
    context.client("sqs").delete_queue(QueueUrl=url)
    again = project.deploy()["url"]
    assert project.done() == [("created", "work")]
    assert timeout_of(context, again) == "1"


def test_components_are_recorded_as_a_tree_and_make_nothing_themselves(project: Project) -> None:
    project.deploy(
        """
        class Pair(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("tests:index:Pair", name)
                self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self))
                self.register_outputs({"url": self.queue.url})
        Pair("pair")
        """
    )
    pair, queue = sorted(project.recorded(), key=lambda entry: entry["type"], reverse=True)
    assert pair["id"] is None
    assert pair["outputs"] == {"url": queue["outputs"]["url"]}
    assert queue["parent"] == pair["urn"]
    assert queue["urn"] == "urn:pulumi:local::tiny::tests:index:Pair$aws:sqs/queue:Queue::pair-queue"
    assert project.done() == [("created", "pair-queue")], "only what is on the endpoint is a step"


def test_every_kind_of_stack_output_arrives_as_plain_json(project: Project) -> None:
    outputs = project.deploy(
        """
        queue = aws.sqs.Queue("q", name="plain")
        pulumi.export("whole", {"name": queue.name, "list": [queue.name, 1, 2.5, True], "nested": {"a": {"b": 1}}})
        pulumi.export("secret", pulumi.Output.secret("hush"))
        pulumi.export("number", 3)
        """
    )
    assert outputs["whole"]["name"] == "plain"
    assert outputs["whole"]["list"] == ["plain", 1, 2.5, True]
    assert outputs["whole"]["nested"] == {"a": {"b": 1}}
    assert outputs["secret"] == "hush"
    assert outputs["number"] == 3
    assert isinstance(outputs["number"], int)


def test_secret_inputs_reach_aws_as_their_values(project: Project, context: Context) -> None:
    project.deploy('aws.sqs.Queue("q", name="kept", tags={"token": pulumi.Output.secret("hush")})')
    url = context.client("sqs").get_queue_url(QueueName="kept")["QueueUrl"]
    assert context.client("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"token": "hush"}


def test_depends_on_orders_what_shares_no_value(project: Project) -> None:
    project.deploy(
        """
        first = aws.sqs.Queue("first")
        second = aws.sqs.Queue("second", opts=pulumi.ResourceOptions(depends_on=[first]))
        aws.sqs.Queue("third", opts=pulumi.ResourceOptions(depends_on=[second]))
        """
    )
    assert [name for _, name in project.done()] == ["first", "second", "third"]
    project.destroy()
    assert [name for _, name in project.done()] == ["third", "second", "first"], "dependents go first"


def test_ignored_changes_stay_as_they_were(project: Project, context: Context) -> None:
    ignoring = """
    size = config.require_int("size")
    queue = aws.sqs.Queue("q", visibility_timeout_seconds=size, delay_seconds=size,
        opts=pulumi.ResourceOptions(ignore_changes=["visibility_timeout_seconds"]))
    pulumi.export("url", queue.url)
    """
    project.deploy(ignoring, size="5")
    url = project.deploy(size="9")["url"]
    assert timeout_of(context, url) == "5"
    assert project.done() == [("updated", "q")]


def test_tags_of_a_transformation_and_of_providers_reach_the_resources(project: Project, context: Context) -> None:
    project.write(
        """
        def tag(args):
            if args.type_ == "aws:sqs/queue:Queue":
                args.props["tags"] = {**(args.props["tags"] or {}), "by": "transformation"}
            return pulumi.ResourceTransformationResult(args.props, args.opts)
        pulumi.runtime.register_stack_transformation(tag)
        other = aws.Provider("other", region="us-east-1", default_tags={"tags": {"by-default": "provider"}})
        for name, opts in {"plain": None, "provided": pulumi.ResourceOptions(provider=other)}.items():
            pulumi.export(name, aws.sqs.Queue(name, tags={"own": "yes"}, opts=opts).tags_all)
        """,
        stack='config: {"aws:defaultTags": {"tags": {"by-default": "stack"}}}',
    )
    outputs = project.deploy()
    assert outputs["plain"] == {"own": "yes", "by": "transformation", "by-default": "stack"}
    assert outputs["provided"] == {"own": "yes", "by": "transformation", "by-default": "provider"}


def test_lookups_and_code_archives_work_in_a_program(project: Project, context: Context) -> None:
    outputs = project.deploy(
        """
        account = aws.get_caller_identity().account_id
        region = aws.get_region_output().region
        role = aws.iam.Role("r", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
        code = pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handler(e, c): return 'hi'")})
        function = aws.lambda_.Function("f", role=role.arn, runtime="python3.12", handler="main.handler", code=code)
        pulumi.export("all", [account, region, function.name])
        """
    )
    account, region, name = outputs["all"]
    assert (account, region) == ("000000000000", "us-east-1")
    assert context.client("lambda").invoke(FunctionName=name)["Payload"].read() == b'"hi"'
    project.deploy()
    assert {action for action, _ in project.done()} == {"unchanged"}, "the same code is no change"


def test_a_failing_resource_is_one_error_that_names_it_and_the_rest_is_recorded(
    project: Project, context: Context
) -> None:
    failing = """
    good = aws.sqs.Queue("good", name="good-one")
    bad = aws.iam.RolePolicy("bad", role="nobody", policy="{}", opts=pulumi.ResourceOptions(depends_on=[good]))
    aws.sqs.Queue("never", name="never-one", tags={"of": bad.name})
    pulumi.export("x", bad.name.apply(lambda name: name.upper()))
    """
    with pytest.raises(DeployError) as failure:
        project.deploy(failing)
    assert str(failure.value).startswith("bad (aws:iam/rolePolicy:RolePolicy) could not be made: PutRolePolicy: ")
    assert "\n" not in str(failure.value), "what depends on it is not told as another failure"
    assert isinstance(failure.value.__cause__, ProviderError)
    assert [entry["name"] for entry in project.recorded()] == ["good"]
    assert "never-one" not in queue_names(context)
    assert not project.state.outputs.exists()
    project.destroy()
    assert "good-one" not in queue_names(context)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ('{}["missing"]', r"^__main__.py failed: KeyError: 'missing' \(__main__.py:8\)$"),
        ('raise SystemExit("no")', r"^__main__.py failed: SystemExit: no \(__main__.py:8\)$"),
        ("import no_such_module", r"No module named 'no_such_module' \(__main__.py:8\)"),
        ('config.require("absent")', r"Missing required configuration variable 'tiny:absent'"),
        ("q.url.apply(lambda url: {}[url])", r"KeyError: 'http"),
        (
            'pulumi.export("x", q.url.apply(lambda url: 1 / 0))',
            r"^__main__.py failed: ZeroDivisionError: division by zero",
        ),
        ("pulumi.run(lambda: None)", r"must return an awaitable"),
    ],
)
def test_an_error_of_the_program_is_one_error_with_its_place(project: Project, statement: str, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        project.deploy(f'\n\nq = aws.sqs.Queue("q")\n{statement}\n'.replace("\n\n", "\n"))


def test_a_program_that_fails_while_it_declares_has_made_nothing(project: Project) -> None:
    with pytest.raises(ProgramError, match="ValueError: stop"):
        project.deploy('aws.sqs.Queue("q"); raise ValueError("stop")')
    assert project.recorded() == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ('aws.kinesis.Stream("s")', r"^s \(aws:kinesis/stream:Stream\) is not supported on localhost"),
        ('aws.s3.Bucket("b", acl="private")', r"^b \(aws:s3/bucket:Bucket\) could not be made: property acl is not"),
        ('aws.sqs.Queue("q"); aws.sqs.Queue("q")', r"two resources with the URN urn:pulumi:local::tiny::aws:sqs/queue"),
        ('aws.sqs.Queue("q", opts=pulumi.ResourceOptions(import_="x"))', r"property q\.import is not supported"),
        ('aws.sqs.Queue.get("q", "x")', r"q: reading existing resources is not supported on localhost"),
        ("aws.get_regions()", r"aws:index/getRegions:getRegions is not supported"),
        ('aws.Provider("p", region="eu-west-1")', r"provider p: localhost has region us-east-1 alone"),
        ('aws.Provider("p", profile="x")', r"property p\.profile is not supported"),
        ('pulumi.ProviderResource("gcp", "g", {})', r"g \(pulumi:providers:gcp\) is not supported|providers:gcp"),
    ],
)
def test_what_localhost_does_not_have_is_refused_by_name(project: Project, statement: str, message: str) -> None:
    with pytest.raises(DeployError, match=message):
        project.deploy(statement)


def test_a_value_that_never_comes_ends_the_deploy(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "LONGEST_SECONDS", 1.0)
    with pytest.raises(DeployError, match="not finished within 1 s: the program waits for a value that never comes"):
        project.deploy(
            """
            import asyncio
            aws.sqs.Queue("q", name=pulumi.Output.from_input(asyncio.get_event_loop().create_future()))
            """
        )


def test_protected_resources_are_neither_destroyed_nor_replaced(project: Project, context: Context) -> None:
    guarded = """
    queue = aws.sqs.Queue("q", fifo_queue=config.require_bool("fifo"), opts=pulumi.ResourceOptions(protect=True))
    aws.sqs.Queue("other")
    pulumi.export("url", queue.url)
    """
    url = project.deploy(guarded)["url"]
    with pytest.raises(LocalError, match=r"q would be deleted but is protected.*deletion_protection: false"):
        project.destroy()
    with pytest.raises(DeployError, match="q would be replaced but is protected"):
        project.deploy(fifo="true")
    with pytest.raises(DeployError, match="q would be deleted but is protected"):
        project.deploy('aws.sqs.Queue("other")')
    assert timeout_of(context, url), "it is still there"
    project.deploy(guarded.replace("protect=True", "protect=False"))
    project.destroy()


def test_a_retained_resource_outlives_the_stack(project: Project, context: Context) -> None:
    url = project.deploy(
        """
        queue = aws.sqs.Queue("q", opts=pulumi.ResourceOptions(retain_on_delete=True))
        pulumi.export("url", queue.url)
        """
    )["url"]
    project.destroy()
    assert timeout_of(context, url)
    context.client("sqs").delete_queue(QueueUrl=url)


def test_destroy_goes_on_past_what_cannot_be_deleted_and_tells_it(project: Project, context: Context) -> None:
    bucket = project.deploy('pulumi.export("b", aws.s3.Bucket("full").bucket); aws.sqs.Queue("q", name="beside")')["b"]
    context.client("s3").put_object(Bucket=bucket, Key="k")
    with pytest.raises(DeployError, match=r"^full \(aws:s3/bucket:Bucket\) could not be deleted: .*BucketNotEmpty"):
        project.destroy()
    assert "beside" not in queue_names(context)
    assert [entry["name"] for entry in project.recorded()] == ["full"], "what is left is still known"
    context.client("s3").delete_object(Bucket=bucket, Key="k")
    project.destroy()
    assert project.recorded() == []


def test_a_deploy_that_was_killed_is_destroyed_without_a_rest(project: Project, context: Context) -> None:
    project.write(
        """
        import os, signal
        names = [f"killed-{n}" for n in range(5)]
        last = None
        for name in names:
            opts = pulumi.ResourceOptions(depends_on=[last]) if last else None
            last = aws.sqs.Queue(name, name=name, opts=opts)
        last.url.apply(lambda url: os.kill(os.getpid(), signal.SIGKILL))
        """
    )
    code = (
        "import sys; from pathlib import Path; from local.deploy import deploy; from local.state import StateDir\n"
        "root = Path(sys.argv[1])\n"
        "deploy(stack='local', state=StateDir.of('local', root), endpoint=sys.argv[2], root=root)"
    )
    command = [sys.executable, "-c", code, str(project.root), project.endpoint]
    done = subprocess.run(command, cwd=PACKAGE_ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert sum(name.startswith("killed-") for name in queue_names(context)) == 5
    project.destroy()
    assert not any(name.startswith("killed-") for name in queue_names(context))


MANY = 300  # queues, more than are made by the time of the interrupt


def test_an_interrupt_leaves_only_what_is_recorded(project: Project, context: Context) -> None:
    project.write(
        "for n in range(MANY): aws.sqs.Queue(f'interrupted-{n}', name=f'interrupted-{n}')".replace("MANY", str(MANY))
    )
    seen = threading.Event()

    def interrupt() -> None:
        seen.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    # Whatever ran in this process before, Ctrl-C means here what it means in a new one.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            deploy(
                stack="local",
                state=project.state,
                endpoint=project.endpoint,
                on_resource=lambda _step: seen.set(),
                root=project.root,
            )
    finally:
        signal.signal(signal.SIGINT, before)
    made = {name for name in queue_names(context) if name.startswith("interrupted-")}
    assert made == {entry["name"] for entry in project.recorded()}
    assert len(made) < MANY, "no other resource was begun"


def test_deploys_leave_pulumis_settings_and_the_callers_loop_alone(project: Project, tmp_path: Path) -> None:
    def fingerprint() -> list[Any]:
        return [
            pulumi.get_stack(),
            pulumi.get_project(),
            pulumi_settings.get_root_resource(),
            pulumi_settings.SETTINGS.monitor,
            pulumi.runtime.get_config("tiny:label"),
            sys.path[:],
            threading.active_count(),
        ]

    before = fingerprint()
    other = Project(tmp_path / "other", project.endpoint)

    async def inside_a_loop() -> None:
        assert project.deploy('pulumi.export("label", config.require("label"))', label="mine") == {"label": "mine"}

    asyncio.run(inside_a_loop())
    assert other.deploy('pulumi.export("label", config.require("label"))') == {"label": "none"}
    assert fingerprint() == before


def test_resources_that_do_not_depend_on_each_other_are_made_at_the_same_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local.provider.sqs import Queue

    usual = Queue.create

    def slow(self: Queue, *arguments: Any) -> str:
        time.sleep(0.5)
        return usual(self, *arguments)

    monkeypatch.setattr(Queue, "create", slow)
    began = time.monotonic()
    project.deploy("for n in range(10): aws.sqs.Queue(f'parallel-{n}')")
    assert time.monotonic() - began < 4, "ten half seconds one after the other would be five"


def test_messages_of_the_program_are_logged(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "distmap.deploy"):
        project.deploy('pulumi.warn("look out"); pulumi.info("by the way")')
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "look out"),
        ("INFO", "by the way"),
    ]


def test_an_endpoint_that_does_not_answer_is_told_before_anything_runs(project: Project) -> None:
    project.write('raise AssertionError("not reached")')
    project.endpoint, endpoint = "http://127.0.0.1:9", project.endpoint
    with pytest.raises(LocalError, match=r"no AWS answers at http://127\.0\.0\.1:9 .*distmap local up"):
        project.deploy()
    project.endpoint = endpoint


def test_another_region_is_refused(project: Project) -> None:
    project.write("", stack="config: {'aws:region': eu-west-1}")
    with pytest.raises(LocalError, match="aws:region is eu-west-1, but localhost has us-east-1 alone"):
        project.deploy()


def test_a_damaged_record_is_told(project: Project) -> None:
    project.write("")
    project.state.write(project.state.resources, [{"urn": "x"}])
    with pytest.raises(LocalError, match=r"resources\.json is damaged"):
        project.deploy()
    project.state.resources.unlink()


def test_deletion_goes_from_dependents_to_what_they_depend_on() -> None:
    def entry(name: str, *dependencies: str, parent: str = "") -> Entry:
        return Entry(urn=name, type="t", name=name, id=name, parent=parent, dependencies=dependencies)

    entries = [
        entry("policy", "bucket"),
        entry("bucket", parent="component"),
        entry("component"),
        entry("last", "policy"),
    ]
    assert [found.name for found in deletion_order(entries)] == ["last", "policy", "bucket", "component"]


def test_a_stopped_deploy_begins_nothing(project: Project, context: Context) -> None:
    from local.changes import Changes, Wanted

    changes = Changes(record=Record(project.state), ctx=context, on_step=lambda _step: None)
    changes.stop()
    with pytest.raises(StoppedError, match="q was not begun"):
        changes.apply(Wanted(urn="u", type="aws:sqs/queue:Queue", name="q", parent="", inputs={}), context)


def test_the_record_is_readable_by_its_owner_alone(project: Project) -> None:
    project.deploy(ONE_QUEUE)
    assert project.state.path.stat().st_mode & 0o077 == 0
    assert json.loads(project.state.resources.read_text())
    assert deploy_package.__all__
