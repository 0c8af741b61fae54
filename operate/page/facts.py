"""All that the page of a run shows, as plain values: gathered at one place, turned into a page at another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from operate.execution import MapRun
    from operate.page.failures import Group
    from operate.report import Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A row of ListExecutions for a Map Run; ``stopped`` None while it runs, ``items`` None where AWS gives none."""

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None
    items: int | None

    @property
    def seconds(self) -> float | None:
        """From start to stop; None while it runs."""
        return None if self.stopped is None else (self.stopped - self.started).total_seconds()


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A result file or manifest in S3; ``size`` in bytes, None where it is not known."""

    status: str
    bucket: str
    key: str
    size: int | None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting of a map as it was used; ``origin`` says where its value comes from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class MapFacts:
    """One Map Run with its children; ``notes`` say what could not be read or was left out."""

    map_run: MapRun
    settings: tuple[Setting, ...]
    children: tuple[Child, ...]
    failures: tuple[Group, ...]
    files: tuple[StoredFile, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """A report and what lies behind it. ``endpoint`` None is AWS itself."""

    report: Report
    region: str
    endpoint: str | None
    maps: tuple[MapFacts, ...]

    @property
    def input(self) -> Any:
        """The input of the execution."""
        return self.report.execution.input
