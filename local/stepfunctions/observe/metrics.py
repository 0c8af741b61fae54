"""The metrics of executions in the namespace AWS/States, by state machine.

Children of a Map Run count for the machine of their label. Source: Developer Guide, "Step Functions metrics for
CloudWatch" and "Viewing a Distributed Map Run execution".
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.observe.soon import Soon

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsSession

_log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 1.0
"""How long data points are gathered."""

MAX_VALUES: Final = 150
"""Different values of one metric in a request (CloudWatch API Reference, MetricDatum)."""

BATCH_DATA: Final = 500
"""Data points of one request: half of what PutMetricData takes."""

_ENDED: Final[Mapping[str, tuple[str, str]]] = {
    status: (f"Executions{word}", f"RedrivenExecutions{word}")
    for status, word in (
        ("SUCCEEDED", "Succeeded"),
        ("FAILED", "Failed"),
        ("ABORTED", "Aborted"),
        ("TIMED_OUT", "TimedOut"),
    )
}


class Series:
    """What happened to the executions of one state machine since it was last sent.

    Millions of children pass through here: each leaves a note, and notes are counted when they are sent.
    """

    __slots__ = ("_ask", "_dimensions", "_ended", "_redriven", "_started")

    def __init__(self, machine_arn: str, ask: Callable[[], None]) -> None:
        self._dimensions = [{"Name": "StateMachineArn", "Value": machine_arn}]
        self._started = 0
        self._redriven = 0
        self._ended: list[tuple[str, bool, int]] = []
        self._ask = ask

    def started(self, *, redriven: bool = False) -> None:
        """An execution began or, when it is redriven, went on."""
        if redriven:
            self._redriven += 1
        else:
            self._started += 1
        self._ask()

    def ended(self, status: str, seconds: float, *, redriven: bool = False) -> None:
        """An execution ended, so long after its start; ``redriven`` when it had gone on before."""
        self._ended.append((status, redriven, int(seconds * 1000)))
        self._ask()

    def take(self) -> list[dict[str, Any]]:
        """The data points to send."""
        counts = Counter({"ExecutionsStarted": self._started, "ExecutionsRedriven": self._redriven})
        milliseconds: Counter[int] = Counter()
        for (status, redriven, time), number in Counter(self._ended).items():
            name, redriven_name = _ENDED[status]
            counts[name] += number
            milliseconds[time] += number
            if redriven:
                counts[redriven_name] += number
        self._started = self._redriven = 0
        self._ended = []
        times = sorted(milliseconds.items())
        return [
            *(self._datum(name, "Count", [(1, number)]) for name, number in counts.items() if number),
            *(
                self._datum("ExecutionTime", "Milliseconds", times[start : start + MAX_VALUES])
                for start in range(0, len(times), MAX_VALUES)
            ),
        ]

    def _datum(self, name: str, unit: str, values: list[tuple[int, int]]) -> dict[str, Any]:
        return {
            "MetricName": name,
            "Dimensions": self._dimensions,
            "Timestamp": datetime.now(UTC),
            "Unit": unit,
            "Values": [float(value) for value, _times in values],
            "Counts": [float(times) for _value, times in values],
        }


class Metrics:
    """Sends the data points of all state machines to CloudWatch."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._series: dict[str, Series] = {}
        self._refused = False
        self.soon = Soon(self._flush, FLUSH_SECONDS)

    def of(self, machine_arn: str) -> Series:
        """The series of a state machine."""
        found = self._series.get(machine_arn)
        if found is None:
            found = self._series[machine_arn] = Series(machine_arn, self.soon.ask)
        return found

    async def _flush(self) -> None:
        data = [datum for series in self._series.values() for datum in series.take()]
        client = self._session.client("cloudwatch")
        try:
            for start in range(0, len(data), BATCH_DATA):
                batch = data[start : start + BATCH_DATA]
                await client.call("PutMetricData", {"Namespace": "AWS/States", "MetricData": batch}, validate=False)
            self._refused = False
        except AwsError as error:
            if not self._refused:
                self._refused = True
                _log.warning("the metrics of executions are not kept: %s", error)
