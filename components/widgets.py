"""Dashboard widgets as plain values, and the grid that they are laid out on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Widget: TypeAlias = dict[str, Any]

# "Dashboard body structure and syntax", Amazon CloudWatch API Reference
GRID_COLUMNS = 24
COLUMNS_PER_WIDGET = 8
ROWS_PER_WIDGET = 6
PERIOD_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Metrics of one namespace on the same dimensions, drawn in one graph."""

    title: str
    namespace: str
    names: tuple[str, ...]
    dimensions: Mapping[str, str]
    statistics: tuple[str, ...] = ("Sum",)

    def widget(self, region: str) -> Widget:
        place = [part for dimension in self.dimensions.items() for part in dimension]
        return {
            "type": "metric",
            "width": COLUMNS_PER_WIDGET,
            "height": ROWS_PER_WIDGET,
            "properties": {
                "title": self.title,
                "region": region,
                "view": "timeSeries",
                "period": PERIOD_SECONDS,
                "metrics": [
                    [self.namespace, name, *place, {"stat": statistic, "label": self._label(name, statistic)}]
                    for name in self.names
                    for statistic in self.statistics
                ],
            },
        }

    def _label(self, name: str, statistic: str) -> str:
        return name if len(self.statistics) == 1 else f"{name} {statistic}"


def errors_widget(log_group: str, region: str) -> Widget:
    """The latest failures that a state machine logged, without their data."""
    query = (
        f"SOURCE '{log_group}' | fields @timestamp, type, execution_arn, details.error"
        " | filter type like /Failed|TimedOut|Aborted/ | sort @timestamp desc | limit 50"
    )
    return {
        "type": "log",
        "width": GRID_COLUMNS,
        "height": ROWS_PER_WIDGET,
        "properties": {"title": "Failures", "region": region, "query": query, "view": "table"},
    }


def heading(text: str) -> Widget:
    """A line of text over the full width."""
    return {"type": "text", "width": GRID_COLUMNS, "height": 1, "properties": {"markdown": f"## {text}"}}


def dashboard_body(sections: Mapping[str, Sequence[Widget]]) -> dict[str, Any]:
    """The body of a dashboard: sections that have widgets under their headings, each in its place on the grid."""
    placed: list[Widget] = []
    x = y = row_height = 0
    for title, widgets in sections.items():
        if not widgets:
            continue
        for widget in (heading(title), *widgets):
            if x + widget["width"] > GRID_COLUMNS:
                x, y, row_height = 0, y + row_height, 0
            placed.append({**widget, "x": x, "y": y})
            x += widget["width"]
            row_height = max(row_height, widget["height"])
        x, y, row_height = 0, y + row_height, 0
    return {"widgets": placed}


def arn_region(arn: str) -> str:
    """The Region that an ARN names."""
    return arn.split(":")[3]
