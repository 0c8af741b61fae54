"""The Pareto front of a sweep: seconds against dollars, as a Plotly figure."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Any

from operate import text
from operate.page.axes import axis, log_scale
from operate.page.palette import token
from operate.page.sweep_model import concurrency_text, front_letters, short_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from operate.sweep.result import Estimate, SweepResult

COLOURS = {"STANDARD": "succeeded", "EXPRESS": "timed_out"}
SYMBOLS = {"STANDARD": "circle", "EXPRESS": "diamond"}
WIDTH, HEIGHT = 270, 300  # pixels of the plot on a phone, the narrowest it is drawn
APART = 20  # pixels between two letters that can both be read
ROOM = 0.12  # around the points, as a share of the axis


def pareto(result: SweepResult) -> Mapping[str, Any]:
    """Return the figure: every estimate, the front as a line, and its letters where there is room."""
    estimates, letters = result.estimates, front_letters(result)
    xs, ys = [_usd(each) for each in estimates], [each.aws_seconds for each in estimates]
    x_axis = log_scale(*_with_room(xs), "${:,g}")
    y_axis = log_scale(*_with_room(ys), "{:,g} s")
    readable = _apart(result, letters, x_axis["range"], y_axis["range"])
    line = sorted(letters, key=lambda index: (xs[index], -ys[index]))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [xs[index] for index in line],
                "y": [ys[index] for index in line],
                "line": {"color": token("muted"), "width": 1.5, "shape": "hv"},
                "hoverinfo": "skip",
            },
            *(
                _points(result, letters, readable, kind)
                for kind in sorted({each.point.execution_type for each in estimates}, reverse=True)
            ),
        ],
        "layout": {
            "height": HEIGHT + 100,
            "xaxis": axis(x_axis | {"title": "cost on AWS"}),
            "yaxis": axis(y_axis | {"title": "time on AWS"}),
        },
    }


def kinds(result: SweepResult) -> tuple[tuple[str, str], ...]:
    """Return colour and label of each execution type among the estimates."""
    found = sorted({each.point.execution_type for each in result.estimates}, reverse=True)
    return tuple((COLOURS[kind], f"{kind} children ({SYMBOLS[kind]}s)") for kind in found)


def _points(result: SweepResult, letters: Mapping[int, str], readable: set[int], kind: str) -> dict[str, Any]:
    chosen = [index for index, each in enumerate(result.estimates) if each.point.execution_type == kind]
    on_front = [index in letters for index in chosen]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [_usd(result.estimates[index]) for index in chosen],
        "y": [result.estimates[index].aws_seconds for index in chosen],
        "text": [letters[index] if index in readable else "" for index in chosen],
        "textposition": "bottom left",
        "textfont": {"color": token("text"), "size": 13},
        "customdata": [_hint(result.estimates[index], letters.get(index)) for index in chosen],
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {
            "color": token(COLOURS[kind]),
            "symbol": SYMBOLS[kind],
            "size": [12 if front else 8 for front in on_front],
            "opacity": [1 if front else 0.55 for front in on_front],
            "line": {"width": 1.5, "color": token("surface")},
        },
        "cliponaxis": False,
    }


def _with_room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    factor = max((high / low) ** ROOM, 1.1)
    return low / factor, high * factor


def _apart(
    result: SweepResult, letters: Mapping[int, str], x_range: Sequence[float], y_range: Sequence[float]
) -> set[int]:
    """Choose points whose letters do not touch on a phone: the recommended one first, then from the fastest on."""

    def place(index: int) -> tuple[float, float]:
        x = (log10(_usd(result.estimates[index])) - x_range[0]) / (x_range[1] - x_range[0]) * WIDTH
        y = (log10(result.estimates[index].aws_seconds) - y_range[0]) / (y_range[1] - y_range[0]) * HEIGHT
        return x, y

    taken: dict[int, tuple[float, float]] = {}
    for index in sorted(letters, key=lambda index: (index != result.recommendation.index, letters[index])):
        x, y = place(index)
        if all(abs(x - other_x) >= APART or abs(y - other_y) >= APART for other_x, other_y in taken.values()):
            taken[index] = (x, y)
    return set(taken)


def _hint(estimate: Estimate, letter: str | None) -> str:
    point = estimate.point
    return (
        f"{f'<b>{letter}</b> ' if letter else ''}{point.execution_type}, batch {point.batch_size:,},"
        f" concurrency {concurrency_text(point.max_concurrency)}, {point.memory_mb:,} MB<br>"
        f"{short_seconds(estimate.aws_seconds)}, {text.usd(estimate.aws_usd)}"
    )


def _usd(estimate: Estimate) -> float:
    """Return the dollars for a logarithmic axis, which has no place for nothing."""
    return max(estimate.aws_usd, text.SMALLEST_USD / 100)
