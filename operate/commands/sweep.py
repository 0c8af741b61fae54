"""`distmap sweep`: experiments before a full run, and which way to run it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from operate.commands.common import display

if TYPE_CHECKING:
    from operate.sweep.result import SweepResult

DEFAULT_REPEAT = 3
DEFAULT_TIMEOUT_SECONDS = 900.0


def sweep(
    usecase: Annotated[str, typer.Argument(help="Which use case; an unknown name lists them.")],
    batch: Annotated[str | None, typer.Option(metavar="1,10,...", help="Items in a batch.")] = None,
    concurrency: Annotated[
        str | None, typer.Option(metavar="10,100,...", help="Child executions at once; 0 is the service's limit.")
    ] = None,
    execution_type: Annotated[
        str | None, typer.Option("--type", metavar="STANDARD,EXPRESS", help="Types of the children.")
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="512,1024,...", help="Memory of the function in MB: projected, the stack keeps its own."),
    ] = None,
    point: Annotated[
        list[str] | None,
        typer.Option(metavar="batch=..,concurrency=..", help="One point, also with type= and memory=; repeatable."),
    ] = None,
    points: Annotated[Path | None, typer.Option(help="A file with such a point in each line.")] = None,
    items: Annotated[
        int | None, typer.Option(help="How many items to answer for; the full scale if not given.")
    ] = None,
    trial_items: Annotated[
        int | None, typer.Option(help="MaxItems of a trial; a quarter of the data if not given.")
    ] = None,
    scale: Annotated[str, typer.Option(help="Data of the trials: tiny, demo or full.")] = "demo",
    count: Annotated[int | None, typer.Option(help="How many records to generate, instead of a scale.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes other data of the same kind.")] = 1,
    repeat: Annotated[int, typer.Option(help="Runs of each trial, of which the median counts.")] = DEFAULT_REPEAT,
    max_seconds: Annotated[float | None, typer.Option(help="What the run may take on AWS.")] = None,
    max_usd: Annotated[float | None, typer.Option(help="What the run may cost on AWS.")] = None,
    account_concurrency: Annotated[
        int | None, typer.Option(help="Functions that the account may run at once, for points to keep to.")
    ] = None,
    downstream_limit: Annotated[
        int | None, typer.Option(help="Children at once that the services behind them take.")
    ] = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="Another assumption about AWS; an unknown name lists them; repeatable."
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the page to this file.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--fresh", help="Keep the finished trials of an earlier sweep, or run all anew.")
    ] = True,
    timeout: Annotated[
        float, typer.Option(help="Seconds after which a trial is stopped and counts as failed.")
    ] = DEFAULT_TIMEOUT_SECONDS,
    watch: Annotated[bool, typer.Option(help="Show the trials as they go on.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    stack: Annotated[str, typer.Option(help="local, or a Pulumi stack: dev, prod.")] = "local",
) -> None:
    """Try ways to run a map on a few items, project them to AWS, and recommend one.

    Trials are real executions with MaxItems. Exit code 0 also when no point fits the constraints: that is an answer,
    in JSON `recommendation.index` is null. Ctrl-C stops the trial; the same command goes on from there.
    """
    from local.state import StateDir
    from operate import console, stacks
    from operate.sweep import view
    from operate.sweep.choose import Constraints
    from operate.sweep.experiment import sweep as run_sweep
    from operate.sweep.grid import Axes, split
    from operate.sweep.request import request_for

    request = request_for(
        usecase,
        axes=Axes(batch=split(batch), concurrency=split(concurrency), type=split(execution_type), memory=split(memory)),
        points=point or [],
        points_file=points,
        items=items,
        scale=scale,
        count=count,
        seed=seed,
        trial_items=trial_items,
        repeat=repeat,
        constraints=Constraints(
            max_seconds=max_seconds,
            max_usd=max_usd,
            account_concurrency=account_concurrency,
            downstream_limit=downstream_limit,
        ),
        overrides=assume or [],
        fresh=not resume,
        timeout=timeout,
    )
    told = display(watch=watch)
    result = run_sweep(request, stacks.load(stack), told, folder=StateDir.of(stack).path / "sweeps")
    if html is not None:
        _write_page(html, result)
        told.step(f"page {html}")
    if as_json:
        typer.echo(orjson.dumps(result.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        view.show(console.results(), result)


def _write_page(path: Path, result: SweepResult) -> None:
    from local.state import write_atomically
    from operate.page import sweep_page

    write_atomically(path, sweep_page.render(result))
