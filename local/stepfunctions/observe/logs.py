"""Execution logging: the entries of a machine's executions, on their way to its log group."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from local.stepfunctions.errors import StatesError
from local.stepfunctions.history import Cursor, Details, Event
from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.observe.entries import Subject, entry
from local.stepfunctions.observe.levels import logged
from local.stepfunctions.observe.soon import Soon
from local.stepfunctions.run.branch import EventCounter

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsSession
    from local.stepfunctions.machines import Machine

_log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 0.5
"""How long entries are gathered."""

MAX_WAITING_BYTES: Final = 64 * 1024**2
"""Entries that wait to be sent; what comes on top of them is dropped, so that no execution waits for its log."""

BATCH_EVENTS: Final = 1_000
"""Entries of one request: few enough that making it holds up nothing else."""

BATCH_BYTES: Final = 1_048_576
EVENT_BYTES: Final = 26
"""The most that PutLogEvents takes, and what it counts for an event on top of its text (API Reference)."""

STREAM_SECONDS: Final = 3600.0
"""How long a log stream is used."""

REFUSED_SECONDS: Final = 10.0
"""How long entries are dropped after some were refused."""

Entry = tuple[int, bytes]
"""Epoch milliseconds and the JSON text."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """The entries of one machine's executions that go to one log group."""

    group: str
    machine: str
    role_arn: str
    waiting: list[Entry] = field(default_factory=list)
    name: str = ""
    opened: float = 0.0
    refused: bool = False
    refused_until: float = 0.0


class LogDelivery:
    """Sends entries to CloudWatch Logs, in batches.

    ``check_may`` raises StatesError when a role may not do an action on a resource: the machine's role must be
    allowed to set up a log delivery.
    """

    def __init__(self, session: AwsSession, check_may: Callable[[str, str, str], Awaitable[None]]) -> None:
        self._session = session
        self._check_may = check_may
        self._streams: dict[tuple[str, str, str], Stream] = {}
        self._bytes = 0
        self._dropped = 0
        self.soon = Soon(self._flush, FLUSH_SECONDS)

    def log_of(self, machine: Machine) -> MachineLog | None:
        """Where a machine's executions log; None when they do not."""
        destinations = machine.logging.get("destinations")
        if machine.logging["level"] == "OFF" or not destinations:
            return None
        group = destinations[0]["cloudWatchLogsLogGroup"]["logGroupArn"].split(":log-group:")[-1].removesuffix(":*")
        key = (group, machine.name, machine.role_arn)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(group=group, machine=machine.name, role_arn=machine.role_arn)
        return MachineLog(
            delivery=self,
            stream=stream,
            kinds=logged(machine.logging["level"]),
            include_data=bool(machine.logging.get("includeExecutionData", False)),
        )

    def takes(self, stream: Stream) -> bool:
        """Whether there is a place for one more entry."""
        if stream.refused_until > time.monotonic():
            return False
        if self._bytes < MAX_WAITING_BYTES:
            return True
        self._dropped += 1
        return False

    def add(self, stream: Stream, milliseconds: int, text: bytes) -> None:
        """Send an entry soon."""
        stream.waiting.append((milliseconds, text))
        self._bytes += len(text)
        self.soon.ask()

    async def _flush(self) -> None:
        for stream in list(self._streams.values()):
            entries, stream.waiting = stream.waiting, []
            try:
                await self._send(stream, entries)
            except (AwsError, StatesError) as error:
                self._refuse(stream, str(error))
            finally:
                self._bytes -= sum(len(text) for _when, text in entries)
        if self._dropped:
            _log.warning("%d log entries were dropped: more than %d bytes waited", self._dropped, MAX_WAITING_BYTES)
            self._dropped = 0

    async def _send(self, stream: Stream, entries: list[Entry]) -> None:
        if not entries:
            return
        if not stream.name or time.monotonic() - stream.opened > STREAM_SECONDS:
            await self._open(stream)
        client = self._session.client("logs")
        entries.sort(key=itemgetter(0))
        for batch in batches(entries):
            events = [{"timestamp": when, "message": text.decode()} for when, text in batch]
            where = {"logGroupName": stream.group, "logStreamName": stream.name}
            await client.call("PutLogEvents", {**where, "logEvents": events}, validate=False)
        stream.refused = False

    async def _open(self, stream: Stream) -> None:
        await self._check_may(stream.role_arn, "logs:CreateLogDelivery", "*")
        minute = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M")
        name = f"states/{stream.machine}/{minute}/{secrets.token_hex(4)}"
        where = {"logGroupName": stream.group, "logStreamName": name}
        await self._session.client("logs").call("CreateLogStream", where)
        stream.name, stream.opened = name, time.monotonic()

    def _refuse(self, stream: Stream, reason: str) -> None:
        stream.name, stream.refused_until = "", time.monotonic() + REFUSED_SECONDS
        if not stream.refused:
            stream.refused = True
            _log.warning("executions of %s are not logged to %s: %s", stream.machine, stream.group, reason)


def batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries in requests that PutLogEvents takes."""
    batch: list[Entry] = []
    size = 0
    for when, text in entries:
        counted = len(text) + EVENT_BYTES
        if batch and (len(batch) == BATCH_EVENTS or size + counted > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((when, text))
        size += counted
    if batch:
        yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLog:
    """What executions of one revision of a machine log, and where: ``kinds`` of events, None for all."""

    delivery: LogDelivery
    stream: Stream
    kinds: frozenset[str] | None
    include_data: bool

    def of(self, execution_arn: str, *, map_run_arn: str | None = None, redrives: int = 0) -> ExecutionLog:
        """The log of one execution."""
        return ExecutionLog(self, Subject(execution_arn, map_run_arn, redrives))


class ExecutionLog:
    """Takes the events of one execution."""

    __slots__ = ("_kinds", "machine", "subject")

    def __init__(self, machine: MachineLog, subject: Subject) -> None:
        self.machine: Final = machine
        self.subject: Final = subject
        self._kinds = machine.kinds

    def __call__(self, event: Event) -> None:
        """Log the event when its type is one that is logged."""
        if self._kinds is not None and event.type not in self._kinds:
            return
        log = self.machine
        if log.delivery.takes(log.stream):
            text = entry(event, self.subject, include_data=log.include_data)
            log.delivery.add(log.stream, int(event.timestamp * 1000), text)


class LoggedCounter(EventCounter):
    """Numbers the events of an EXPRESS child, and has those logged that its machine logs."""

    __slots__ = ("_kinds", "_log", "_subject")

    def __init__(self, log: MachineLog, execution_arn: str, map_run_arn: str, redrives: int) -> None:
        super().__init__()
        self._log = log
        self._kinds = log.kinds
        self._subject = (execution_arn, map_run_arn, redrives)

    def logs(self, kind: str) -> bool:
        """Whether events of this type are logged."""
        return self._kinds is None or kind in self._kinds

    def add(self, cursor: Cursor, kind: str, details: Details | None = None, *, advance: bool = True) -> int:
        """Count an event; its id."""
        self._count += 1
        if self._kinds is None or kind in self._kinds:
            arn, map_run_arn, redrives = self._subject
            log = self._log.of(arn, map_run_arn=map_run_arn, redrives=redrives)
            log(Event(self._count, cursor.last, kind, time.time(), details))
        if advance:
            cursor.last = self._count
        return self._count
