"""``python -m tests.iam [USE_CASE ...]``: take each grant away and see the exercise that needs it fail."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from local.state import StateDir
from operate import local_aws
from operate.console import THEME
from operate.stacks import Stack
from operate.watch import QuietDisplay
from tests.iam.declared import declared
from tests.iam.exercises import EXERCISES
from tests.iam.grants import Grant, Roles
from tests.iam.needs import USE_CASES, need_of, use_case_of
from tests.iam.page import PAGE, by_documentation, markdown

LOGS_SECONDS = 1.2  # the local endpoint asks once a second whether a function may log


def failing(stack: Stack, display: QuietDisplay, use_cases: list[str], when: str) -> list[str]:
    """The exercises that fail though nothing is taken away."""
    found = []
    for exercise in EXERCISES.values():
        if exercise.use_case in use_cases:
            seen = exercise.run(stack, display)
            found += [f"{exercise.name} fails {when}: {seen}"] if seen else []
    return found


def unneeded(stack: Stack, display: QuietDisplay, grants: list[Grant]) -> list[str]:
    """The grants without which their exercise comes through."""
    roles = Roles(stack.client("iam"))
    found = []
    for grant in grants:
        need = need_of(grant)
        if need is None or not need.shown:
            continue
        began = time.monotonic()
        logs = grant.action.startswith("logs:")
        with roles.without(grant):
            time.sleep(LOGS_SECONDS if logs else 0)
            seen = EXERCISES[need.shown].run(stack, display)
        time.sleep(LOGS_SECONDS if logs else 0)
        told = f"{grant.role} without {grant.action} on {grant.resource}: {need.shown}"
        print(f"{time.monotonic() - began:5.1f} s  {told}: {(seen or 'COMES THROUGH')[:200]}", flush=True)
        found += [] if seen else [told]
    return found


def main() -> int:
    """The exit code: 0 when every grant is needed."""
    parser = argparse.ArgumentParser(prog="python -m tests.iam", description=__doc__)
    parser.add_argument("use_cases", nargs="*", choices=[[], *USE_CASES], metavar="USE_CASE", help=", ".join(USE_CASES))
    parser.add_argument("--write", action="store_true", help="write docs/iam.md if all use cases come through")
    options = parser.parse_args()
    use_cases = options.use_cases or list(USE_CASES)
    if options.write and set(use_cases) != set(USE_CASES):
        parser.error("--write takes all use cases")
    grants = sorted(grant for grant in declared() if use_case_of(grant.role) in use_cases)
    page = markdown(declared())
    display = QuietDisplay(Console(stderr=True, theme=THEME))
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="iam-") as folder,
        local_aws.deployed(StateDir(path=Path(folder) / "local"), display, port=0) as stack,
    ):
        deployed = {each for each in Roles(stack.client("iam")).grants() if use_case_of(each.role) in use_cases}
        wrong = [f"granted by only one of program and stack: {each}" for each in sorted(deployed ^ set(grants))]
        wrong += failing(stack, display, use_cases, "at first")
        if not wrong:
            wrong += [f"unneeded: {each}" for each in unneeded(stack, display, grants)]
            wrong += failing(stack, display, use_cases, "at last")
    documented = len(by_documentation(grants))
    print(
        f"{len(grants)} grants: {len(grants) - documented} taken away, {documented} by AWS's documentation,"
        f" {time.monotonic() - began:.0f} s"
    )
    print("\n".join(wrong))
    if options.write and not wrong:
        PAGE.write_text(page, "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
