"""Axes in the one style of all charts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

FINE_STEPS, COARSE_STEPS = (1, 2, 5), (1,)
MAX_TICKS = 7  # so that labels do not touch on a phone


def axis(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an axis in the style of all charts."""
    title = {"title": {"text": given["title"], "standoff": 10}} if "title" in given else {}
    return {"automargin": True, "zeroline": False, **given, **title}


def log_scale(low: float, high: float, form: str) -> dict[str, Any]:
    """Return a logarithmic axis from ``low`` to ``high`` (above 0) with round ticks written as ``form`` says."""
    steps = FINE_STEPS if len(_round_numbers(low, high, FINE_STEPS)) <= MAX_TICKS else COARSE_STEPS
    ticks = _round_numbers(low, high, steps)
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [form.format(tick) for tick in ticks],
    }


def _round_numbers(low: float, high: float, steps: tuple[int, ...]) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    numbers = [float(f"{step}e{decade}") for decade in decades for step in steps]
    return [number for number in numbers if low <= number <= high]
