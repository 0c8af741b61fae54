"""The page of a sweep: one HTML text from a ``SweepResult``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from operate.page import layout, sweep_chart, sweep_model
from operate.page.privacy import masked

if TYPE_CHECKING:
    from operate.sweep.result import SweepResult


def render(result: SweepResult) -> str:
    """Return the page as HTML, also for a sweep without any estimate."""
    index = result.recommendation.index
    return layout.render(
        "sweep.html",
        figures={"pareto": sweep_chart.pareto(result)} if result.estimates else {},
        result=result,
        created=datetime.fromisoformat(result.created),
        best=None if index is None else result.estimates[index],
        heat_maps=sweep_model.heat_maps(result) if result.estimates else (),
        kinds=sweep_chart.kinds(result),
        rows=sweep_model.rows(result),
        express=sweep_model.express_rows(result),
        concurrency_text=sweep_model.concurrency_text,
        failures=[(each, masked(each.reason)) for each in result.failures],
    )
