"""Clusters, task definitions and services of ECS."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from local.provider.failures import ProviderError
from local.provider.names import Naming
from local.provider.resource import Existing, Properties, PutResource, Resource, State, existing, only, retag, tag_list
from local.provider.shapes import to_aws

if TYPE_CHECKING:
    from local.provider.context import Context

DRAIN_SECONDS = 150  # the longest stop timeout of a container, and some
POLL_SECONDS = 0.05


class Cluster(Resource):
    """A cluster. Its id is its ARN."""

    type = "aws:ecs/cluster:Cluster"
    takes = frozenset({"name", "settings"})
    replace_on = frozenset({"name"})
    naming = Naming(limit=255, prefix_property=None)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("ecs").create_cluster(
            clusterName=inputs["name"], tags=_tags(inputs), **only(inputs, "settings")
        )
        arn: str = answer["cluster"]["clusterArn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = ctx.client("ecs").describe_clusters(clusters=[it.id])["clusters"]
        if not found or found[0]["status"] != "ACTIVE":
            return None
        return {**it.inputs, "arn": it.id, "name": found[0]["clusterName"]}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        settings = new.get("settings") or [{"name": "containerInsights", "value": "disabled"}]
        ctx.client("ecs").update_cluster_settings(cluster=it.id, settings=settings)
        _retag(it, it.id, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ecs").delete_cluster(cluster=it.id)


class ClusterCapacityProviders(PutResource):
    """What a cluster's tasks may run on. Its id is the cluster's name."""

    type = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
    takes = frozenset({"capacityProviders", "clusterName", "defaultCapacityProviderStrategies"})
    needs = frozenset({"clusterName"})
    replace_on = needs

    def identity(self, inputs: Properties) -> str:
        return str(inputs["clusterName"])

    def put(self, inputs: Properties, ctx: Context) -> None:
        ctx.client("ecs").put_cluster_capacity_providers(
            cluster=inputs["clusterName"],
            capacityProviders=inputs.get("capacityProviders") or [],
            defaultCapacityProviderStrategy=inputs.get("defaultCapacityProviderStrategies") or [],
        )

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = ctx.client("ecs").describe_clusters(clusters=[it.id])["clusters"]
        if not found or not found[0].get("capacityProviders"):
            return None
        return {**it.inputs, "clusterName": it.id, "capacityProviders": found[0]["capacityProviders"]}

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ecs").put_cluster_capacity_providers(
            cluster=it.id, capacityProviders=[], defaultCapacityProviderStrategy=[]
        )


class TaskDefinition(Resource):
    """A revision of a definition. Its id is its ARN here, and its family with the real provider."""

    type = "aws:ecs/taskDefinition:TaskDefinition"
    takes = frozenset(
        {
            *("containerDefinitions", "cpu", "executionRoleArn", "family", "memory", "networkMode"),
            *("requiresCompatibilities", "runtimePlatform", "taskRoleArn"),
        }
    )
    needs = frozenset({"containerDefinitions", "family"})
    replace_on = takes
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        ecs = ctx.client("ecs")
        shape = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
        given = to_aws(only(inputs, *(self.takes - {"containerDefinitions"})), shape, "taskDefinition")
        containers = inputs["containerDefinitions"]
        given["containerDefinitions"] = json.loads(containers) if isinstance(containers, str) else containers
        answer = ecs.register_task_definition(**given, tags=_tags(inputs))
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = _definition(it.id, ctx)
        if found is None:
            return None
        without = it.id.rpartition(":")[0]
        return {**it.inputs, "arn": it.id, "arnWithoutRevision": without, "revision": found["revision"]}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        _retag(it, it.id, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        if _definition(it.id, ctx) is not None:
            ctx.client("ecs").deregister_task_definition(taskDefinition=it.id)


class Service(Resource):
    """A service. Its id is its ARN; it is deleted when its last task has ended."""

    type = "aws:ecs/service:Service"
    takes = frozenset(
        {
            *("capacityProviderStrategies", "cluster", "desiredCount", "launchType", "name", "networkConfiguration"),
            "taskDefinition",
        }
    )
    needs = frozenset({"taskDefinition"})
    replace_on = frozenset({"cluster", "launchType", "name"})
    naming = Naming(limit=255, prefix_property=None)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        launch = only(inputs, "launchType")
        answer = ctx.client("ecs").create_service(
            serviceName=inputs["name"], tags=_tags(inputs), **_cluster(inputs), **launch, **_settings(inputs)
        )
        arn: str = answer["service"]["serviceArn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = self._find(it, ctx)
        if found is None or found["status"] != "ACTIVE":
            return None
        told = {"desiredCount": found["desiredCount"], "taskDefinition": found["taskDefinition"]}
        return {**it.inputs, **told, "name": found["serviceName"], "arn": it.id}

    def _find(self, it: Existing, ctx: Context) -> dict[str, Any] | None:
        ecs = ctx.client("ecs")
        answer = existing(lambda: ecs.describe_services(services=[it.id], **_cluster(it.inputs)))
        services: list[dict[str, Any]] = [] if answer is None else answer["services"]
        return services[0] if services else None

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        before, after = _settings(it.inputs), _settings(new)
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        if "capacityProviderStrategy" in before and "capacityProviderStrategy" not in after:
            changed["capacityProviderStrategy"] = []
        if changed:
            ctx.client("ecs").update_service(service=it.id, **_cluster(it.inputs), **changed)
        _retag(it, it.id, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        ecs, found = ctx.client("ecs"), self._find(it, ctx)
        if found is None or found["status"] != "ACTIVE":
            return
        ecs.delete_service(service=it.id, force=True, **_cluster(it.inputs))
        deadline = time.monotonic() + DRAIN_SECONDS
        while left := _tasks_left(found["serviceName"], it.inputs, ctx):
            if time.monotonic() > deadline:
                raise ProviderError(f"{len(left)} tasks still run {DRAIN_SECONDS} s after they were stopped: {left[0]}")
            time.sleep(POLL_SECONDS)


def _settings(inputs: Properties) -> dict[str, Any]:
    """What a service can be told again and again."""
    given: dict[str, Any] = {"taskDefinition": inputs["taskDefinition"], **only(inputs, "desiredCount")}
    if inputs.get("capacityProviderStrategies"):
        given["capacityProviderStrategy"] = inputs["capacityProviderStrategies"]
    if inputs.get("networkConfiguration"):
        network = inputs["networkConfiguration"]
        given["networkConfiguration"] = {
            "awsvpcConfiguration": {
                **only(network, "subnets", "securityGroups"),
                "assignPublicIp": "ENABLED" if network.get("assignPublicIp") else "DISABLED",
            }
        }
    return given


def _cluster(inputs: Properties) -> dict[str, Any]:
    return only(inputs, "cluster")


def _tasks_left(name: str, inputs: Properties, ctx: Context) -> list[str]:
    ecs, cluster = ctx.client("ecs"), _cluster(inputs)
    pages = [
        page["taskArns"]
        for status in ("RUNNING", "STOPPED")
        for page in ecs.get_paginator("list_tasks").paginate(serviceName=name, desiredStatus=status, **cluster)
    ]
    told = [task for arns in pages if arns for task in ecs.describe_tasks(tasks=arns, **cluster)["tasks"]]
    return [task["taskArn"] for task in told if task["lastStatus"] != "STOPPED"]


def _definition(arn: str, ctx: Context) -> dict[str, Any] | None:
    ecs = ctx.client("ecs")
    family = arn.rpartition("/")[2].rpartition(":")[0]
    known = ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]
    found: dict[str, Any] = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"] if arn in known else {}
    return found or None


def _tags(inputs: Properties) -> list[dict[str, str]]:
    return tag_list(inputs["tagsAll"], "key", "value")


def _retag(it: Existing, arn: str, new: Properties, ctx: Context) -> None:
    ecs = ctx.client("ecs")
    retag(
        it.inputs,
        new,
        tag=lambda tags: ecs.tag_resource(resourceArn=arn, tags=tag_list(tags, "key", "value")),
        untag=lambda keys: ecs.untag_resource(resourceArn=arn, tagKeys=keys),
    )
