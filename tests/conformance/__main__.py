"""``python -m tests.conformance [PATH]``: replay recorded cases, compare, report; exit code 0 when enough pass."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from tests.conformance import cases, report
from tests.conformance.run import run

DEFAULT_PATH = Path(__file__).resolve().parents[3] / "shared" / "conformance"
AT_LEAST = 0.97


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 when the share of passed cases is reached, 1 when not, 2 when nothing could be run."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        found = cases.load(options.path)
    except cases.CasesNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    chosen = [
        case
        for case in found
        if (not options.group or case.group in options.group) and (not options.case or options.case in case.id)
    ]
    if not chosen:
        groups = ", ".join(sorted({case.group for case in found}))
        print(f"none of the {len(found)} cases is chosen; the groups are {groups}", file=sys.stderr)
        return 2
    results = run(chosen)
    report.show(results, console, verbose=options.verbose)
    if options.json:
        options.json.write_text(json.dumps(report.as_json(results), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0 if report.share(results) >= options.at_least else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=DEFAULT_PATH, help="folder of the cases")
    parser.add_argument("--group", action="append", help="only this group (may be given again)")
    parser.add_argument("--case", metavar="SUBSTRING", help="only cases whose id holds this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all verdicts and differences here")
    parser.add_argument("--verbose", action="store_true", help="show the first differences of each failed case")
    parser.add_argument("--at-least", type=float, default=AT_LEAST, help="share that must pass (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
