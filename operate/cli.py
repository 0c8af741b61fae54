"""The `distmap` command: what can be asked for. What is done lies in the modules beside this one."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from operate import console
from operate.commands.common import ask_to_stop as _ask_to_stop
from operate.commands.common import display as _display
from operate.commands.common import finish as _finish
from operate.commands.cost import cost
from operate.commands.redrive import redrive
from operate.commands.sweep import sweep
from operate.errors import INTERRUPTED_EXIT_CODE, OperateError, message_of

if TYPE_CHECKING:
    from local.server import Server
    from operate.stacks import Stack

DEFAULT_PORT = 4566
DEFAULT_TIMEOUT_SECONDS = 3600.0

app = typer.Typer(
    name="distmap",
    help="Large-scale data processing on AWS Step Functions Distributed Map: run it here, know its cost.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Every command takes --debug, which shows the traceback of a failure.",
)
local = typer.Typer(help="AWS on localhost, with the program deployed to it.", rich_markup_mode=None)
app.add_typer(local, name="local")

StackOption = Annotated[str, typer.Option(help="local, or a Pulumi stack: dev, prod.")]
WatchOption = Annotated[bool, typer.Option(help="Show the run as it goes on.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


@local.command()
def up(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the endpoint; 0 takes a free one.")
    ] = DEFAULT_PORT,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running and return.")] = False,
) -> None:
    """Start AWS on localhost and deploy. Without --detach it runs until Ctrl-C, and is torn down then."""
    from local.server import running
    from local.state import StateDir
    from operate import local_aws, stacks

    state, display = StateDir.of(stacks.LOCAL), _display(watch=True)
    stack = local_aws.bring_up(state, display, port=port, detach=detach)
    if detach:
        _show_deployed(stack, running(state))
        return
    try:
        with suppress(KeyboardInterrupt):  # the usual way to end it
            _show_deployed(stack, running(state))
            display.step("running until Ctrl-C")
            local_aws.wait_until_it_ends(state)
    finally:
        local_aws.take_down(state, display)


@local.command()
def down() -> None:
    """Delete what was deployed, newest first, and stop AWS on localhost."""
    from local.state import StateDir
    from operate import local_aws, stacks

    if not local_aws.take_down(StateDir.of(stacks.LOCAL), _display(watch=True)):
        typer.echo("AWS on localhost is not running")


@local.command()
def status() -> None:
    """Show whether AWS on localhost is up and what is deployed; exit code 1 when it is not up."""
    from local import server
    from local.state import StateDir
    from operate import local_aws, stacks

    state = StateDir.of(stacks.LOCAL)
    current = server.status(state)
    typer.echo(local_aws.description(state, current))
    raise typer.Exit(0 if current.condition == "running" else 1)


@local.command()
def env() -> None:
    """Print the `export` lines that point AWS tools to it: eval "$(distmap local env)"."""
    from local.server import running
    from local.state import StateDir
    from operate import local_aws, stacks

    typer.echo(local_aws.exports(running(StateDir.of(stacks.LOCAL))))


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def datagen(context: typer.Context) -> None:
    """Make data sets, each with its truth: distmap datagen DATASET --to s3://bucket/prefix."""
    from datagen.cli import app as data_sets

    raise typer.Exit(_invoke(data_sets, context.args or ["--help"], name="distmap datagen"))


@app.command()
def run(
    usecase: Annotated[str, typer.Argument(help="Which use case; an unknown name lists them.")],
    scale: Annotated[str, typer.Option(help="tiny, demo or full.")] = "demo",
    count: Annotated[int | None, typer.Option(help="How many records to generate, instead of a scale.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other data of the same kind.")] = 1,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a knob of the run; repeatable.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the end.")] = DEFAULT_TIMEOUT_SECONDS,
    watch: WatchOption = True,
    as_json: JsonOption = False,
    stack: StackOption = "local",
) -> None:
    """Generate the data if they are missing, run, verify every result against the truth, report.

    Exit code 0 only if the execution succeeded and every check is ok. Ctrl-C stops the execution (on a terminal it
    asks first); results of a stopped run are never reported as right.
    """
    from operate import runs, stacks

    request = runs.request_for(
        usecase, scale=scale, count=count, seed=seed, assignments=assignments or [], timeout=timeout
    )
    report_ = runs.run(request, stacks.load(stack), _display(watch=watch), ask_to_stop=_ask_to_stop)
    _finish(report_, as_json=as_json)


@app.command()
def report(
    execution_arn: Annotated[str, typer.Argument(help="ARN of an execution of this stack.")],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page to this file too, and its JSON beside it.")
    ] = None,
    as_json: JsonOption = False,
    stack: StackOption = "local",
) -> None:
    """Show what an execution did, took and cost, and verify its results again.

    The page of --html is self-contained: counts, durations, a timeline, the slowest children, failures, costs.
    """
    from operate import runs, stacks
    from operate.page.files import checked_page_path

    arn = runs.checked_execution_arn(execution_arn)
    page = None if html is None else checked_page_path(html)
    from_, told = stacks.load(stack), _display(watch=False)
    report_ = runs.report(from_, arn, told)
    if page is not None:
        from operate.page import run_page

        beside = run_page.write(from_, report_, page)
        told.step(f"page {page}, its numbers {beside}")
    _finish(report_, as_json=as_json)


@app.command()
def demo() -> None:
    """Run every use case on a fresh AWS on localhost, print one table, leave nothing behind."""
    from operate.demo import demonstrate

    raise typer.Exit(0 if demonstrate(console.results(), _display(watch=True)) else 1)


app.command()(cost)
app.command()(redrive)
app.command()(sweep)


def main() -> None:
    """Run the command line and exit; a terminated or hung-up command cleans up as after Ctrl-C."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) == signal.SIG_DFL:  # nohup ignores SIGHUP, and that stays so
            signal.signal(each, signal.default_int_handler)
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run one command and return its exit code; a failure is one line on stderr."""
    given = [each for each in arguments if each != "--debug"]
    try:
        code = _invoke(app, given or ["--help"], name="distmap")
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _explain(error)
    except KeyboardInterrupt:
        code = INTERRUPTED_EXIT_CODE
    if code == INTERRUPTED_EXIT_CODE:
        typer.echo("distmap: interrupted", err=True)
    return code


def _invoke(commands: typer.Typer, arguments: list[str], *, name: str) -> int:
    """Run a command and return its exit code; failures are raised, but Ctrl-C is the code 130."""
    return int(typer.main.get_command(commands)(arguments, prog_name=name, standalone_mode=False) or 0)


def _explain(error: Exception) -> int:
    """Print the failure in one line and return its exit code."""
    if isinstance(error, typer.TyperException):
        context: typer.Context | None = getattr(error, "ctx", None)
        command = context.command_path if context else "distmap"
        typer.echo(f"distmap: {error.format_message().rstrip('.')}: see `{command} --help`", err=True)
        return error.exit_code
    message = message_of(error)
    if message is None:
        message = f"{type(error).__name__}: {error}: this is a defect of distmap, --debug shows where"
    typer.echo(f"distmap: {message}", err=True)
    return error.exit_code if isinstance(error, OperateError) else 1


def _show_deployed(stack: Stack, server: Server) -> None:
    from operate import local_aws

    typer.echo(local_aws.exports(server))
    for name, outputs in stack.outputs.items():
        if isinstance(outputs, dict):
            typer.echo(f"# distmap run {name}    {outputs['state_machine_arn']}")
