"""What a deploy made, kept in resources.json: written after each resource, so that nothing is ever
forgotten.
"""

from __future__ import annotations

import json
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
        self._disk = threading.Lock()
        self._changes = self._on_disk = 0
        written = state.read(state.resources) or []
        try:
            entries = [Entry(**{**entry, "dependencies": tuple(entry["dependencies"])}) for entry in written]
        except (TypeError, KeyError) as error:
            raise LocalError(f"{state.resources} is damaged ({error}); stop the server and deploy again") from error
        # Each with its text, so that a change prints one entry and not all of them.
        self._entries = {_key(entry): (entry, _text(entry)) for entry in entries}

    def find(self, urn: str) -> Entry | None:
        """The current entry of a URN."""
        with self._lock:
            found = self._entries.get((urn, None))
            return None if found is None else found[0]

    def entries(self) -> list[Entry]:
        """All entries, replaced ones too."""
        with self._lock:
            return [entry for entry, _ in self._entries.values()]

    def put(self, entry: Entry) -> None:
        """Add an entry as the last one, in place of the current one of its URN."""
        entry = Entry(**{**vars(entry), "inputs": recorded(entry.inputs), "outputs": recorded(entry.outputs)})
        text = _text(entry)
        with self._lock:
            self._entries.pop(_key(entry), None)
            self._entries[_key(entry)] = (entry, text)
            change = self._changed()
        self._save(change)

    def mark_replaced(self, entry: Entry) -> None:
        """Keep the entry for its deletion only, before the one that takes its place is put."""
        marked = Entry(**{**vars(entry), "replaced": True})
        with self._lock:
            self._entries = {
                _key(marked) if key == _key(entry) else key: (marked, _text(marked)) if key == _key(entry) else kept
                for key, kept in self._entries.items()
            }
            change = self._changed()
        self._save(change)

    def remove(self, entry: Entry) -> None:
        """Forget an entry."""
        with self._lock:
            del self._entries[_key(entry)]
            change = self._changed()
        self._save(change)

    def _changed(self) -> int:
        self._changes += 1
        return self._changes

    def _save(self, change: int) -> None:
        """Return once the change is on disk; those that come while another is written are written together."""
        with self._disk:
            if self._on_disk >= change:
                return
            with self._lock:
                latest, texts = self._changes, [text for _, text in self._entries.values()]
            self._state.write_text(self._state.resources, f"[{','.join(texts)}]")
            self._on_disk = latest


def _key(entry: Entry) -> tuple[str, str | None]:
    """What tells an entry from all others: of one URN there may be a current one, and others by their id."""
    return entry.urn, entry.id if entry.replaced else None


def _text(entry: Entry) -> str:
    return "\n" + json.dumps(asdict(entry), indent=1)


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
