"""The pipeline of one Map Run: items in, children run, results out; and again for what a redrive takes up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

from local.stepfunctions.arns import Place
from local.stepfunctions.definition.nodes import DistributedMapState
from local.stepfunctions.errors import ExceedToleratedFailureThreshold, ItemReaderFailed
from local.stepfunctions.maprun import results
from local.stepfunctions.maprun.batcher import Batcher, ChildInput
from local.stepfunctions.maprun.children import Again, Children
from local.stepfunctions.maprun.readers import Chunk
from local.stepfunctions.maprun.record import MapRun
from local.stepfunctions.maprun.results import Child, InlineResults
from local.stepfunctions.maprun.settings import Batching
from local.stepfunctions.maprun.source import select
from local.stepfunctions.maprun.writer import ResultFiles
from local.stepfunctions.payload import Payload
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.scope import Json

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from local.stepfunctions.childstore import ChildStore
    from local.stepfunctions.integrations.aws import AwsClient
    from local.stepfunctions.observe.observer import Observer

_TURN_SECONDS = 0.02
"""How long children that never wait may run before other work of the engine gets its turn."""

_REDRIVE_PAGE = 200


class Host(Protocol):
    """What a Map Run needs of the engine."""

    place: Place
    children: ChildStore
    observer: Observer | None

    async def client(self, service: str, role_arn: str) -> AwsClient:
        """A client that signs with the role's credentials."""

    async def check_may(self, role_arn: str, action: str, resource: str) -> None:
        """Raise StatesError when the role may not do the action."""

    def opened(self, map_run: MapRun, children: Children) -> None:
        """The Map Run has begun."""

    def spawn(self, work: Coroutine[None, None, Payload]) -> asyncio.Task[Payload]:
        """Run work that the engine stops when it stops."""


class Work:
    """The pipeline of one Map Run; it outlives the execution that stops waiting for it."""

    def __init__(
        self,
        *,
        host: Host,
        state: DistributedMapState,
        value: Json,
        branch: Branch,
        map_run: MapRun,
        batching: Batching,
        files: ResultFiles | None,
        source: Callable[[], AsyncIterator[Chunk]],
    ) -> None:
        self.record = map_run
        self._host = host
        self._state = state
        self._value = value
        self._branch = branch
        self._files = files
        self._source = source
        transformation = state.writer.transformation if state.writer is not None else "COMPACT"
        self._transformation = transformation
        self._inline = InlineResults(transformation, state.name) if files is None else None
        self._batcher = Batcher(
            batched=batching.batched,
            max_items=batching.max_items,
            max_bytes=batching.max_bytes,
            batch_input=batching.batch_input,
            from_reader=state.reader is not None,
        )
        watch = None if host.observer is None else host.observer.children_of(map_run)
        self.children = Children(map_run=map_run, state=state, parent=branch, on_end=self._ended, watch=watch)
        self._read = 0
        self._tripped = False
        self._aborted = False
        self._task: asyncio.Task[Payload] | None = None

    async def run(self) -> Payload:
        """Stream the items through; the result of the Map state."""
        return await self._watched(self._pipeline(again=False))

    async def redrive(self) -> Payload:
        """Run again what did not succeed, and what was never read; the result of the Map state."""
        if self._task is not None:  # what was stopped may still be writing its files
            await asyncio.wait([self._task])
        self._tripped = self._aborted = False
        self.children.revive()
        if self._files is not None:
            self._files = self._files.next_generation(self.record.redrives)
        return await self._watched(self._pipeline(again=True))

    async def _watched(self, work: Coroutine[None, None, Payload]) -> Payload:
        """Wait for the work; when the execution is stopped, children are stopped and their files still written."""
        self._task = self._host.spawn(work)
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            self._tripped = self._aborted = True
            self.children.abort()
            raise

    async def _pipeline(self, *, again: bool) -> Payload:
        unread: ItemReaderFailed | None = None
        try:
            if again:
                await self._feed_unsuccessful()
            if not self.record.total_known:
                try:
                    await self._feed()
                    self.record.total_known = True
                except ItemReaderFailed as error:
                    # A redrive goes on with this Map Run, so the results of what was read must not be lost.
                    unread, self._tripped = error, True
                    self.children.abort()
            self._judge()
            await self.children.finish()
            if self._files is not None:
                await self._files.finish()
            self.record.written()
        except BaseException:
            self.children.kill()
            await self.children.slots.all_free()
            if self._files is not None:
                await self._files.abort()
            raise
        if unread is not None and not self._aborted:
            raise unread
        if self._tripped and not self._aborted:
            raise ExceedToleratedFailureThreshold("The specified tolerated failure threshold was exceeded")
        if self._files is not None:
            return Payload(results.output_value(self.record.arn, self._files.bucket, self._files.manifest_key))
        assert self._inline is not None  # noqa: S101 - there is one or the other
        return self._inline.payload()

    async def _feed(self) -> None:
        turn = time.monotonic()
        seen = 0
        async for chunk in self._source():
            first, seen = seen, seen + len(chunk.items)
            if seen <= self._read:
                continue  # read before the redrive
            selected = select(self._state, chunk, first, self._value, self._branch)
            for child_input in self._batcher.add(selected):
                await self._start(child_input)
                if time.monotonic() - turn > _TURN_SECONDS:
                    await asyncio.sleep(0)
                    turn = time.monotonic()
            self._read = seen
        for child_input in self._batcher.finish():
            await self._start(child_input)

    async def _feed_unsuccessful(self) -> None:
        last = -1
        while rows := await self._host.children.unsuccessful(self.record.arn, last, _REDRIVE_PAGE):
            for row in rows:
                child_input = ChildInput(Payload.parse(row.input), row.items, row.seq)
                again = None
                if row.status != "PENDING":
                    branch = self.children.stopped_at(row.seq)
                    again = Again(
                        arn=row.arn,
                        start=row.start,
                        redrives=row.redrives + 1,
                        past=row.past(),
                        place=row.place,
                        branch=branch,
                    )
                await self._start_or_leave(child_input, again)
            last = rows[-1].seq

    async def _start(self, child_input: ChildInput) -> None:
        self.record.items.added(child_input.items)
        self.record.executions.added(1)
        await self._start_or_leave(child_input, None)

    async def _start_or_leave(self, child_input: ChildInput, again: Again | None) -> None:
        if not self._tripped and await self.children.start(child_input, again):
            return
        if self._files is not None:
            await self._files.add("PENDING", [results.pending_entry(child_input.payload)])
        if again is None:
            await self._host.children.add(self.record.arn, self._pending(child_input))

    def _pending(self, child_input: ChildInput) -> Child:
        name = self.record.child_name(child_input.index)
        return Child(
            index=child_input.index,
            name=name,
            arn=self.record.child_arn(name),
            machine_arn=self.record.machine_arn,
            status="PENDING",
            start=0.0,
            stop=0.0,
            input=child_input.payload,
            items=child_input.items,
        )

    async def _ended(self, child: Child) -> None:
        if self._files is not None:
            texts = results.entries(child, self._transformation)
            await self._files.add("SUCCEEDED" if child.status == "SUCCEEDED" else "FAILED", texts)
        if self._inline is not None:
            self._inline.add(child)
        await self._host.children.add(self.record.arn, child)
        self._judge()

    def _judge(self) -> None:
        if not self._tripped and self.record.exceeded():
            self._tripped = True
            self.children.abort()
