"""The shared frame of all pages: templates, styles, the chart library once, and a policy that forbids the network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from operate import text
from operate.page import palette

Figure = Mapping[str, Any]

# What `</script>` and `<!--` would end or change inside a script element, and what old parsers take for a line end.
UNSAFE_IN_SCRIPT = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026", "\u2028": r"\u2028", "\u2029": r"\u2029"}


def render(template: str, *, figures: Mapping[str, Figure], **model: Any) -> str:
    """Return the page: ``figures`` are Plotly figures by their element id, drawn by the template's `chart` macro.

    Scripts run only when their hash is in the page's policy, so nothing from data can run. Without figures the
    chart library is left out.
    """
    scripts = [Markup(script) for script in _scripts(with_charts=bool(figures))]  # noqa: S704 - files of packages, not data
    return (
        _environment()
        .get_template(template)
        .render(
            **model,
            csp=_policy(scripts),
            scripts=scripts,
            figures={name: script_json(figure) for name, figure in figures.items()},
            palettes=script_json(palette.COLOURS),
            colours=palette.COLOURS,
            heat=palette.HEAT,
        )
    )


def script_json(value: Any) -> Markup:
    """Return JSON that is safe inside a script element, whatever its texts hold."""
    dumped = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    for character, escaped in UNSAFE_IN_SCRIPT.items():
        dumped = dumped.replace(character, escaped)
    return Markup(dumped)  # noqa: S704 - nothing in it can end the script element


def chart_library() -> str:
    """Return the source of plotly.js as its Python package ships it."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


@cache
def _scripts(*, with_charts: bool) -> tuple[str, ...]:
    own = (resources.files("operate.page") / "templates" / "page.js").read_text(encoding="utf-8")
    return (chart_library(), own) if with_charts else (own,)


def _policy(scripts: list[Markup]) -> str:
    """Allow the page's own scripts by their hashes, inline styles and inline pictures; no request at all."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("operate.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        seconds=text.seconds,
        usd=text.usd,
        short=lambda value: f"{value * 1_000:,.0f} ms" if value < 1 else text.seconds(value),
        quantity=text.quantity,
        counted=text.counted,
        count=lambda number: f"{number:,}",
        rate=lambda rate: f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}",
        percent=lambda share: f"{100 * share:.0f} %",
        size=_size,
        time=_time,
    )
    return environment


def _size(size: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size:,} bytes"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
