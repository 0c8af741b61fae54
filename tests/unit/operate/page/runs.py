"""Made-up runs and sweeps of any size, and a reader of the pages about them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

from operate.cost import model
from operate.execution import Counts
from operate.page.facts import Child, MapFacts, RunFacts, Setting, StoredFile
from operate.page.failures import Tally
from operate.plan.workload import Point
from operate.report import Report
from operate.sweep.result import Estimate, ExpressAnswer, Failure, Recommendation, SweepResult, Trial
from operate.verification import Check
from tests.unit.operate.answers import MAP_RUN, STARTED, execution, map_run

VOID = {"meta", "link", "img", "br", "hr", "input", "base"}


def child(number: int, *, start: float, seconds: float | None, status: str = "SUCCEEDED", name: str = "") -> Child:
    name = name or f"{number:08x}-0000"
    return Child(
        arn=f"arn:aws:states:us-east-1:000000000000:execution:hello/Reviews:{name}",
        name=name,
        status=status,
        started=STARTED + timedelta(seconds=start),
        stopped=None if seconds is None else STARTED + timedelta(seconds=start + seconds),
        items=10,
    )


def children(count: int) -> tuple[Child, ...]:
    """Children that start every 10 ms and run for 1 to 1.96 seconds, each 50th of which fails."""
    return tuple(
        child(
            number,
            start=number / 100,
            seconds=1 + number % 97 / 100,
            status="FAILED" if number % 50 == 49 else "SUCCEEDED",
        )
        for number in range(count)
    )


def facts(found: tuple[Child, ...], **given: Any) -> RunFacts:
    """A run with one Map Run of these children; ``given`` replaces fields of the run, the report or the Map Run."""
    failed = sum(each.status == "FAILED" for each in found)
    counts = Counts(total=len(found), succeeded=len(found) - failed, failed=failed)
    last = max((each.stopped for each in found if each.stopped), default=STARTED)
    run = map_run(executions=counts, items=counts, stopped=last)
    report = {
        "use_case": "hello",
        "stack": "local",
        "execution": execution(input={"key": "reviews.csv"}),
        "map_runs": (run,),
        "cost": model.price(model.parent_states(2)),
        "checks": (Check(name="all there", ok=True, detail="0 missing"),),
    }
    maps = {
        "map_run": run,
        "settings": (Setting(name="Items per batch", value="10", origin="definition"),),
        "children": found,
        "failures": (),
        "files": (StoredFile(status="SUCCEEDED", bucket="results", key="out/SUCCEEDED_0.json", size=1_200_000),),
        "notes": (),
    }
    return RunFacts(
        report=Report(**{name: given.get(name, value) for name, value in report.items()}),
        region="us-east-1",
        endpoint=given.get("endpoint", "http://127.0.0.1:4566"),
        maps=given.get("maps", (MapFacts(**{name: given.get(name, value) for name, value in maps.items()}),)),
    )


def tallied(*texts: str) -> tuple[Any, ...]:
    """One failed child and one failed item whose every text is each of ``texts``."""
    tally = Tally()
    for each in texts:
        tally.add_child(status="FAILED", error=each, cause=each, given=each, child=f"{MAP_RUN}{each}")
        tally.add_item({"key": each, "error": each, "cause": each}, child=each)
    return tally.groups()


def point(kind: str = "STANDARD", batch: int = 10, width: int = 100, memory: int = 1_769) -> Point:
    return Point(execution_type=kind, batch_size=batch, max_concurrency=width, memory_mb=memory)


def estimate(at: Point, *, seconds: float, usd: float, longest: float = 3.0) -> Estimate:
    return Estimate(
        point=at,
        items=1_000,
        local_seconds=2 * seconds,
        local_error=0.1,
        aws_seconds=seconds,
        aws_usd=usd,
        bottleneck="concurrency",
        longest_child_seconds=longest,
        express=ExpressAnswer(allowed=longest < 250, longest_seconds=longest, margin=1 - longest / 300),
    )


def sweep(**given: Any) -> SweepResult:
    """A sweep over two types, two batch sizes and two concurrencies, with one point failed and one not tried."""
    grid = list(itertools.product(("STANDARD", "EXPRESS"), (1, 100), (10, 1_000)))
    estimates = tuple(
        estimate(point(kind, batch, width), seconds=8_000 / width + 100 / batch, usd=0.05 + 1 / batch + width / 1e5)
        for kind, batch, width in grid[:-2]
    )
    fields: dict[str, Any] = {
        "use_case": "noaa",
        "stack": "local",
        "created": "2026-01-02T03:04:05+00:00",
        "items": 1_000,
        "noun": "object",
        "trials": (
            Trial(
                point=estimates[0].point,
                items=100,
                seconds=(1.0, 1.5, 1.2),
                children=10,
                child_seconds_max=0.5,
                billed_seconds=2.0,
                cost_usd=0.01,
                executions=("arn",),
            ),
        ),
        "checks": (),
        "failures": (Failure(point=point(*grid[-2]), items=100, reason="it timed out"),),
        "calibration": None,
        "estimates": estimates,
        "front": (3, 2),
        "recommendation": Recommendation(index=3, sentence="batch 100 it is", constraint=""),
        "assumptions": {},
    }
    return SweepResult(**{**fields, **given})


@dataclass
class Element:
    """One element as the parser met it; ``text`` is all text directly inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """The elements of a page in order; reading fails when one is closed that is not open."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1].text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    @property
    def words(self) -> str:
        """Everything that a reader sees, with single blanks."""
        hidden = ("script", "style")
        return " ".join(" ".join(each.text for each in self.elements if each.tag not in hidden).split())


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert not page.open, f"left open: {[each.tag for each in page.open]}"
    return page
