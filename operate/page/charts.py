"""Plotly figures of a Map Run's children, of a size that does not grow with their number.

Times are seconds since the Map Run started. Colours are tokens that the page fills in for light or dark.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from operate.page.axes import axis, log_scale
from operate.page.palette import token
from operate.page.privacy import masked

if TYPE_CHECKING:
    from datetime import datetime

    from operate.page.facts import Child

Figure = Mapping[str, Any]
Floats = NDArray[np.float64]

DRAWN_ONE_BY_ONE = 400  # children; of more, the timeline shows how many ran and the slowest
TIME_BINS, CHILDREN_PER_BIN = 240, 20  # at most so many bins, of at least so many children on average
DURATION_BINS, FEWEST_BINS = 40, 8
SLOWEST_DRAWN = 15
ROOM = 0.01  # at both ends of a time axis
WIDE_SPREAD = 50  # longest to shortest duration, from where the histogram's bins grow with the duration
SHORTEST_SECONDS = 0.001  # resolution of Step Functions' timestamps
FEW = 4  # at most so many are counted by an axis with a tick for each

MARKED = {"mode": "lines+markers", "marker": {"size": 6, "symbol": "square"}}  # a bar may be shorter than a pixel

STATUSES = {
    "SUCCEEDED": ("succeeded", "succeeded"),
    "FAILED": ("failed", "failed"),
    "TIMED_OUT": ("timed_out", "timed out"),
    "ABORTED": ("aborted", "aborted"),
    "RUNNING": ("running", "running"),
    "PENDING_REDRIVE": ("pending", "pending redrive"),
}


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Children as columns, by their start: seconds from the Map Run's start; a running child ends at ``end``."""

    start: Floats
    stop: Floats
    over: NDArray[np.bool_]
    status: NDArray[np.str_]
    names: tuple[str, ...]
    end: float

    @property
    def seconds(self) -> Floats:
        """How long each child ran so far."""
        return self.stop - self.start


def spans(children: Sequence[Child], began: datetime, ended: datetime | None) -> Spans:
    """Turn children into columns; without ``ended`` the time axis ends at the last thing known of them."""
    ordered = sorted(children, key=lambda child: child.started)
    start = np.array([(child.started - began).total_seconds() for child in ordered])
    known = np.array(
        [np.nan if child.stopped is None else (child.stopped - began).total_seconds() for child in ordered]
    )
    over = ~np.isnan(known)
    last = max((0.0, *start.tolist(), *known[over].tolist()))
    end = last if ended is None else max(last, (ended - began).total_seconds())
    return Spans(
        start=start,
        stop=np.where(over, known, end),
        over=over,
        status=np.array([child.status for child in ordered], dtype=np.str_),
        names=tuple(child.name for child in ordered),
        end=end,
    )


def durations(found: Spans) -> Figure:
    """A histogram of the children that are over, stacked by status."""
    seconds = found.seconds[found.over]
    wide = seconds.max() / max(seconds.min(), SHORTEST_SECONDS) > WIDE_SPREAD
    if wide:
        seconds = np.maximum(seconds, SHORTEST_SECONDS)  # a logarithmic axis has no place for nothing
    low, high = float(seconds.min()), float(seconds.max())
    edges = _duration_edges(low, high, wide=bool(wide), children=len(seconds))
    status = found.status[found.over]
    traces = []
    for name, colour, label in _present(status):
        counts = np.histogram(seconds[status == name], edges)[0]
        filled = counts > 0
        traces.append(
            {
                "type": "bar",
                "name": label,
                "x": _rounded((edges[:-1] + edges[1:])[filled] / 2),
                "width": _rounded(np.diff(edges)[filled]),
                "y": counts[filled].tolist(),
                "customdata": [
                    _interval(left, right) for left, right in zip(edges[:-1][filled], edges[1:][filled], strict=True)
                ],
                "marker": {"color": token(colour), "line": {"width": 1, "color": token("surface")}},
                "hovertemplate": f"%{{customdata}}<br>%{{y:,}} {label}<extra></extra>",
            }
        )
    if wide:
        scale = log_scale(float(edges[0]), float(edges[-1]), "{:,g} s")
    else:
        left, right = float(edges[0]) if low > high / 2 else 0.0, float(edges[-1])
        room = (right - left) * ROOM
        scale = {"range": [left - room, right + room], "ticksuffix": " s", "nticks": 8}
    return {
        "data": traces,
        "layout": {
            "height": 280,
            "barmode": "stack",
            "bargap": 0,
            "xaxis": axis(scale | {"title": "how long a child ran"}),
            "yaxis": axis({"title": "children", **_counts(len(seconds))}),
        },
    }


