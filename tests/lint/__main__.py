"""``python -m tests.lint [FOLDER]``: ask other validators too, and write down where they differ and why."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conformance.cases import CasesNotFoundError, load
from tests.lint import reasons, validators
from tests.lint.report import Verdicts, differences, markdown, unexplained
from tests.lint.validators import Definition, ValidatorMissingError

_ROOT: Final = Path(__file__).parents[2]
_PAGE: Final = _ROOT / "docs" / "validators.md"


def rendered() -> Iterator[Definition]:
    """What the use cases render."""
    for path in sorted((_ROOT / "tests" / "definitions").glob("*.json")):
        yield Definition(name=path.stem, text=path.read_text("utf-8"))


def recorded(folder: Path) -> Iterator[Definition]:
    """The definitions of the recorded cases that are JSON objects, each once. Raises CasesNotFoundError."""
    seen: set[str] = set()
    for case in load(folder):
        for call in case.calls:
            text = call.parameters.get("definition")
            if isinstance(text, str) and text not in seen and _is_object(text):
                seen.add(text)
                yield Definition(name=case.title, text=text, machine_type=call.parameters.get("type", "STANDARD"))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def main() -> int:
    """The exit code: 0 when every difference has a reason."""
    parser = argparse.ArgumentParser(prog="python -m tests.lint", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="recorded cases, as for python -m tests.conformance")
    parser.add_argument("--page", type=Path, default=_PAGE, help="where to write (default: docs/validators.md)")
    options = parser.parse_args()
    definitions = list(rendered())
    try:
        definitions += [] if options.folder is None else recorded(options.folder)
        with tempfile.TemporaryDirectory(prefix="lint-") as folder:
            verdicts = [
                Verdicts(
                    validator="statelint",
                    messages=validators.statelint(definitions, Path(folder)),
                    reasons=reasons.STATELINT,
                ),
                Verdicts(
                    validator="asl-validator",
                    messages=validators.asl_validator(definitions, Path(folder)),
                    reasons=reasons.ASL_VALIDATOR,
                ),
            ]
    except (CasesNotFoundError, ValidatorMissingError) as error:
        print(error, file=sys.stderr)
        return 2
    ours = validators.ours(definitions)
    options.page.write_text(markdown(definitions, ours, verdicts, "python -m tests.lint [FOLDER]"), "utf-8")
    open_questions = [
        difference for verdict in verdicts for difference in unexplained(differences(definitions, ours, verdict))
    ]
    for difference in open_questions:
        print(f"{difference.validator}: no reason for {', '.join(difference.names)}", file=sys.stderr)
    print(f"{len(definitions)} definitions, {len(open_questions)} differences without a reason; see {options.page}")
    return 1 if open_questions else 0


if __name__ == "__main__":
    sys.exit(main())
