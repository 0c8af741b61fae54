"""The report: the JSON object that scripts read, and tables that fit 80 columns."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from operate import report_view
from operate.console import THEME
from operate.cost import model
from operate.execution import Counts
from operate.report import Report
from operate.verification import Check
from tests.unit.operate.answers import EXECUTION, MAP_RUN, execution, map_run

GOOD = Check(name="every highly rated review is there", ok=True, detail="0 of 1,500 missing")
BAD = Check(name="none is there twice", ok=False, detail="1 doubled, e.g. 3,[4],5.0")


def report(**given):
    fields = {
        "use_case": "hello",
        "stack": "local",
        "execution": execution(),
        "map_runs": (map_run(),),
        "cost": model.price([*model.parent_states(2), *model.object_reader(objects=0)]),
        "checks": (GOOD,),
    }
    return Report(**{**fields, **given})


def shown(which, *, columns=80):
    stream = StringIO()
    report_view.show(Console(file=stream, width=columns, theme=THEME, color_system=None), which)
    return stream.getvalue()


def test_json_has_the_promised_shape():
    partly = map_run(
        items=Counts(total=10, succeeded=4, failed=1, timed_out=1, aborted=1, pending=2, running=1),
        executions=Counts(total=2, succeeded=1, aborted=1),
    )
    assert report(map_runs=(partly,)).to_json() == {
        "use_case": "hello",
        "stack": "local",
        "status": "SUCCEEDED",
        "execution_arn": EXECUTION,
        "items": {"total": 10, "succeeded": 4, "failed": 3, "pending": 3},
        "seconds": 2.5,
        "map_runs": [
            {
                "arn": MAP_RUN,
                "label": "Reviews",
                "items": {"total": 10, "succeeded": 4, "failed": 3, "pending": 3},
                "executions": {
                    "pending": 0,
                    "running": 0,
                    "succeeded": 1,
                    "failed": 0,
                    "timed_out": 0,
                    "aborted": 1,
                    "total": 2,
                    "results_written": 0,
                },
                "seconds": 2.0,
            }
        ],
        "cost": {
            "total_usd": 0.00005,
            "lines": [
                {
                    "name": "Step Functions transitions",
                    "quantity": 2,
                    "unit": "transition",
                    "usd": 0.00005,
                    "basis": "states the parent entered",
                },
                {
                    "name": "S3 GET requests",
                    "quantity": 0,
                    "unit": "request",
                    "usd": 0.0,
                    "basis": "objects the reader fetched",
                },
            ],
        },
        "verified": True,
        "checks": [{"name": GOOD.name, "ok": True, "detail": GOOD.detail}],
    }


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"checks": (GOOD, BAD)}, "one check failed"),
        ({"checks": ()}, "nothing was checked"),
        ({"execution": execution("FAILED")}, "the execution failed"),
        ({"execution": execution("ABORTED")}, "the execution was stopped"),
        ({"execution": execution("RUNNING")}, "the execution still runs"),
    ],
)
def test_nothing_less_than_a_success_with_all_checks_counts_as_verified(given, why):
    assert report().verified
    assert not report(**given).verified, why


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit_the_terminal(columns):
    many = Counts(total=100_000_000, succeeded=99_000_000, failed=1_000_000, results_written=100_000_000)
    full = report(map_runs=(map_run(items=many),), checks=(GOOD, BAD))
    lines = [line for line in shown(full, columns=columns).splitlines() if EXECUTION not in line]
    assert max(map(len, lines)) <= columns
    assert any("100,000,000" in line and "99,000,000" in line for line in lines), "counts are not cut"


def test_a_good_run_is_said_in_the_first_line():
    assert shown(report()).splitlines()[1] == "✓ hello on local: SUCCEEDED in 2.5 s, verified"


def test_failed_checks_are_said_in_the_first_line_and_shown_as_they_are():
    said = shown(report(checks=(GOOD, BAD)))
    assert said.splitlines()[1] == "✗ hello on local: SUCCEEDED in 2.5 s, 1 check failed"
    assert "3,[4],5.0" in said, "brackets of a detail are no markup"


def test_states_that_nobody_is_in_have_no_column():
    assert "timed out" not in shown(report())
    assert "timed out" in shown(report(map_runs=(map_run(executions=Counts(total=2, succeeded=1, timed_out=1)),)))


def test_what_was_not_used_is_not_on_the_bill():
    assert "S3 GET requests" not in shown(report())


def test_a_machine_of_nobody_is_reported_but_not_verified():
    said = shown(report(use_case=None, checks=(), execution=execution("FAILED", error="E", cause="because")))
    assert "belongs to no use case" in said
    assert "E: because" in said


def test_a_terminal_without_unicode_gets_words():
    raw = open("/dev/null", "w", encoding="ascii")  # noqa: SIM115, PTH123 - closed below
    try:
        console = Console(file=raw, width=80, theme=THEME)
        assert report_view.headline(console, report()).startswith("[good]ok[/]")
    finally:
        raw.close()
