"""From facts about a run to what its page says: pure, so that every number on the page can be tested."""

from __future__ import annotations

import heapq
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import orjson

from operate.page import charts
from operate.page.failures import ERRORS_SHOWN
from operate.page.privacy import INPUT_CHARS, excerpt, masked, masked_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operate.execution import Counts
    from operate.page.charts import Figure, Spans
    from operate.page.facts import Child, MapFacts, RunFacts, Setting, StoredFile
    from operate.page.failures import Group
    from operate.report import Report

MAPS_DRAWN = 8  # Map Runs with charts and tables of their own; further ones are counted only
SLOWEST_LISTED = 15
FILES_LISTED = 20
STATES = ("succeeded", "failed", "timed_out", "aborted", "running", "pending")
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of a Map Run's items or children are in one state; ``percent`` of all of them."""

    state: str
    number: int
    percent: float


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The items or the children of a Map Run by state, without the states that none is in."""

    unit: str
    total: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Seconds that the children which are over took, as quantiles by linear interpolation."""

    children: int
    shortest: float
    median: float
    p95: float
    p99: float
    longest: float


@dataclass(frozen=True, kw_only=True)
class SlowChild:
    """A child among the slowest; ``after`` and ``seconds`` count from the Map Run's and its own start."""

    name: str
    arn: str
    status: str
    items: int | None
    after: float
    seconds: float
    link: str | None


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A result file with its address in S3, and in the console when the run was on AWS."""

    status: str
    uri: str
    size: int | None
    link: str | None


@dataclass(frozen=True, kw_only=True)
class MapView:
    """A Map Run as the page shows it; ``figures`` is empty when no child has started."""

    label: str
    arn: str
    status: str
    seconds: float | None
    items_per_second: float | None
    progress: tuple[Progress, ...]
    settings: tuple[Setting, ...]
    durations: Durations | None
    statuses: tuple[tuple[str, str], ...]  # colour and label of each status that occurs
    in_bulk: bool
    slowest: tuple[SlowChild, ...]
    failures: tuple[Group, ...]
    failures_left_out: int
    failed_children: int
    failed_items: int
    failed_alone: int
    files: tuple[FileRow, ...]
    files_left_out: int
    notes: tuple[str, ...]
    figures: Mapping[str, Figure]


@dataclass(frozen=True, kw_only=True)
class RunPage:
    """Everything on the page of a run."""

    report: Report
    arn: str
    place: str
    link: str | None
    verdict: str
    maps: tuple[MapView, ...]
    counted_only: tuple[MapView, ...]
    input: str

    def to_json(self) -> dict[str, Any]:
        """Return the report's JSON object with what the page shows beyond it, masked as the page is."""
        execution = self.report.execution
        extended = self.report.to_json() | {
            "started": execution.started.isoformat(),
            "stopped": None if execution.stopped is None else execution.stopped.isoformat(),
            "error": None if execution.error is None else excerpt(execution.error),
            "cause": None if execution.cause is None else excerpt(execution.cause),
            "input_excerpt": self.input,
            "details": [_map_json(view) for view in (*self.maps, *self.counted_only)],
        }
        result: dict[str, Any] = masked_json(extended)
        return result


def page_of(facts: RunFacts) -> RunPage:
    """Turn facts into the page."""
    views = tuple(_map_view(number, each, facts) for number, each in enumerate(facts.maps, 1))
    return RunPage(
        report=facts.report,
        arn=masked(facts.report.execution.arn),
        place=facts.region if facts.endpoint is None else f"AWS on localhost, {facts.endpoint}",
        link=_execution_link(facts, facts.report.execution.arn),
        verdict=_verdict(facts.report),
        maps=views[:MAPS_DRAWN],
        counted_only=views[MAPS_DRAWN:],
        input=excerpt(orjson.dumps(masked_json(facts.input), option=orjson.OPT_INDENT_2).decode(), INPUT_CHARS),
    )


def _verdict(report: Report) -> str:
    if report.verified:
        return "verified"
    wrong = sum(not check.ok for check in report.checks)
    if wrong:
        return f"{wrong} of {len(report.checks)} checks failed"
    return "not verified"


