"""Alarms and dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.provider.names import Naming
from local.provider.resource import Existing, Properties, Resource, State, document, existing, only, retag, tag_list
from local.provider.shapes import from_aws, to_aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.provider.context import Context

ALARM = frozenset(
    {
        *(
            "actionsEnabled",
            "alarmActions",
            "alarmDescription",
            "comparisonOperator",
            "datapointsToAlarm",
            "dimensions",
        ),
        *("evaluationPeriods", "extendedStatistic", "insufficientDataActions", "metricName", "metricQueries"),
        *(
            "namespace",
            "okActions",
            "period",
            "statistic",
            "threshold",
            "thresholdMetricId",
            "treatMissingData",
            "unit",
        ),
    }
)


class MetricAlarm(Resource):
    """An alarm on a metric or an expression. Its id is its name."""

    type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    takes = ALARM | {"name"}
    needs = frozenset({"comparisonOperator", "evaluationPeriods"})
    replace_on = frozenset({"name"})
    naming = Naming(limit=255, prefix_property=None)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        self._put(inputs, ctx, Tags=tag_list(inputs["tagsAll"]))
        name: str = inputs["name"]
        return name

    def _put(self, inputs: Properties, ctx: Context, **more: Any) -> None:
        cloudwatch = ctx.client("cloudwatch")
        shape = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape
        given = only(inputs, *(ALARM - {"metricQueries"}))
        if inputs.get("metricQueries"):
            given["metrics"] = [_metric_query(query) for query in inputs["metricQueries"]]
        given["alarmName"] = inputs["name"]
        given.setdefault("actionsEnabled", True)
        cloudwatch.put_metric_alarm(**to_aws(given, shape, "alarm"), **more)

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = ctx.client("cloudwatch").describe_alarms(AlarmNames=[it.id])["MetricAlarms"]
        if not found:
            return None
        told = from_aws(found[0])
        told["dimensions"] = told.get("dimensions") or {}
        # what the program left out shows as AWS's default, which is no difference
        given = only(told, *(ALARM & it.inputs.keys() - {"metricQueries"}))
        return {**it.inputs, **given, "name": it.id, "arn": told["alarmArn"]}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        self._put(new, ctx)
        cloudwatch = ctx.client("cloudwatch")
        arn = f"arn:aws:cloudwatch:{ctx.region}:{ctx.account}:alarm:{it.id}"
        retag(
            it.inputs,
            new,
            tag=lambda tags: cloudwatch.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
            untag=lambda keys: cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("cloudwatch").delete_alarms(AlarmNames=[it.id])


def _metric_query(query: Mapping[str, Any]) -> State:
    """A query in AWS's nesting: the metric's statistic is around the metric, not beside its name."""
    converted = {name: value for name, value in query.items() if name != "metric"}
    if query.get("metric"):
        metric = dict(query["metric"])
        around = {name: metric.pop(name) for name in ("period", "stat", "unit") if metric.get(name) is not None}
        converted["metricStat"] = {"metric": metric, **around}
    return converted


class Dashboard(Resource):
    """A dashboard. Its id is its name."""

    type = "aws:cloudwatch/dashboard:Dashboard"
    takes = frozenset({"dashboardName", "dashboardBody"})
    needs = takes
    replace_on = frozenset({"dashboardName"})

    def create(self, inputs: Properties, ctx: Context) -> str:
        body = document(inputs["dashboardBody"])
        ctx.client("cloudwatch").put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=body)
        name: str = inputs["dashboardName"]
        return name

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("cloudwatch").get_dashboard(DashboardName=it.id))
        if answer is None:
            return None
        return {
            **it.inputs,
            "dashboardName": it.id,
            "dashboardArn": answer["DashboardArn"],
            "dashboardBody": answer["DashboardBody"],
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        body = document(new["dashboardBody"])
        ctx.client("cloudwatch").put_dashboard(DashboardName=it.id, DashboardBody=body)

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("cloudwatch").delete_dashboards(DashboardNames=[it.id])
