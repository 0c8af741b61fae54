"""Logs, alarms, dashboards and budgets."""

from __future__ import annotations

import json
from typing import Any

from tests.local.cases.ground import Case, Ground, fixed


def budget(ground: Ground, identity: str) -> Any:
    account, _, name = identity.partition(":")
    budgets = ground.client("budgets")
    found = budgets.describe_budget(AccountId=account, BudgetName=name)["Budget"]
    notes = budgets.describe_notifications_for_budget(AccountId=account, BudgetName=name)["Notifications"]
    return found["BudgetLimit"]["Amount"], sorted(note["Threshold"] for note in notes)


def alarm(ground: Ground, name: str) -> Any:
    (found,) = ground.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found["Threshold"], found["Dimensions"], found["AlarmActions"], found.get("TreatMissingData")


CASES = [
    Case(
        type="aws:cloudwatch/logGroup:LogGroup",
        inputs=fixed(name="/tests/one", retentionInDays=7),
        change=fixed(name="/tests/one"),
        told=lambda ground, name: (
            ground.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][0].get("retentionInDays")
        ),
        first=7,
        second=None,
    ),
    Case(
        type="aws:cloudwatch/logMetricFilter:LogMetricFilter",
        inputs=lambda ground: {
            "logGroupName": ground.log_group["name"],
            "pattern": "ERROR",
            "metricTransformation": {"name": "Errors", "namespace": "Tests", "value": "1"},
        },
        change=lambda ground: {
            "logGroupName": ground.log_group["name"],
            "pattern": "FATAL",
            "metricTransformation": {"name": "Errors", "namespace": "Tests", "value": "1", "defaultValue": "0"},
        },
        told=lambda ground, _id: ground.client("logs").describe_metric_filters(logGroupName=ground.log_group["name"])[
            "metricFilters"
        ][0]["filterPattern"],
        first="ERROR",
        second="FATAL",
    ),
    Case(
        type="aws:cloudwatch/metricAlarm:MetricAlarm",
        inputs=lambda ground: {
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "namespace": "AWS/States",
            "metricName": "ExecutionsFailed",
            "dimensions": {"StateMachineArn": "arn"},
            "statistic": "Sum",
            "period": 300,
            "threshold": 0,
            "treatMissingData": "notBreaching",
            "alarmActions": [ground.topic],
        },
        change=fixed(
            comparisonOperator="GreaterThanThreshold",
            evaluationPeriods=2,
            threshold=0.5,
            metricQueries=[
                {"id": "e", "expression": "m1 * 2", "returnData": True},
                {"id": "m1", "metric": {"metricName": "M", "namespace": "N", "period": 60, "stat": "Sum"}},
            ],
        ),
        told=lambda ground, name: alarm(ground, name)[:2],
        first=(0.0, [{"Name": "StateMachineArn", "Value": "arn"}]),
        second=(0.5, []),
    ),
    Case(
        type="aws:cloudwatch/dashboard:Dashboard",
        inputs=fixed(dashboardName="tests", dashboardBody='{"widgets": []}'),
        change=fixed(dashboardName="tests", dashboardBody={"widgets": [], "start": "-PT1H"}),
        told=lambda ground, name: json.loads(
            ground.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
        ),
        first={"widgets": []},
        second={"widgets": [], "start": "-PT1H"},
    ),
    Case(
        type="aws:budgets/budget:Budget",
        inputs=fixed(
            budgetType="COST",
            timeUnit="MONTHLY",
            limitAmount="50",
            limitUnit="USD",
            costFilters=[{"name": "TagKeyValue", "values": ["user:stack$dev"]}],
            notifications=[
                {
                    "comparisonOperator": "GREATER_THAN",
                    "notificationType": "ACTUAL",
                    "threshold": 80,
                    "thresholdType": "PERCENTAGE",
                    "subscriberEmailAddresses": ["a@example.com"],
                }
            ],
        ),
        change=fixed(
            budgetType="COST",
            timeUnit="MONTHLY",
            limitAmount="60",
            limitUnit="USD",
            notifications=[
                {
                    "comparisonOperator": "GREATER_THAN",
                    "notificationType": "ACTUAL",
                    "threshold": 90,
                    "thresholdType": "PERCENTAGE",
                    "subscriberEmailAddresses": ["a@example.com"],
                }
            ],
        ),
        told=budget,
        first=("50", [80.0]),
        second=("60", [90.0]),
    ),
]