def _map_view(number: int, facts: MapFacts, run: RunFacts) -> MapView:
    map_run = facts.map_run
    spans = charts.spans(facts.children, map_run.started, map_run.stopped)
    figures: dict[str, Figure] = {}
    if facts.children:
        figures[f"timeline-{number}"] = charts.timeline(spans)
    if spans.over.any():
        figures[f"durations-{number}"] = charts.durations(spans)
    took = map_run.seconds
    return MapView(
        label=map_run.label,
        arn=map_run.arn,
        status=map_run.status,
        seconds=took,
        items_per_second=map_run.items.finished / took if took else None,
        progress=(_progress("items", map_run.items), _progress("children", map_run.executions)),
        settings=facts.settings,
        durations=_durations(spans),
        statuses=tuple(words for name, words in charts.STATUSES.items() if name in set(spans.status.tolist())),
        in_bulk=len(facts.children) > charts.DRAWN_ONE_BY_ONE,
        slowest=_slowest(facts, run),
        failures=facts.failures[:ERRORS_SHOWN],
        failures_left_out=sum(group.items for group in facts.failures[ERRORS_SHOWN:]),
        failed_children=sum(group.children for group in facts.failures),
        failed_items=sum(group.items for group in facts.failures),
        failed_alone=sum(group.alone for group in facts.failures),
        files=tuple(_file_row(file, run) for file in facts.files[:FILES_LISTED]),
        files_left_out=max(0, len(facts.files) - FILES_LISTED),
        notes=tuple(masked(note) for note in facts.notes),
        figures=figures,
    )


def _progress(unit: str, counts: Counts) -> Progress:
    numbers = {state: getattr(counts, state) for state in STATES}
    return Progress(
        unit=unit,
        total=counts.total,
        shares=tuple(
            Share(state=state, number=number, percent=100 * number / counts.total if counts.total else 0.0)
            for state, number in numbers.items()
            if number
        ),
    )


def _durations(spans: Spans) -> Durations | None:
    seconds = spans.seconds[spans.over]
    if not len(seconds):
        return None
    shortest, median, p95, p99, longest = np.quantile(seconds, (0, 0.5, 0.95, 0.99, 1)).tolist()
    return Durations(children=len(seconds), shortest=shortest, median=median, p95=p95, p99=p99, longest=longest)


def _slowest(facts: MapFacts, run: RunFacts) -> tuple[SlowChild, ...]:
    over = (child for child in facts.children if child.stopped is not None)
    return tuple(
        SlowChild(
            name=masked(child.name),
            arn=masked(child.arn),
            status=charts.STATUSES[child.status][1],
            items=child.items,
            after=(child.started - facts.map_run.started).total_seconds(),
            seconds=child.seconds or 0.0,
            link=_execution_link(run, child.arn),
        )
        for child in heapq.nlargest(SLOWEST_LISTED, over, key=_seconds_of)
    )


def _seconds_of(child: Child) -> float:
    return child.seconds or 0.0


def _file_row(file: StoredFile, run: RunFacts) -> FileRow:
    link = None
    if run.endpoint is None:
        link = (
            f"https://{_console(run)}/s3/object/{_quoted(file.bucket)}?region={run.region}&prefix={_quoted(file.key)}"
        )
    return FileRow(
        status=file.status, uri=masked(f"s3://{file.bucket}/{file.key}"), size=file.size, link=link and masked(link)
    )


def _execution_link(run: RunFacts, arn: str) -> str | None:
    """Address an execution in the console; None on localhost, which has none."""
    if run.endpoint is not None:
        return None
    return f"https://{run.region}.{_console(run)}/states/home?region={run.region}#/v2/executions/details/{_quoted(masked(arn))}"


def _console(run: RunFacts) -> str:
    return CONSOLES.get(run.report.execution.arn.split(":")[1], CONSOLES["aws"])


def _quoted(text: str) -> str:
    return quote(text, safe=":/")


def _map_json(view: MapView) -> dict[str, Any]:
    left_out = ("figures", "statuses", "in_bulk", "progress")
    return {name: value for name, value in asdict(view).items() if name not in left_out}
