"""Alarms that publish to the stack's topic when they go off and when they recover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.widgets import Metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

PERIOD_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Goes off when ``metric`` over five minutes exceeds ``threshold``; no data is no alarm."""

    metric: str
    description: str
    threshold: float = 0
    statistic: str = "Sum"
    evaluation_periods: int = 1


def make_alarm(
    name: str,
    alarm: Alarm,
    *,
    namespace: str,
    dimensions: Mapping[str, pulumi.Input[str]],
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    """The CloudWatch alarm for ``alarm`` on one set of dimensions."""
    return aws.cloudwatch.MetricAlarm(
        name,
        alarm_description=alarm.description,
        namespace=namespace,
        metric_name=alarm.metric,
        dimensions=dict(dimensions) or None,
        statistic=alarm.statistic,
        period=PERIOD_SECONDS,
        evaluation_periods=alarm.evaluation_periods,
        comparison_operator="GreaterThanThreshold",
        threshold=alarm.threshold,
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        opts=opts,
    )


def count_logged(
    name: str,
    alarm: Alarm,
    *,
    pattern: str,
    log_group: aws.cloudwatch.LogGroup,
    topic_arn: pulumi.Input[str],
    title: str,
    opts: pulumi.ResourceOptions,
    value: str = "1",
) -> Metrics:
    """Adds ``value`` of each log event that fits ``pattern`` to a metric of the stack, and raises an alarm on it."""
    namespace = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    aws.cloudwatch.LogMetricFilter(
        name,
        log_group_name=log_group.name,
        pattern=pattern,
        metric_transformation={
            "namespace": namespace,
            "name": alarm.metric,
            "value": value,
            "default_value": "0",
        },
        opts=opts,
    )
    make_alarm(name, alarm, namespace=namespace, dimensions={}, topic_arn=topic_arn, opts=opts)
    return Metrics(title=title, namespace=namespace, names=(alarm.metric,), dimensions={})
