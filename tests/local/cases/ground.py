"""One case for each type of resource: how it is made, how it is changed, and what AWS then says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.provider import lifecycle
from local.provider.archive import Archive
from local.provider.table import resource_for
from tests.local.helpers import zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.provider.context import Context

ACCOUNT = "000000000000"
MACHINE = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
OTHER_MACHINE = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def handler(answer: str) -> Archive:
    return Archive(zipped(main=f"def handler(event, context):\n    return {answer!r}\n"))


@dataclass(frozen=True)
class Ground:
    """What resources stand on in a test: other resources of its own, by name."""

    ctx: Context
    made: dict[str, dict[str, Any]] = field(default_factory=dict)

    def make(self, type_: str, name: str, **inputs: Any) -> dict[str, Any]:
        if name not in self.made:
            resource = resource_for(type_, name)
            prepared = lifecycle.prepare(resource, name, inputs, None, self.ctx)
            made = lifecycle.create(resource, name, prepared, self.ctx)
            self.made[name] = {"id": made.id, **made.outputs}
        return self.made[name]

    @property
    def bucket(self) -> str:
        return str(self.make("aws:s3/bucket:Bucket", "ground", forceDestroy=True)["id"])

    @property
    def role(self) -> dict[str, Any]:
        # one role that any service may assume
        services = ["lambda", "states", "scheduler", "events"]
        principals = {"Service": [f"{service}.amazonaws.com" for service in services]}
        statement = {"Effect": "Allow", "Principal": principals, "Action": "sts:AssumeRole"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        return self.make("aws:iam/role:Role", "ground-role", assumeRolePolicy=document)

    @property
    def topic(self) -> str:
        return str(self.make("aws:sns/topic:Topic", "ground-topic")["arn"])

    @property
    def queue(self) -> dict[str, Any]:
        return self.make("aws:sqs/queue:Queue", "ground-queue")

    @property
    def open_queue(self) -> dict[str, Any]:
        """A queue that S3 may send to."""
        queue = self.queue
        service = policy("sqs:SendMessage", Principal={"Service": "s3.amazonaws.com"})
        self.make("aws:sqs/queuePolicy:QueuePolicy", "ground-queue-policy", queueUrl=queue["url"], policy=service)
        return queue

    @property
    def function(self) -> dict[str, Any]:
        return self.make(
            "aws:lambda/function:Function",
            "ground-function",
            role=self.role["arn"],
            runtime="python3.12",
            handler="main.handler",
            code=handler("ground"),
        )

    @property
    def machine(self) -> str:
        inputs = {"definition": MACHINE, "roleArn": self.role["arn"]}
        return str(self.make("aws:sfn/stateMachine:StateMachine", "ground-machine", **inputs)["arn"])

    @property
    def log_group(self) -> dict[str, Any]:
        return self.make("aws:cloudwatch/logGroup:LogGroup", "ground-logs")

    @property
    def rule(self) -> str:
        pattern = {"source": ["tests"]}
        return str(self.make("aws:cloudwatch/eventRule:EventRule", "ground-rule", eventPattern=pattern)["name"])

    @property
    def key(self) -> str:
        return str(self.make("aws:kms/key:Key", "ground-key", deletionWindowInDays=7)["keyId"])

    @property
    def vpc(self) -> str:
        return str(self.make("aws:ec2/vpc:Vpc", "ground-vpc", cidrBlock="10.9.0.0/16")["id"])

    @property
    def subnet(self) -> str:
        inputs = {"vpcId": self.vpc, "cidrBlock": "10.9.1.0/24"}
        return str(self.make("aws:ec2/subnet:Subnet", "ground-subnet", **inputs)["id"])

    @property
    def route_table(self) -> str:
        return str(self.make("aws:ec2/routeTable:RouteTable", "ground-routes", vpcId=self.vpc)["id"])

    @property
    def internet(self) -> str:
        return str(self.make("aws:ec2/internetGateway:InternetGateway", "ground-internet", vpcId=self.vpc)["id"])

    @property
    def security_group(self) -> str:
        return str(self.make("aws:ec2/securityGroup:SecurityGroup", "ground-group", vpcId=self.vpc)["id"])

    @property
    def cluster(self) -> dict[str, Any]:
        return self.make("aws:ecs/cluster:Cluster", "ground-cluster")

    def task_definition(self, name: str) -> str:
        containers = json.dumps([{"name": "one", "image": "one", "command": ["python", "-c", ""]}])
        inputs = {"family": name, "containerDefinitions": containers}
        return str(self.make("aws:ecs/taskDefinition:TaskDefinition", name, **inputs)["arn"])

    def client(self, service: str) -> Any:
        return self.ctx.client(service)


@dataclass(frozen=True, kw_only=True)
class Case:
    """``told`` asks AWS about the resource of an id; the answers must be ``first`` and, changed,
    ``second``.
    """

    type: str
    inputs: Callable[[Ground], dict[str, Any]]
    change: Callable[[Ground], dict[str, Any]] | None
    told: Callable[[Ground, str], Any]
    first: Any
    second: Any = None


def fixed(**inputs: Any) -> Callable[[Ground], dict[str, Any]]:
    return lambda _ground: inputs


def setting(
    type_: str, get: Callable[[Any, str], Any], first: Mapping[str, Any], second: Mapping[str, Any], *answers: Any
) -> Case:
    """A bucket setting: ``get`` is what the S3 client says of it."""
    return Case(
        type=type_,
        inputs=lambda ground: {"bucket": ground.bucket, **first},
        change=lambda ground: {"bucket": ground.bucket, **second},
        told=lambda ground, _id: get(ground.client("s3"), ground.bucket),
        first=answers[0],
        second=answers[1],
    )


def attributes(service: str, call: str, argument: str, *names: str) -> Callable[[Ground, str], Any]:
    """Asks for the named attributes of a topic, subscription or queue."""

    def ask(ground: Ground, identity: str) -> Any:
        more = {"AttributeNames": ["All"]} if service == "sqs" else {}
        found = getattr(ground.client(service), call)(**{argument: identity}, **more)["Attributes"]
        answers = [found.get(name) for name in names]
        return [json.loads(a) if a and a.startswith("{") else a for a in answers]

    return ask


topic_told = attributes("sns", "get_topic_attributes", "TopicArn", "DisplayName")
queue_told = attributes("sqs", "get_queue_attributes", "QueueUrl", "VisibilityTimeout", "ReceiveMessageWaitTimeSeconds")
