"""What a Map Run tells of its child executions: entries of result files, and results within the state's output.

Source: Developer Guide, "ResultWriter (Map)"; key order, absent keys and texts as AWS wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from local.stepfunctions.errors import DataLimitExceeded
from local.stepfunctions.history import Event
from local.stepfunctions.limits import MAX_PAYLOAD_BYTES
from local.stepfunctions.maprun.counts import ChildStatus
from local.stepfunctions.payload import Payload, dumps
from local.stepfunctions.run.branch import iso_time
from local.stepfunctions.scope import Json

_INCLUDED: Final = {"Included": True}
Transformation = Literal["NONE", "COMPACT", "FLATTEN"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """One child execution that ended; times in epoch seconds."""

    index: int
    name: str
    arn: str
    machine_arn: str
    status: ChildStatus | Literal["PENDING"]
    start: float
    stop: float
    input: Payload
    items: int
    output: Payload | None = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = 0
    events: list[Event] | None = None
    place: bytes | None = None
    """Where a redrive goes on with a STANDARD child that did not succeed; see `run.standing`."""


def metadata(child: Child) -> dict[str, Any]:
    """The child as an entry of a result file has it."""
    entry: dict[str, Any] = {}
    if child.cause is not None:
        entry["Cause"] = child.cause
    if child.error is not None:
        entry["Error"] = child.error
    entry["ExecutionArn"] = child.arn
    entry["Input"] = child.input.text.decode()
    entry["InputDetails"] = _INCLUDED
    entry["Name"] = child.name
    if child.output is not None:
        entry["Output"] = child.output.text.decode()
        entry["OutputDetails"] = _INCLUDED
    entry["RedriveCount"] = child.redrive_count
    if child.status == "SUCCEEDED":
        entry["RedriveStatus"] = "NOT_REDRIVABLE"
        entry["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven"
    else:
        entry["RedriveStatus"] = "REDRIVABLE_BY_MAP_RUN"
    entry["StartDate"] = iso_time(child.start)
    entry["StateMachineArn"] = child.machine_arn
    entry["Status"] = child.status
    entry["StopDate"] = iso_time(child.stop)
    return entry


def entries(child: Child, transformation: Transformation) -> list[bytes]:
    """The JSON texts that the child adds to its result file."""
    if transformation == "NONE" or child.output is None:
        return [dumps(metadata(child))]
    if transformation == "FLATTEN" and isinstance(child.output.value, list):
        return [dumps(value) for value in child.output.value]
    return [child.output.text]


def pending_entry(child_input: Payload) -> bytes:
    """The entry of a child execution that never started."""
    return dumps({"Input": child_input.text.decode(), "InputDetails": _INCLUDED, "Status": "PENDING"})


class InlineResults:
    """The results of a Map Run that writes none to S3: an array in the order of the items, within the payload quota.

    Once the quota is passed nothing more is kept, so a large run does not hold its outputs only to fail.
    """

    def __init__(self, transformation: Transformation, state_name: str) -> None:
        self._transformation = transformation
        self._state_name = state_name
        self._texts: dict[int, list[bytes]] = {}
        self._bytes = 1

    def add(self, child: Child) -> None:
        """Take the result of a child execution."""
        if self._bytes > MAX_PAYLOAD_BYTES:
            return
        texts = entries(child, self._transformation)
        self._texts[child.index] = texts
        self._bytes += sum(map(len, texts)) + len(texts)
        if self._bytes > MAX_PAYLOAD_BYTES:
            self._texts = {}

    def payload(self) -> Payload:
        """The array.

        Raises:
            DataLimitExceeded: when it is over the quota.
        """
        if self._bytes > MAX_PAYLOAD_BYTES + 1:
            raise DataLimitExceeded(
                f"The state/task '{self._state_name}' returned a result with a size exceeding "
                "the maximum number of bytes service limit."
            )
        texts = [text for index in sorted(self._texts) for text in self._texts[index]]
        return Payload.parse(b"[" + b",".join(texts) + b"]")


def output_value(arn: str, bucket: str, key: str) -> Json:
    """The state's result when the results went to S3."""
    return {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}
