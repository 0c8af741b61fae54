"""What a deploy made, kept in resources.json: written after each resource, so that nothing is ever
forgotten.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from local.failures import LocalError
from local.provider.archive import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.state import StateDir


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One resource. A component has no id; ``replaced`` marks an old one that is still to be deleted."""

    urn: str
    type: str
    name: str
    id: str | None
    parent: str
    dependencies: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    retain: bool = False
    replaced: bool = False


class Record:
    """The entries of one stack in the order in which they were made. Every change is on disk when it
    returns.
    """

    def __init__(self, state: StateDir) -> None:
        self._state = state
        self._lock = threading.Lock()
        written = state.read(state.resources) or []
        try:
            self._entries = [Entry(**{**entry, "dependencies": tuple(entry["dependencies"])}) for entry in written]
        except (TypeError, KeyError) as error:
            raise LocalError(f"{state.resources} is damaged ({error}); stop the server and deploy again") from error

    def find(self, urn: str) -> Entry | None:
        """The current entry of a URN."""
        with self._lock:
            return next((entry for entry in self._entries if entry.urn == urn and not entry.replaced), None)

    def entries(self) -> list[Entry]:
        """All entries, replaced ones too."""
        with self._lock:
            return list(self._entries)

    def put(self, entry: Entry) -> None:
        """Add an entry as the last one, in place of the current one of its URN."""
        entry = Entry(**{**vars(entry), "inputs": recorded(entry.inputs), "outputs": recorded(entry.outputs)})
        with self._lock:
            self._entries = [kept for kept in self._entries if kept.replaced or kept.urn != entry.urn]
            self._entries.append(entry)
            self._write()

    def mark_replaced(self, entry: Entry) -> None:
        """Keep the entry for its deletion only, before the one that takes its place is put."""
        with self._lock:
            marked = Entry(**{**vars(entry), "replaced": True})
            self._entries = [marked if kept == entry else kept for kept in self._entries]
            self._write()

    def remove(self, entry: Entry) -> None:
        """Forget an entry."""
        with self._lock:
            self._entries.remove(entry)
            self._write()

    def _write(self) -> None:
        self._state.write(self._state.resources, [asdict(entry) for entry in self._entries])


def deletion_order(entries: list[Entry]) -> list[Entry]:
    """The entries so that each comes before what it depends on, and otherwise the last made first."""
    dependents: dict[str, list[Entry]] = {}
    for entry in entries:
        for urn in {*entry.dependencies, entry.parent}:
            dependents.setdefault(urn, []).append(entry)
    ordered: list[Entry] = []
    seen: set[int] = set()

    def visit(entry: Entry) -> None:
        if id(entry) in seen:
            return
        seen.add(id(entry))
        for dependent in reversed(dependents.get(entry.urn, [])):
            visit(dependent)
        ordered.append(entry)

    for entry in reversed(entries):
        visit(entry)
    return ordered
