"""Shows the verdicts: a table by group, the reasons, and the first differences of what failed."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.conformance.compare import Difference, plain

if TYPE_CHECKING:
    from tests.conformance.run import Result

DIFFERENCES_SHOWN = 4
VALUE_SHOWN = 400  # characters
VERDICTS = ("passed", "failed", "out of scope")


def counts(results: list[Result]) -> dict[str, Counter[str]]:
    """The number of cases by group and verdict."""
    found: dict[str, Counter[str]] = {}
    for result in results:
        found.setdefault(result.case.group, Counter())[result.verdict] += 1
    return found


def share(results: list[Result]) -> float:
    """The share of passed cases in those that are in scope; 1.0 when none is."""
    in_scope = [result for result in results if result.verdict != "out of scope"]
    return sum(result.verdict == "passed" for result in in_scope) / len(in_scope) if in_scope else 1.0


def show(results: list[Result], console: Console, *, verbose: bool) -> None:
    """Print the table, the cases that failed, and those out of scope with their reasons."""
    table = Table(title="Answers compared with those that AWS recorded", title_justify="left")
    table.add_column("group")
    for verdict in VERDICTS:
        table.add_column(verdict, justify="right")
    total: Counter[str] = Counter()
    for group, found in counts(results).items():
        table.add_row(group, *(_number(found[verdict]) for verdict in VERDICTS))
        total += found
    table.add_section()
    table.add_row("all", *(_number(total[verdict]) for verdict in VERDICTS))
    console.print(table)
    for result in results:
        if result.verdict == "failed":
            console.print(f"[red]failed[/red] {escape(result.case.id)}", soft_wrap=True)
            _show_differences(result, console, verbose=verbose)
        if result.verdict == "out of scope":
            console.print(f"[yellow]out of scope[/yellow] {escape(result.case.id)}: {result.reason}", soft_wrap=True)
    console.print(f"{share(results):.1%} of the cases in scope pass.")


def _number(count: int) -> str:
    return str(count) if count else ""


def _show_differences(result: Result, console: Console, *, verbose: bool) -> None:
    if not verbose:
        return
    for difference in result.differences[:DIFFERENCES_SHOWN]:
        console.print(f"  {difference.path}", markup=False, soft_wrap=True)
        console.print(f"    expected {_value(difference.expected)}", markup=False, soft_wrap=True)
        console.print(f"    got      {_value(difference.got)}", markup=False, soft_wrap=True)
    left = len(result.differences) - DIFFERENCES_SHOWN
    if left > 0:
        console.print(f"  and {left} more", markup=False)


def _value(value: Any) -> str:
    text = json.dumps(plain(value), ensure_ascii=False)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}... ({len(text)} characters)"


def as_json(results: list[Result]) -> dict[str, Any]:
    """The verdicts for a program: counts by group, and each case with all its differences."""
    return {
        "share": share(results),
        "groups": {
            group: {verdict: found[verdict] for verdict in VERDICTS} for group, found in counts(results).items()
        },
        "cases": [
            {
                "id": result.case.id,
                "group": result.case.group,
                "verdict": result.verdict,
                "reason": result.reason,
                "seconds": round(result.seconds, 2),
                "differences": [_difference(difference) for difference in result.differences],
            }
            for result in results
        ],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {"path": difference.path, "expected": plain(difference.expected), "got": plain(difference.got)}
