"""Status changes of STANDARD executions as EventBridge events.

Source: Developer Guide, "Automating Step Functions event delivery with EventBridge". STANDARD children of a Map Run
are told too, as they are executions of a standard workflow; EXPRESS ones are not.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.observe.soon import Soon
from local.stepfunctions.payload import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from local.stepfunctions.integrations.aws import AwsSession

_log = logging.getLogger(__name__)

SOURCE: Final = "aws.states"
DETAIL_TYPE: Final = "Step Functions Execution Status Change"
FLUSH_SECONDS: Final = 0.25
"""How long changes are gathered."""

MAX_WAITING: Final = 50_000
MAX_WAITING_BYTES: Final = 64 * 1024**2
"""Changes that wait to be sent, and their inputs and outputs; those that come on top of them are dropped."""

MAX_DATA_BYTES: Final = 248 * 1024
"""What input and output may take, escaped as the event has them ("EventBridge payloads")."""

QUIET_SECONDS: Final = 0.5
"""How long nothing is noted of child executions after no rule was found that awaits them."""

BATCH_ENTRIES: Final = 10
BATCH_BYTES: Final = 262_144
"""The most that PutEvents takes (EventBridge API Reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """An execution at the moment when its status changed; dates in epoch seconds, texts in UTF-8."""

    execution_arn: str
    machine_arn: str
    name: str
    status: str
    started: float
    stopped: float | None
    input: bytes
    output: bytes | None
    error: str | None
    cause: str | None
    redrives: int
    redriven: float | None
    redrive: Mapping[str, str]
    """``redriveStatus`` and, with a reason, ``redriveStatusReason``."""
    version_arn: str | None = None
    alias_arn: str | None = None

    @property
    def at(self) -> float:
        """When it happened."""
        return self.stopped or self.redriven or self.started


def detail(change: StatusChange) -> dict[str, Any]:
    """The event's ``detail``: every field of it, null where there is nothing."""
    output = None if change.output is None else change.output.decode()
    text: str | None = change.input.decode()
    if _escaped(text) + _escaped(output) > MAX_DATA_BYTES:
        text = None
    kept = output if _escaped(output) <= MAX_DATA_BYTES else None
    return {
        "executionArn": change.execution_arn,
        "stateMachineArn": change.machine_arn,
        "stateMachineVersionArn": change.version_arn,
        "stateMachineAliasArn": change.alias_arn,
        "name": change.name,
        "status": change.status,
        "startDate": _milliseconds(change.started),
        "stopDate": _milliseconds(change.stopped),
        "input": text,
        "inputDetails": {"included": text is not None},
        "output": kept,
        "outputDetails": None if output is None else {"included": kept is not None},
        "redriveCount": change.redrives,
        "redriveDate": _milliseconds(change.redriven),
        "redriveStatus": change.redrive["redriveStatus"],
        "redriveStatusReason": change.redrive.get("redriveStatusReason"),
        "error": change.error,
        "cause": change.cause,
    }


def _escaped(text: str | None) -> int:
    return 0 if text is None else len(dumps(text)) - 2


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def is_awaited(rule: Mapping[str, Any]) -> bool:
    """Whether a rule, or an archive, can match status changes at all."""
    pattern = rule.get("EventPattern")
    if rule.get("State") == "DISABLED" or (pattern is None and "ScheduleExpression" in rule):
        return False
    sources = orjson.loads(pattern).get("source") if pattern else None
    return sources is None or any(source == SOURCE or not isinstance(source, str) for source in sources)


class StatusEvents:
    """Sends status changes to the default event bus, if any rule or archive there can match them."""

    def __init__(self, session: AwsSession, headers: Mapping[str, str]) -> None:
        self._session = session
        self._headers = headers
        self._waiting: list[tuple[Callable[..., StatusChange], tuple[Any, ...]]] = []
        self._bytes = 0
        self._dropped = 0
        self._refused = False
        self._quiet_until = 0.0
        self.soon = Soon(self._flush, FLUSH_SECONDS)

    def listens(self) -> bool:
        """Whether a change of one of very many executions is worth a note; those of others always are."""
        return time.monotonic() >= self._quiet_until

    def add(self, size: int, describe: Callable[..., StatusChange], *facts: Any) -> None:
        """Send a change soon, whose input and output have ``size`` bytes; it is described when it is awaited."""
        if len(self._waiting) >= MAX_WAITING or self._bytes > MAX_WAITING_BYTES:
            self._dropped += 1
            return
        self._waiting.append((describe, facts))
        self._bytes += size
        self.soon.ask()

    async def _flush(self) -> None:
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        try:
            if await self._awaited():
                await self._send(describe(*facts) for describe, facts in waiting)
            else:
                self._quiet_until = time.monotonic() + QUIET_SECONDS
            self._refused = False
        except AwsError as error:
            if not self._refused:
                self._refused = True
                _log.warning("the status changes of executions are not told to EventBridge: %s", error)
        if self._dropped:
            _log.warning("%d status changes of executions were dropped: too many waited", self._dropped)
            self._dropped = 0

    async def _awaited(self) -> bool:
        for operation, members in (("ListRules", "Rules"), ("ListArchives", "Archives")):
            token: dict[str, str] = {}
            while True:
                page = await self._session.client("events").call(operation, token)
                if any(is_awaited(member) for member in page[members]):
                    return True
                if "NextToken" not in page:
                    break
                token = {"NextToken": page["NextToken"]}
        return False

    async def _send(self, changes: Iterable[StatusChange]) -> None:
        client = self._session.client("events")
        for entries in batches(changes):
            answer = await client.call("PutEvents", {"Entries": entries}, headers=self._headers)
            if answer.get("FailedEntryCount") and not self._refused:
                self._refused = True
                _log.warning("EventBridge refused status changes of executions: %s", answer["Entries"])


def batches(changes: Iterable[StatusChange]) -> Iterator[list[dict[str, Any]]]:
    """The changes as entries of PutEvents, in requests that it takes."""
    batch: list[dict[str, Any]] = []
    size = 0
    for change in changes:
        text = dumps(detail(change)).decode()
        entry = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": text,
            "Resources": [change.execution_arn],
            "Time": datetime.fromtimestamp(change.at, UTC),
        }
        counted = len(text.encode())
        if batch and (len(batch) == BATCH_ENTRIES or size + counted > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += counted
    if batch:
        yield batch
