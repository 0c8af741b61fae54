"""What holds for every component that the package exports, those that no use case needs yet included."""

from __future__ import annotations

from collections.abc import Callable
from inspect import get_annotations
from typing import Any

import pulumi
import pytest

import components
from asl import DistributedMap, ExecutionType, Pass, StateMachine
from components import (
    ActivityWorkerPool,
    ActivityWorkerPoolArgs,
    Alerts,
    AlertsArgs,
    Dashboard,
    DashboardArgs,
    DataCare,
    DistributedMapPipeline,
    DistributedMapPipelineArgs,
    Network,
    NetworkArgs,
    Observability,
    ObservedBucket,
    ObservedBucketArgs,
    ObservedTable,
    ObservedTableArgs,
    SecureQueue,
    SecureQueueArgs,
    ServerlessFunction,
    ServerlessFunctionArgs,
)
from components.widgets import heading
from tests.infra.recording import build

NAME = "thing"


def machine() -> StateMachine:
    numbers = DistributedMap("Map", label="Map", execution_type=ExecutionType.STANDARD, states=(Pass("One"),))
    return StateMachine(states=(numbers,))


def function_args(observability: Observability) -> ServerlessFunctionArgs:
    return ServerlessFunctionArgs(
        code=pulumi.AssetArchive({}),
        handler="handler.handle",
        description="Does nothing",
        memory_mb=128,
        timeout_seconds=1,
        observability=observability,
        asynchronous=True,
        counts_failed_items=True,
    )


# The arguments of each component, with every optional child that it can have.
ARGS: dict[type[pulumi.ComponentResource], Callable[[DataCare, Observability], Any]] = {
    ActivityWorkerPool: lambda _, observability: ActivityWorkerPoolArgs(
        image="worker@sha256:0",
        repository_arn="arn:aws:ecr:us-east-1:123456789012:repository/worker",
        command=("python", "-m", "worker"),
        subnet_ids=["subnet-1"],
        security_group_id="sg-1",
        observability=observability,
    ),
    Alerts: lambda _, __: AlertsArgs(stack="dev", emails=("a@example.com",), monthly_budget_usd=1),
    Dashboard: lambda _, __: DashboardArgs(sections={"One": [heading("Text")]}),
    DistributedMapPipeline: lambda _, observability: DistributedMapPipelineArgs(
        definition=machine, references={}, observability=observability
    ),
    Network: lambda _, __: NetworkArgs(),
    ObservedBucket: lambda data, observability: ObservedBucketArgs(data=data, observability=observability, events=True),
    ObservedTable: lambda data, observability: ObservedTableArgs(
        key="id", data=data, observability=observability, operations=("PutItem",)
    ),
    SecureQueue: lambda _, observability: SecureQueueArgs(observability=observability, visibility_timeout_seconds=60),
    ServerlessFunction: lambda _, observability: function_args(observability),
}

every_component = pytest.mark.parametrize("component", ARGS, ids=lambda component: component.__name__)


def test_the_rules_cover_every_exported_component():
    exported = [getattr(components, name) for name in components.__all__]
    found = {one for one in exported if isinstance(one, type) and issubclass(one, pulumi.ComponentResource)}
    assert found == set(ARGS)


@every_component
def test_a_component_registers_the_outputs_that_it_promises(
    component: Any, data: DataCare, observability: Observability
):
    built = build(lambda: component(NAME, ARGS[component](data, observability)) and None)
    token = f"distmap:components:{component.__name__}"
    (registered,) = [outputs for urn, outputs in built.outputs.items() if urn.endswith(f"{token}::{NAME}")]
    promised = {name for name in get_annotations(component) if not name.startswith("_")}
    assert registered.keys() == {name for name in promised if name != "widgets"}
    assert all(registered.values()), "an output that is registered has a value"


@every_component
def test_a_component_keeps_its_children_whatever_the_caller_asks(
    component: Any, data: DataCare, observability: Observability
):
    def program() -> None:
        outer = pulumi.ComponentResource("test:index:Outer", "outer")
        opts = pulumi.ResourceOptions(parent=outer, ignore_changes=["tags"])
        component(NAME, ARGS[component](data, observability), opts)

    built = build(program)
    own = built.one(f":{component.__name__}", NAME)
    assert own.parent.endswith("::outer")
    assert own.ignore_changes == ("tags",)
    children = [one for one in built.resources if one.type.startswith("aws:")]
    assert children
    for child in children:
        assert child.parent.endswith(f"{component.__name__}::{NAME}"), f"{child.name} is not the component's"
        assert child.name.startswith(f"{NAME}-"), f"{child.name} is not named after the component"
        assert "tags" not in child.ignore_changes, f"{child.name} got options that were meant for the component"
