"""From what a program asks for to what is on the endpoint: make, change, replace, delete, and record each
step.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from local.failures import LocalError
from local.provider import lifecycle
from local.provider.archive import files
from local.provider.failures import ProviderError
from local.provider.lifecycle import Made
from local.provider.resource import Existing
from local.provider.table import resource_for
from local.record import Entry, Record, deletion_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.provider.context import Context
    from local.provider.resource import Properties, Resource, State

Action: TypeAlias = Literal["created", "updated", "replaced", "unchanged", "deleted"]


class StoppedError(LocalError):
    """The deploy ended, after a failure elsewhere or by the user, before this resource was begun."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource as the program asks for it."""

    urn: str
    type: str
    name: str
    parent: str
    inputs: Mapping[str, Any]
    dependencies: tuple[str, ...] = ()
    ignore_changes: frozenset[str] = frozenset()
    protect: bool = False
    retain: bool = False
    delete_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was done to one resource."""

    action: Action
    type: str
    name: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Changes:
    """One deploy. `apply` may be called from several threads, for different resources."""

    record: Record
    ctx: Context
    on_step: Callable[[Step], None]
    wanted: set[str] = field(default_factory=set)
    failures: list[ProviderError] = field(default_factory=list)
    in_progress: set[str] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Begin no other resource. Those in progress are finished and recorded."""
        self._stopped.set()

    def fail(self, error: ProviderError) -> None:
        """Note what went wrong and begin no other resource."""
        self.failures.append(error)
        self.stop()

    def apply(self, want: Wanted, ctx: Context) -> Made:
        """Bring one resource to what is wanted. Raises ProviderError, or StoppedError after `stop`."""
        if self._stopped.is_set():
            raise StoppedError(f"{want.name} was not begun, since the deploy ended before")
        self.expect(want.urn, want.name)
        self.in_progress.add(want.name)
        try:
            return self._apply(want, ctx)
        finally:
            self.in_progress.discard(want.name)

    def expect(self, urn: str, name: str) -> None:
        """Note that the program has the resource. Raises ProviderError when it has it twice."""
        if urn in self.wanted:
            raise ProviderError(f"the program has two resources with the URN {urn}: name one otherwise than {name!r}")
        self.wanted.add(urn)

    def _apply(self, want: Wanted, ctx: Context) -> Made:
        began = time.monotonic()
        resource = resource_for(want.type, want.name)
        entry = self.record.find(want.urn)
        given = dict(want.inputs)
        if entry is not None:
            given |= {name: entry.inputs[name] for name in want.ignore_changes if name in entry.inputs}
        inputs: Properties = lifecycle.prepare(resource, want.name, given, entry.inputs if entry else None, ctx)
        action: Action
        if entry is None or (live := _live(resource, entry, ctx)) is None:
            action, made = "created", lifecycle.create(resource, want.name, inputs, ctx)
        elif not (difference := resource.difference(entry.inputs, inputs)).changed:
            action, made = "unchanged", Made(id=str(entry.id), outputs={**live, **files(inputs)})
        elif not difference.replaced:
            action, made = "updated", lifecycle.update(resource, want.name, _existing(entry), inputs, ctx)
        else:
            action = "replaced"
            inputs = self._make_room(resource, want, entry, inputs, ctx)
            made = lifecycle.create(resource, want.name, inputs, ctx)
        self.record.put(
            Entry(
                urn=want.urn,
                type=want.type,
                name=want.name,
                id=made.id,
                parent=want.parent,
                dependencies=want.dependencies,
                inputs=inputs,
                outputs=made.outputs,
                protect=want.protect,
                retain=want.retain,
            )
        )
        self.on_step(Step(action=action, type=want.type, name=want.name, seconds=time.monotonic() - began))
        return made

    def _make_room(
        self, resource: Resource, want: Wanted, entry: Entry, inputs: Properties, ctx: Context
    ) -> Properties:
        """The inputs of what replaces ``entry``, which is deleted last, or first when both have one given
        name.
        """
        refuse_protected([entry], "replaced")
        if want.delete_first or (resource.naming is not None and resource.naming.property in want.inputs):
            lifecycle.delete(resource, want.name, _existing(entry), ctx)
            self.record.remove(entry)
            return inputs
        self.record.mark_replaced(entry)
        return lifecycle.prepare(resource, want.name, want.inputs, None, ctx)

    def finish(self) -> None:
        """Delete what the program has no more; what could not be deleted is among the failures."""
        gone = [entry for entry in self.record.entries() if entry.replaced or entry.urn not in self.wanted]
        try:
            refuse_protected(gone, "deleted")
        except ProviderError as error:
            self.fail(error)
        else:
            self.failures.extend(delete_entries(gone, self.record, self.ctx, self.on_step))


def delete_entries(
    entries: list[Entry], record: Record, ctx: Context, on_step: Callable[[Step], None]
) -> list[ProviderError]:
    """Delete them, dependents first, and go on past what fails; the failures."""
    failures = []
    for entry in deletion_order(entries):
        began = time.monotonic()
        if entry.id is not None and not entry.retain:
            try:
                lifecycle.delete(resource_for(entry.type, entry.name), entry.name, _existing(entry), ctx)
            except ProviderError as error:
                failures.append(error)
                continue
            on_step(Step(action="deleted", type=entry.type, name=entry.name, seconds=time.monotonic() - began))
        record.remove(entry)
    return failures


def _live(resource: Resource, entry: Entry, ctx: Context) -> State | None:
    return lifecycle.read(resource, entry.name, _existing(entry), ctx)


def _existing(entry: Entry) -> Existing:
    return Existing(id=str(entry.id), inputs=entry.inputs)


def refuse_protected(entries: list[Entry], action: str) -> None:
    """Raise ProviderError when one of the entries is protected."""
    protected = sorted(entry.name for entry in entries if entry.protect and entry.id is not None)
    if protected:
        raise ProviderError(
            f"{', '.join(protected)} would be {action} but is protected; "
            "take the protection away (deletion_protection: false), deploy, and try again"
        )
