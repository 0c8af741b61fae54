"""Metric alarms that watch their own metric: by its dimensions, period by period, and back again when it is over.

Ministack pools the data points of all dimensions, so that the failure of one machine sets off the alarms of all;
it takes the evaluation range for one period; and it looks at an alarm only when somebody puts metric data. Source:
CloudWatch User Guide, "Alarm evaluation", "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import asyncio
import importlib
import operator
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.mends import queue_metrics

LOOK_SECONDS = 2.0
"""How often alarms are looked at when no data arrives."""

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def state_of(alarm: Mapping[str, Any], values: Sequence[float | None]) -> str:
    """The state that follows from the statistic of each period of the evaluation range, None where there is no data."""
    missing = alarm["TreatMissingData"]
    known = [value for value in values if value is not None]
    if not known and missing in ("missing", "ignore"):
        return alarm["StateValue"] if missing == "ignore" else "INSUFFICIENT_DATA"
    breaches = COMPARE[alarm["ComparisonOperator"]]
    breaching = sum(breaches(value, alarm["Threshold"]) for value in known)
    if missing == "breaching":
        breaching += len(values) - len(known)
    return "ALARM" if breaching >= alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) else "OK"


def apply() -> None:
    """Have ministack evaluate alarms so."""
    cloudwatch = importlib.import_module("ministack.services.cloudwatch")

    def _evaluate_alarm(alarm: dict[str, Any]) -> None:
        if alarm.get("ComparisonOperator") not in COMPARE or not alarm.get("MetricName"):
            return
        values = _values(cloudwatch, alarm)
        old, new = alarm["StateValue"], state_of(alarm, values)
        if old == new:
            return
        statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
        reason = f"Threshold Crossed: {statistic} {values} {alarm['ComparisonOperator']} {alarm['Threshold']}"
        alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
        cloudwatch._record_history(alarm["AlarmName"], old, new, reason)  # noqa: SLF001 - the seam
        cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)  # noqa: SLF001 - the seam
        cloudwatch._evaluate_parent_alarms(alarm)  # noqa: SLF001 - the seam

    cloudwatch._evaluate_alarm = _evaluate_alarm  # type: ignore[attr-defined] # noqa: SLF001 - by design


def _values(cloudwatch: Any, alarm: Mapping[str, Any]) -> list[float | None]:
    """The statistic of each period of the evaluation range, the last one first."""
    dimensions = {item["Name"]: item["Value"] for item in alarm["Dimensions"]}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))  # noqa: SLF001 - the seam
    periods: list[list[Any]] = [[] for _ in range(alarm["EvaluationPeriods"])]
    now = time.time()
    for point in cloudwatch._metrics.get(key) or ():  # noqa: SLF001 - the seam
        age = max(0, int((now - point["Timestamp"]) // alarm["Period"]))
        if age < len(periods):
            periods[age].append(point)
    return [_statistic(cloudwatch, alarm, points) for points in periods]


def _statistic(cloudwatch: Any, alarm: Mapping[str, Any], points: list[Any]) -> float | None:
    if not points:
        return None
    name = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    value: float | None = cloudwatch._stat_value(cloudwatch._calc_stats(points), name, points)  # noqa: SLF001 - the seam
    return value


async def watch() -> None:
    """Look at queues and then at all alarms from time to time, so that those that are over recover."""
    cloudwatch = importlib.import_module("ministack.services.cloudwatch")
    queues: set[str] = set()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        queue_metrics.tell(queues)
        cloudwatch._evaluate_all_alarms()  # noqa: SLF001 - the seam