def _duration_edges(low: float, high: float, *, wide: bool, children: int) -> Floats:
    """Return the bins of a histogram: of a wide spread growing ones, else single milliseconds if these are few."""
    bins = min(DURATION_BINS, max(FEWEST_BINS, round(3 * children**0.5)))
    first, last = round(low / SHORTEST_SECONDS), round(high / SHORTEST_SECONDS)
    if last - first < bins and not wide:
        return np.linspace(first - 0.5, last + 0.5, last - first + 2) * SHORTEST_SECONDS
    edges = (np.geomspace if wide else np.linspace)(low, high, bins + 1)
    edges[0], edges[-1] = low, high  # rounding must not leave out the extremes
    return edges


def timeline(found: Spans) -> Figure:
    """Each child as a bar from its start to its end; of many, how many ran and the slowest."""
    return _one_by_one(found) if len(found.names) <= DRAWN_ONE_BY_ONE else _in_bulk(found)


def concurrency(found: Spans, edges: Floats) -> NDArray[np.int64]:
    """Return the most children that ran at once in each interval between ``edges``."""
    moments = np.concatenate([found.start, found.stop[found.over]])
    steps = np.concatenate([np.ones(len(found.start), np.int64), -np.ones(int(found.over.sum()), np.int64)])
    order = np.argsort(moments, kind="stable")
    moments, running = moments[order], np.cumsum(steps[order])
    last = np.append(moments[1:] != moments[:-1], True)  # who stops as another starts did not run beside it
    moments, running = moments[last], running[last]
    before = np.searchsorted(moments, edges[:-1], side="right")
    most = np.where(before > 0, running[np.maximum(before - 1, 0)], 0)
    bins = np.clip(np.searchsorted(edges, moments, side="right") - 1, 0, len(edges) - 2)
    np.maximum.at(most, bins, running)
    return most


def _one_by_one(found: Spans) -> Figure:
    rows = np.arange(1, len(found.names) + 1)
    thick = max(2, min(14, round(300 / len(rows))))
    return {
        "data": [
            _bars(found, rows, found.status == name, colour, label, thick)
            for name, colour, label in _present(found.status)
        ],
        "layout": {
            "height": max(180, min(440, 90 + 14 * len(rows))),
            "xaxis": axis({"title": "since the Map Run started", "range": _span(found), "ticksuffix": " s"}),
            "yaxis": axis(
                {
                    "title": "children by start",
                    "range": [len(rows) + 0.8, 0.2],
                    "fixedrange": True,
                    "tickformat": ",d",
                    "nticks": 6,
                    "zeroline": False,
                }
            ),
        },
    }


