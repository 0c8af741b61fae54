"""Clusters, definitions of tasks, and services."""

from __future__ import annotations

import json
from typing import Any

from tests.local.cases.ground import Case, Ground, fixed

CONTAINERS = json.dumps([{"name": "one", "image": "one", "command": ["python", "-c", ""], "essential": True}])
BOTH = ["FARGATE", "FARGATE_SPOT"]


def cluster(ground: Ground, arn: str) -> Any:
    found = ground.client("ecs").describe_clusters(clusters=[arn], include=["SETTINGS", "TAGS"])["clusters"][0]
    return found["settings"][0]["value"], {"key": "project", "value": "tests"} in found["tags"]


def definition(ground: Ground, arn: str) -> Any:
    found = ground.client("ecs").describe_task_definition(taskDefinition=arn, include=["TAGS"])
    told = found["taskDefinition"]
    uses = [tag["value"] for tag in found["tags"] if tag["key"] == "use"]
    return told["cpu"], told["runtimePlatform"], told["containerDefinitions"][0]["command"], uses


def define(use: str) -> Any:
    return fixed(
        family="tests",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        containerDefinitions=CONTAINERS,
        tags={"use": use},
    )


def service(ground: Ground, arn: str) -> Any:
    found = ground.client("ecs").describe_services(cluster=ground.cluster["arn"], services=[arn])["services"][0]
    network = found["networkConfiguration"]["awsvpcConfiguration"]
    second = found["taskDefinition"] == ground.task_definition("second")
    return found["desiredCount"], second, network["assignPublicIp"], found["capacityProviderStrategy"]


def serve(definition: str, public: bool, base: int) -> Any:
    return lambda ground: {
        "cluster": ground.cluster["arn"],
        "taskDefinition": ground.task_definition(definition),
        "desiredCount": 0,
        "capacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": base}],
        "networkConfiguration": {"subnets": [ground.subnet], "assignPublicIp": public},
    }


CASES = [
    Case(
        type="aws:ecs/cluster:Cluster",
        inputs=fixed(settings=[{"name": "containerInsights", "value": "enabled"}]),
        change=fixed(),
        told=cluster,
        first=("enabled", True),
        second=("disabled", True),
    ),
    Case(
        type="aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        inputs=lambda ground: {"clusterName": ground.cluster["name"], "capacityProviders": BOTH},
        change=lambda ground: {"clusterName": ground.cluster["name"], "capacityProviders": BOTH[:1]},
        told=lambda ground, name: ground.client("ecs").describe_clusters(clusters=[name])["clusters"][0][
            "capacityProviders"
        ],
        first=BOTH,
        second=BOTH[:1],
    ),
    Case(
        type="aws:ecs/taskDefinition:TaskDefinition",
        inputs=define("one"),
        change=define("two"),
        told=definition,
        first=(
            *("256", {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}),
            *(["python", "-c", ""], ["one"]),
        ),
        second=(
            *("256", {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}),
            *(["python", "-c", ""], ["two"]),
        ),
    ),
    Case(
        type="aws:ecs/service:Service",
        inputs=serve("first", False, 0),
        change=serve("second", True, 1),
        told=service,
        first=(0, False, "DISABLED", [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]),
        second=(0, True, "ENABLED", [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 1}]),
    ),
]
