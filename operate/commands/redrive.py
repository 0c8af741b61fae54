"""`distmap redrive`: let an execution go on where it stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from operate.commands.common import ask_to_stop, display, finish

WAIT_SECONDS = 3600.0


def redrive(
    execution_arn: Annotated[str, typer.Argument(help="ARN of an execution that failed, timed out or was stopped.")],
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the end.")] = WAIT_SECONDS,
    watch: Annotated[bool, typer.Option(help="Show the run as it goes on.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    stack: Annotated[str, typer.Option(help="local, or a Pulumi stack: dev, prod.")] = "local",
) -> None:
    """Go on with an execution that did not succeed: what succeeded stays, the rest runs again; verify, report.

    Exit code 0 only if the execution succeeded now and every check is ok. Ctrl-C is as in `distmap run`.
    """
    from operate import runs, stacks
    from operate.errors import UsageError
    from operate.redrive import redrive as go_on

    if timeout <= 0:
        raise UsageError(f"--timeout must be more than 0 seconds, got {timeout:g}")
    arn = runs.checked_execution_arn(execution_arn)
    report = go_on(stacks.load(stack), arn, display(watch=watch), timeout=timeout, ask_to_stop=ask_to_stop)
    finish(report, as_json=as_json)