def _in_bulk(found: Spans) -> Figure:
    bins = min(TIME_BINS, len(found.names) // CHILDREN_PER_BIN)
    edges = np.linspace(0, found.end or 1.0, bins + 1)
    width = float(edges[1] - edges[0])
    middle = (edges[:-1] + edges[1:]) / 2
    most = concurrency(found, edges)
    slowest = np.argsort(-found.seconds, kind="stable")[:SLOWEST_DRAWN]
    slowest = slowest[np.argsort(found.start[slowest], kind="stable")]
    few = Spans(
        start=found.start[slowest],
        stop=found.stop[slowest],
        over=found.over[slowest],
        status=found.status[slowest],
        names=tuple(found.names[index] for index in slowest),
        end=found.end,
    )
    rows = np.arange(1, len(slowest) + 1)
    bars = [
        _bars(few, rows, few.status == name, colour, label, 6) | {"yaxis": "y3"} | MARKED
        for name, colour, label in _present(few.status)
    ]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": _rounded(middle),
                "y": most.tolist(),
                "fill": "tozeroy",
                "line": {"color": token("succeeded"), "width": 1.5, "shape": "hvh"},
                "hovertemplate": "%{y:,} at once<extra></extra>",
            },
            _rate(found.start, edges, width, middle, colour="running", label="started"),
            _rate(found.stop[found.over], edges, width, middle, colour="timed_out", label="ended"),
            *bars,
        ],
        "layout": {
            "height": 520,
            "hovermode": "x",
            "xaxis": axis(
                {
                    "title": "since the Map Run started",
                    "range": _span(found),
                    "ticksuffix": " s",
                    "anchor": "y3",
                }
            ),
            "yaxis": axis({"domain": [0.68, 0.95], "nticks": 4, **_counts(int(most.max()))}),
            "yaxis2": axis({"domain": [0.34, 0.58], "nticks": 4, **_counts(len(found.names))}),
            "yaxis3": axis(
                {"domain": [0, 0.24], "range": [len(rows) + 0.8, 0.2], "fixedrange": True}
                | {"ticks": "", "showticklabels": False, "showgrid": False}
            ),
            "annotations": [
                _heading("Children running at once", 1.0),
                _heading("Started and ended per second", 0.63),
                _heading(f"The {len(rows)} slowest", 0.29),
            ],
        },
    }


def _rate(moments: Floats, edges: Floats, width: float, middle: Floats, *, colour: str, label: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _rounded(middle),
        "y": _rounded(np.histogram(moments, edges)[0] / width),
        "yaxis": "y2",
        "line": {"color": token(colour), "width": 1.5, "dash": "solid" if label == "started" else "dot"},
        "hovertemplate": f"%{{y:,.0f}} {label} per second<extra></extra>",
    }


def _bars(
    found: Spans, rows: NDArray[np.int64], chosen: NDArray[np.bool_], colour: str, label: str, thick: int
) -> dict[str, Any]:
    """Draw the chosen children as one trace of separate lines."""
    gap = [None] * int(chosen.sum())
    hints = [
        f"{html.escape(masked(found.names[index]))}<br>{label}, {_seconds(found.seconds[index])}"
        for index in np.flatnonzero(chosen)
    ]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _interleaved(_rounded(found.start[chosen]), _rounded(found.stop[chosen]), gap),
        "y": _interleaved(rows[chosen].tolist(), rows[chosen].tolist(), gap),
        "text": _interleaved(hints, hints, gap),
        "line": {"color": token(colour), "width": thick},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _interleaved(*columns: Sequence[Any]) -> list[Any]:
    return [value for row in zip(*columns, strict=True) for value in row]


def _present(status: NDArray[np.str_]) -> list[tuple[str, str, str]]:
    """List status, colour and label of the statuses that occur."""
    found = set(status.tolist())
    return [(name, *words) for name, words in STATUSES.items() if name in found]


def _counts(most: int) -> dict[str, Any]:
    """Return an axis that counts from 0 to ``most`` in whole numbers."""
    few = {"dtick": 1} if most <= FEW else {}
    return {"rangemode": "tozero", "fixedrange": True, "tickformat": ",~d", **few}


def _heading(text: str, y: float) -> dict[str, Any]:
    return {
        "text": text,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "paper",
        "yanchor": "top",
        "showarrow": False,
    }


def _span(found: Spans) -> list[float]:
    room = (found.end or 1.0) * ROOM
    return [-room, (found.end or 1.0) + room]


def _rounded(values: Floats) -> list[float]:
    """Keep milliseconds, and four digits of what is shorter than a second."""
    return [float(f"{value:.4g}") if abs(value) < 1 else round(float(value), 3) for value in values]


def _interval(left: float, right: float) -> str:
    """Say a bin of the histogram; one of a single millisecond is that millisecond."""
    if right - left < 1.5 * SHORTEST_SECONDS:
        return _seconds((left + right) / 2)
    return f"{_seconds(left)} to {_seconds(right)}"


def _seconds(value: float) -> str:
    return f"{value:.3f} s" if value < 10 else f"{value:,.1f} s"
