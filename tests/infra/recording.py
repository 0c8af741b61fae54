"""A Pulumi engine that records what a program declares and refuses every lookup that it does not know."""

from __future__ import annotations

import asyncio
import json
import runpy
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime.stack import run_in_stack

SERVICES = (
    *("budgets", "cloudwatch", "dynamodb", "ec2", "ecs", "iam", "kms", "lambda_", "s3", "scheduler", "sfn", "sns"),
    *("sqs", "vpc"),
)

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
REGION = "us-east-1"
STACKS = ("local", "dev", "prod")
BUILD_SECONDS = 30.0
STACK = "pulumi:pulumi:Stack"

# The ARNs of types whose code reads something out of them.
ARNS = {
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{name}",
    "aws:sfn/activity:Activity": f"arn:aws:states:{REGION}:{ACCOUNT}:activity:{{name}}",
    "aws:sfn/stateMachine:StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{name}}",
    "aws:sns/topic:Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{name}}",
    "aws:kms/key:Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{name}}",
    "aws:lambda/function:Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}",
    "aws:cloudwatch/logGroup:LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{name}}",
    "aws:dynamodb/table:Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{name}}",
    "aws:sqs/queue:Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{name}}",
}


# The answers of the lookups that components make.
LOOKUPS: dict[str, dict[str, Any]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": [f"{REGION}{letter}" for letter in "cab"]},
}


@dataclass(frozen=True)
class Resource:
    """One registered resource, its inputs as the engine got them and the URN of its parent."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str
    protect: bool
    dependencies: tuple[str, ...]
    ignore_changes: tuple[str, ...]

    @property
    def is_component(self) -> bool:
        return self.type.startswith("distmap:")

    def json(self, key: str) -> Any:
        """An input that is JSON text, parsed."""
        return json.loads(self.inputs[key])


@contextmanager
def own_event_loop() -> Iterator[None]:
    """An event loop for this thread, closed again; the monitor is called on threads and leaves its loops open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class RecordingMonitor(pulumi.runtime.mocks.MockMonitor):
    """Keeps of each registration also what mocks are not told: parent, protection, registered outputs."""

    def __init__(self, mocks: pulumi.runtime.Mocks) -> None:
        super().__init__(mocks)
        self.requests: list[Any] = []
        self.outputs: dict[str, dict[str, Any]] = {}

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the name is gRPC's
        with own_event_loop():
            return super().Invoke(request)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is gRPC's
        self.requests.append(request)
        with own_event_loop():
            return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name is gRPC's
        with own_event_loop():
            self.outputs[request.urn] = pulumi.runtime.rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


class PlainMocks(pulumi.runtime.Mocks):
    """Gives each resource a physical name, an ARN and its own inputs back."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        name = args.inputs.get("name", f"{args.name}-1a2b3c4")
        arn = ARNS.get(args.typ, f"arn:aws:example:{REGION}:{ACCOUNT}:{{name}}").format(name=name)
        known = {"arn": arn, "name": name, "bucket": name, "keyId": name, "url": f"https://sqs/{name}"}
        known |= {"prefixListId": f"pl-{args.name}", "allocationId": name}
        return name, {**known, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        assert args.token in LOOKUPS, f"unexpected lookup: {args.token}"
        return LOOKUPS[args.token]


@dataclass(frozen=True)
class Built:
    """What a program declared, in order."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of_type(self, ending: str) -> list[Resource]:
        """The resources whose type ends like this, e.g. ``:Bucket``."""
        return [resource for resource in self.resources if resource.type.endswith(ending)]

    def one(self, ending: str, name: str | None = None) -> Resource:
        """The only resource of a type, or the one of that name."""
        found = [one for one in self.of_type(ending) if name is None or one.name == name]
        assert len(found) == 1, f"expected one {ending} {name or ''}, found {[one.name for one in found]}"
        return found[0]

    def exports(self) -> Mapping[str, Any]:
        """The outputs of the stack."""
        return next(outputs for urn, outputs in self.outputs.items() if f"::{STACK}::" in urn)


@cache
def load_services() -> None:
    """Import what programs use; pulumi_aws does so lazily, and warns of its own deprecated classes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for service in SERVICES:
            hasattr(import_module(f"pulumi_aws.{service}"), "outputs")  # any attribute loads it


def build(program: Callable[[], Any], *, stack: str = "test", config: Mapping[str, str] | None = None) -> Built:
    """Run ``program`` to the end; every registration has landed when this returns."""
    load_services()
    monitor = RecordingMonitor(PlainMocks())

    pulumi.runtime.settings.SETTINGS.outputs.clear()  # what a program that failed has left behind

    async def run() -> None:
        pulumi.runtime.set_mocks(monitor.mocks, project="distmap", stack=stack, preview=False, monitor=monitor)
        pulumi.runtime.set_all_config(dict(config or {}))
        pulumi.runtime.settings.ROOT.set(None)  # run_in_stack makes a stack that registers its outputs
        await run_in_stack(program)

    asyncio.run(asyncio.wait_for(run(), BUILD_SECONDS))
    return Built(
        resources=tuple(
            Resource(
                type=request.type,
                name=request.name,
                inputs=pulumi.runtime.rpc.deserialize_properties(request.object),
                parent=request.parent,
                protect=request.protect,
                dependencies=tuple(request.dependencies),
                ignore_changes=tuple(request.ignoreChanges),
            )
            for request in monitor.requests
            if request.type != STACK
        ),
        outputs=monitor.outputs,
    )


@cache
def built_stack(stack: str) -> Built:
    """The whole program with the config of that stack; built once for all tests."""
    return build(whole_program, stack=stack, config=stack_config(stack))


def whole_program() -> None:
    """Run ``__main__.py`` as Pulumi does."""
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


def schema() -> dict[str, dict[str, Any]]:
    """The ``config:`` schema of Pulumi.yaml."""
    project: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return dict(project["config"])


def defaults() -> dict[str, str]:
    """The config of a stack that sets nothing, as the engine hands it to the program."""
    return {f"distmap:{key}": _text(entry["default"]) for key, entry in schema().items()}


def stack_config(stack: str) -> dict[str, str]:
    """The config of a stack by its own file, over the defaults; nothing is bundled, which takes a package index."""
    own = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {
        **defaults(),
        **{key: _text(value) for key, value in own.items()},
        "distmap:bundle_dependencies": "false",
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
