"""Log groups, and the metrics that are counted from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.provider.names import Naming
from local.provider.resource import Existing, Properties, PutResource, Resource, State, existing, only, retag
from local.provider.shapes import to_aws

if TYPE_CHECKING:
    from local.provider.context import Context


class LogGroup(Resource):
    """A log group. Its id is its name."""

    type = "aws:cloudwatch/logGroup:LogGroup"
    takes = frozenset({"name", "namePrefix", "retentionInDays", "kmsKeyId", "logGroupClass", "skipDestroy"})
    replace_on = frozenset({"name", "namePrefix", "logGroupClass"})
    naming = Naming(limit=512)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        name: str = inputs["name"]
        ctx.client("logs").create_log_group(
            logGroupName=name, tags=dict(inputs["tagsAll"]), **only(inputs, "kmsKeyId", "logGroupClass")
        )
        self._retain(name, inputs, ctx)
        return name

    def _retain(self, name: str, inputs: Properties, ctx: Context) -> None:
        if inputs.get("retentionInDays"):  # 0 keeps events for good
            days = inputs["retentionInDays"]
            ctx.client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            ctx.client("logs").delete_retention_policy(logGroupName=name)

    def read(self, it: Existing, ctx: Context) -> State | None:
        group = self._find(it.id, ctx)
        if group is None:
            return None
        return {
            **it.inputs,
            "name": it.id,
            "arn": group["arn"].removesuffix(":*"),
            "retentionInDays": group.get("retentionInDays", 0),
            "kmsKeyId": group.get("kmsKeyId", ""),
        }

    def _find(self, name: str, ctx: Context) -> dict[str, Any] | None:
        groups = ctx.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return next((group for group in groups if group["logGroupName"] == name), None)

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        logs = ctx.client("logs")
        self._retain(it.id, new, ctx)
        if new.get("kmsKeyId"):
            logs.associate_kms_key(logGroupName=it.id, kmsKeyId=new["kmsKeyId"])
        elif it.inputs.get("kmsKeyId"):
            logs.disassociate_kms_key(logGroupName=it.id)
        arn = f"arn:aws:logs:{ctx.region}:{ctx.account}:log-group:{it.id}"
        retag(
            it.inputs,
            new,
            tag=lambda tags: logs.tag_resource(resourceArn=arn, tags=tags),
            untag=lambda keys: logs.untag_resource(resourceArn=arn, tagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        if not it.inputs.get("skipDestroy"):
            ctx.client("logs").delete_log_group(logGroupName=it.id)


class LogMetricFilter(PutResource):
    """A metric that counts what matches in a log group. Its id is ``group:name``."""

    type = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
    takes = frozenset({"logGroupName", "metricTransformation", "name", "pattern"})
    needs = frozenset({"logGroupName", "metricTransformation", "pattern"})
    replace_on = frozenset({"logGroupName", "name"})
    naming = Naming(limit=512, prefix_property=None)

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['logGroupName']}:{inputs['name']}"

    def put(self, inputs: Properties, ctx: Context) -> None:
        logs = ctx.client("logs")
        shape = logs.meta.service_model.shape_for("MetricTransformation")
        renames = {"name": "metricName", "namespace": "metricNamespace", "value": "metricValue"}
        given = dict(inputs["metricTransformation"])
        logs.put_metric_filter(
            logGroupName=inputs["logGroupName"],
            filterName=inputs["name"],
            filterPattern=inputs["pattern"],
            metricTransformations=[to_aws(given, shape, "metricTransformation", renames)],
        )

    def read(self, it: Existing, ctx: Context) -> State | None:
        group, _, name = it.id.rpartition(":")
        logs = ctx.client("logs")
        answer = existing(lambda: logs.describe_metric_filters(logGroupName=group, filterNamePrefix=name))
        filters = [] if answer is None else answer["metricFilters"]
        found = next((one for one in filters if one["filterName"] == name), None)
        if found is None:
            return None
        return {**it.inputs, "logGroupName": group, "name": name, "pattern": found["filterPattern"]}

    def delete(self, it: Existing, ctx: Context) -> None:
        group, _, name = it.id.rpartition(":")
        ctx.client("logs").delete_metric_filter(logGroupName=group, filterName=name)
