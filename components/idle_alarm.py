"""An alarm on workers that run while their activity has nothing for them."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from components.alarms import PERIOD_SECONDS


def make_idle_alarm(
    name: str,
    *,
    cluster_name: pulumi.Input[str],
    service_name: pulumi.Input[str],
    activity_arn: pulumi.Input[str],
    minutes: int,
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    """Goes off when workers have run for ``minutes`` in which none was given a task."""
    queries = pulumi.Output.all(cluster=cluster_name, service=service_name, activity=activity_arn).apply(
        lambda known: idle_queries(**known)
    )
    return aws.cloudwatch.MetricAlarm(
        name,
        alarm_description="Workers run while nothing executes: set the service's desired count to 0.",
        metric_queries=queries,
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        evaluation_periods=minutes * 60 // PERIOD_SECONDS,
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        opts=opts,
    )


def idle_queries(*, cluster: str, service: str, activity: str) -> list[dict[str, Any]]:
    """1 for each period in which workers ran and none was given a task, else 0.

    Every running task of a service gives one sample of its CPU a minute ("Amazon ECS CloudWatch metrics"); without
    Container Insights nothing else counts them.
    """
    return [
        {
            "id": "idle",
            "expression": "IF(FILL(workers, 0) > 0 AND FILL(given, 0) == 0, 1, 0)",
            "label": "Idle workers",
            "return_data": True,
        },
        _metric(
            "workers", "AWS/ECS", "CPUUtilization", "SampleCount", {"ClusterName": cluster, "ServiceName": service}
        ),
        _metric("given", "AWS/States", "ActivitiesStarted", "Sum", {"ActivityArn": activity}),
    ]


def _metric(identity: str, namespace: str, name: str, stat: str, dimensions: dict[str, str]) -> dict[str, Any]:
    metric = {
        "namespace": namespace,
        "metric_name": name,
        "stat": stat,
        "period": PERIOD_SECONDS,
        "dimensions": dimensions,
    }
    return {"id": identity, "metric": metric}
