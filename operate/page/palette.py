"""The colours of all pages, for light and dark: told apart also by colour-blind eyes, and always beside a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Mode = Literal["light", "dark"]

# Chosen so that any two differ by at least 0.1 in OKLab, also under full protanopia, deuteranopia and tritanopia
# (Machado, Oliveira and Fernandes 2009), and each has a contrast of 3:1 or more against the surface (WCAG 2.2, 1.4.11).
STATUS: Mapping[Mode, Mapping[str, str]] = {
    "light": {
        "succeeded": "#164c8f",
        "failed": "#b92a06",
        "timed_out": "#b27f13",
        "aborted": "#7b0e54",
        "running": "#197d6a",
        "pending": "#8b93a0",
    },
    "dark": {
        "succeeded": "#3b8ee0",
        "failed": "#d6642f",
        "timed_out": "#edd789",
        "aborted": "#daa0c1",
        "running": "#8ff0f7",
        "pending": "#6e7887",
    },
}

# Surfaces and text; text has 4.5:1 or more against every surface (WCAG 2.2, 1.4.3).
BASE: Mapping[Mode, Mapping[str, str]] = {
    "light": {
        "page": "#f6f7f9",
        "surface": "#ffffff",
        "text": "#1a212b",
        "muted": "#5a6472",
        "line": "#dfe3e8",
        "grid": "#e8ebef",
        "accent": "#164c8f",
        "good": "#0b6b3f",
        "bad": "#b92a06",
    },
    "dark": {
        "page": "#0f1216",
        "surface": "#161a20",
        "text": "#e6e9ee",
        "muted": "#9aa4b2",
        "line": "#2c333d",
        "grid": "#262c35",
        "accent": "#7db4f0",
        "good": "#6fcf97",
        "bad": "#f0885c",
    },
}

# Backgrounds of heat map cells from the best to the worst value; the page's text colour is readable on each.
HEAT: Mapping[Mode, tuple[str, ...]] = {
    "light": ("#f2f7fd", "#e0ecf9", "#cbdff4", "#b3d0ee", "#99bfe6", "#7fadde", "#6a9cd3"),
    "dark": ("#1b232d", "#1e2c3d", "#20364e", "#21405f", "#224a71", "#235483", "#235e95"),
}
HEAT_STEPS = 7

COLOURS: Mapping[Mode, Mapping[str, str]] = {
    "light": {**BASE["light"], **STATUS["light"]},
    "dark": {**BASE["dark"], **STATUS["dark"]},
}

COLOUR_PREFIX = "palette:"  # a colour of a figure is `palette:succeeded`; the page fills it in for light or dark


def token(name: str) -> str:
    """Name a colour so that a figure follows the page's light or dark; KeyError for a name that is none."""
    if name not in COLOURS["light"]:
        raise KeyError(f"no colour is named {name!r}: known are {', '.join(COLOURS['light'])}")
    return COLOUR_PREFIX + name
