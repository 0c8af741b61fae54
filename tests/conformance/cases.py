"""The recorded cases: the API calls of a test, and what AWS answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class CasesNotFoundError(Exception):
    """The folder holds no cases."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API call, in boto3's names."""

    service: str
    operation: str
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """``calls`` in their order and ``answers`` in the order in which they were recorded, by name."""

    id: str
    group: str
    recorded: str  # ISO date
    calls: tuple[Call, ...]
    answers: dict[str, Any]

    @property
    def title(self) -> str:
        """The id without its group."""
        return self.id.removeprefix(f"{self.group}/")


def load(folder: Path) -> list[Case]:
    """All cases of the folder's ``*.json``, by file name. Raises CasesNotFoundError."""
    files = sorted(folder.glob("*.json"))
    cases = [_case(record) for file in files for record in json.loads(file.read_text("utf-8"))]
    if not cases:
        raise CasesNotFoundError(f"no *.json with recorded cases in {folder}; give the folder that holds them")
    return cases


def _case(record: dict[str, Any]) -> Case:
    return Case(
        id=record["id"],
        group=record["group"],
        recorded=_iso_date(record["recorded"]),
        calls=tuple(Call(**call) for call in record["calls"]),
        answers=record["answers"],
    )


def _iso_date(recorded: str) -> str:
    """``17-03-2024, 11:09:25`` as ``2024-03-17``, which sorts."""
    day, month, year = recorded.partition(",")[0].split("-")
    return f"{year}-{month}-{day}"
