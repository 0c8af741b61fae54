"""Scan a stream of bytes: how many finds, and the last four digits of each. Memory does not grow with the object.

A find counts once wherever the stream is cut: of each block the middle is searched as it is, and what lies near a
cut is searched in a short piece that spans it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from handlers.ssn_scan.identifiers import LAST, Identifier

_NO_DIGITS: Final = re.compile(rb"\D+")
MAX_TOLD: Final = 1_000
"""Finds of one identifier whose last four digits are kept; all are counted. A message may have 256 KiB."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What one identifier was found in one object; ``last_four`` in order of place, at most MAX_TOLD."""

    count: int = 0
    last_four: list[str] = field(default_factory=list)

    def add(self, digits: bytes) -> None:
        """Take one find; nothing of it is kept but its last four digits."""
        self.count += 1
        if self.count <= MAX_TOLD:
            self.last_four.append(digits[-LAST:].decode("ascii"))


@dataclass(slots=True, kw_only=True)
class Scan:
    """The findings of one object by name of the identifier, and its size in bytes as they were scanned."""

    findings: dict[str, Findings]
    scanned_bytes: int = 0

    @property
    def count(self) -> int:
        """Finds of all identifiers."""
        return sum(each.count for each in self.findings.values())


def scan(blocks: Iterable[bytes], identifiers: tuple[Identifier, ...]) -> Scan:
    """Scan one object that comes in blocks of any size."""
    result = Scan(findings={each.name: Findings() for each in identifiers})
    near = max(max(each.reach, each.longest) for each in identifiers)
    tail = b""
    for block in _at_least(blocks, 2 * near):
        result.scanned_bytes += len(block)
        start = max(0, len(tail) - near)
        if len(block) < 2 * near:  # the last one
            tail += block
            break
        _search(tail + block[: 2 * near], start, len(tail) + near, identifiers, result)
        _search(block, near, len(block) - near, identifiers, result)
        tail = block[-2 * near :]
    else:
        start = max(0, len(tail) - near)
    _search(tail, start, len(tail), identifiers, result)
    return result


def _search(piece: bytes, first: int, end: int, identifiers: tuple[Identifier, ...], result: Scan) -> None:
    """Add the finds whose anchor lies from ``first`` to before ``end``."""
    for each in identifiers:
        findings = result.findings[each.name]
        for match in each.anchored.finditer(piece, first):
            anchor = match.start()
            if anchor >= end:
                break
            before = each.before.search(piece, max(0, anchor - each.reach), anchor)
            if before is None:
                continue
            digits = _NO_DIGITS.sub(b"", before[0] + match[0])
            if each.valid(digits):
                findings.add(digits)


def _at_least(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in blocks of ``size`` or more; only the last may be shorter."""
    waiting = b""
    for block in blocks:
        waiting = waiting + block if waiting else block
        if len(waiting) >= size:
            yield waiting
            waiting = b""
    if waiting:
        yield waiting
