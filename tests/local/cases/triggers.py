"""Rules, targets and schedules."""

from __future__ import annotations

import json
from typing import Any

from tests.local.cases.ground import Case, Ground, fixed


def target(ground: Ground, _identity: str) -> Any:
    (found,) = ground.client("events").list_targets_by_rule(Rule=ground.rule)["Targets"]
    return found.get("InputTransformer"), found.get("Input")


def schedule(ground: Ground, identity: str) -> Any:
    group, _, name = identity.partition("/")
    found = ground.client("scheduler").get_schedule(GroupName=group, Name=name)
    return found["ScheduleExpression"], found["Target"]["Input"], found["State"]


CASES = [
    Case(
        type="aws:cloudwatch/eventRule:EventRule",
        inputs=fixed(eventPattern={"source": ["one"]}),
        change=fixed(eventPattern='{"source": ["two"]}', state="DISABLED"),
        told=lambda ground, name: [
            json.loads((found := ground.client("events").describe_rule(Name=name))["EventPattern"]),
            found["State"],
        ],
        first=[{"source": ["one"]}, "ENABLED"],
        second=[{"source": ["two"]}, "DISABLED"],
    ),
    Case(
        type="aws:cloudwatch/eventTarget:EventTarget",
        inputs=lambda ground: {
            "rule": ground.rule,
            "arn": ground.machine,
            "roleArn": ground.role["arn"],
            "targetId": "machine",
            "inputTransformer": {"inputPaths": {"key": "$.detail.key"}, "inputTemplate": '{"key": <key>}'},
        },
        change=lambda ground: {
            "rule": ground.rule,
            "arn": ground.machine,
            "roleArn": ground.role["arn"],
            "targetId": "machine",
            "input": "{}",
        },
        told=target,
        first=({"InputPathsMap": {"key": "$.detail.key"}, "InputTemplate": '{"key": <key>}'}, None),
        second=(None, "{}"),
    ),
    Case(
        type="aws:scheduler/schedule:Schedule",
        inputs=lambda ground: {
            "scheduleExpression": "rate(1 day)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {"arn": ground.machine, "roleArn": ground.role["arn"], "input": "{}"},
        },
        change=lambda ground: {
            "scheduleExpression": "rate(2 days)",
            "state": "DISABLED",
            "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 5},
            "target": {"arn": ground.machine, "roleArn": ground.role["arn"], "input": '{"a": 1}'},
        },
        told=schedule,
        first=("rate(1 day)", "{}", "ENABLED"),
        second=("rate(2 days)", '{"a": 1}', "DISABLED"),
    ),
    Case(
        type="aws:scheduler/scheduleGroup:ScheduleGroup",
        inputs=fixed(),
        change=fixed(tags={"a": "b"}),
        told=lambda ground, name: ground.client("scheduler").get_schedule_group(Name=name)["State"],
        first="ACTIVE",
        second="ACTIVE",
    ),
]
