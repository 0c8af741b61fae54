"""The command line: one command a data set, with the options that all share and its own parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
import typer
from rich.console import Console
from typer.core import TyperGroup

from datagen.dataset import SCALES, Scale
from datagen.display import inventory_text, plan_text, report_text, shown_progress, summary_text
from datagen.errors import DatagenError, RequestError, UnknownDataSetError
from datagen.inventory import DEFAULT_FIELDS, InventoryRequest, write_inventory
from datagen.registry import NAMES, dataset
from datagen.request import GenerateRequest, job_for
from datagen.runner import generate

if TYPE_CHECKING:
    from datagen.dataset import DataSet

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class _DataSets(TyperGroup):
    """Commands whose unknown names are answered with the known ones."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; the process ends when there is none."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            with _explained():
                raise UnknownDataSetError(cmd_name, tuple(self.commands))
        return found


@contextmanager
def _explained() -> Iterator[None]:
    """Turn a mistake, or Ctrl-C, into one line on stderr and a non-zero exit code."""
    try:
        yield
    except DatagenError as error:
        typer.echo(f"datagen: {error}", err=True)
        raise typer.Exit(EXIT_USAGE if isinstance(error, RequestError) else EXIT_FAILED) from error
    except KeyboardInterrupt as interrupt:
        typer.echo(
            "datagen: stopped; every object written is whole. Run the same command with --resume to finish.",
            err=True,
        )
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt


app = typer.Typer(
    cls=_DataSets,
    help="Make data sets, each with its truth beside it under _truth/. Same seed, same bytes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

To = Annotated[str, typer.Option(help="s3://bucket/prefix, or file:///directory.")]
ScaleOption = Annotated[Scale, typer.Option(help="Enough for a test, for the demo, or as much as the original.")]
Count = Annotated[int | None, typer.Option(help="How many records, instead of a scale.")]
Seed = Annotated[int, typer.Option(help="Another seed makes other data of the same kind.")]
Workers = Annotated[int, typer.Option(help="Cores to use; 0 takes all.")]
Resume = Annotated[bool, typer.Option("--resume", help="Finish what an interrupted run began.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace this data set's objects at the target.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print objects, bytes and S3 cost; make nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")]


def _make(
    name: str,
    *,
    to: str,
    scale: Scale,
    count: int | None,
    seed: int,
    workers: int,
    resume: bool,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
    **parameters: Any,
) -> None:
    request = GenerateRequest(
        dataset=name,
        to=to,
        scale=scale,
        count=count,
        seed=seed,
        workers=workers,
        resume=resume,
        overwrite=overwrite,
        parameters=parameters,
    )
    if dry_run:
        typer.echo(plan_text(job_for(request)))
        return
    with shown_progress(Console(stderr=True), name) as listener:
        summary = generate(request, progress=listener)
    typer.echo(orjson.dumps(asdict(summary)).decode() if as_json else summary_text(summary))


def _command(made: DataSet) -> Callable[..., None]:
    """A function whose signature has the shared options and the parameters of the data set, for Typer to read."""

    def command(**options: Any) -> None:
        with _explained():
            _make(made.name, **options)

    shared: dict[str, tuple[Any, Any]] = {
        "to": (To, inspect.Parameter.empty),
        "scale": (ScaleOption, SCALES[1]),
        "count": (Count, None),
        "seed": (Seed, 1),
        "workers": (Workers, 0),
        "resume": (Resume, False),
        "overwrite": (Overwrite, False),
        "dry_run": (DryRun, False),
        "as_json": (AsJson, False),
    }
    own = {
        each.name: (Annotated[type(each.default), typer.Option(help=each.help)], each.default)
        for each in made.parameters
    }
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # of a function, read by Typer
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for name, (annotation, default) in (shared | own).items()
        ]
    )
    command.__annotations__ = {name: annotation for name, (annotation, _) in (shared | own).items()}
    sizes = ", ".join(f"{scale} {made.counts[scale]:,}" for scale in SCALES)
    command.__doc__ = f"{made.title[0].upper()}{made.title[1:]}. Scales: {sizes} {made.record}."
    return command


for _name in NAMES:
    app.command(_name)(_command(dataset(_name)))


@app.command()
def inventory(
    source: Annotated[str, typer.Option(help="What to list: s3://bucket/prefix, or file:///directory.")],
    to: Annotated[str, typer.Option(help="Where the reports go: s3://bucket/prefix, or file:///directory.")],
    id_: Annotated[str, typer.Option("--id", help="Id of the inventory configuration.")] = "all",
    format_: Annotated[Literal["CSV", "Parquet"], typer.Option("--format", help="Of the data files.")] = "CSV",
    fields: Annotated[str, typer.Option(help="Fields beside Bucket and Key.")] = ",".join(DEFAULT_FIELDS),
    rows_per_file: Annotated[int, typer.Option(help="Most rows of a data file.")] = 250_000,
    as_json: AsJson = False,
) -> None:
    """An S3 Inventory report over the objects at a place."""
    with _explained():
        made = write_inventory(
            InventoryRequest(
                source=source,
                to=to,
                id=id_,
                format=format_,
                fields=tuple(filter(None, fields.split(","))),
                rows_per_file=rows_per_file,
            )
        )
    typer.echo(orjson.dumps(asdict(made)).decode() if as_json else inventory_text(made))


@app.command()
def validate(
    to: Annotated[str, typer.Argument(help="Where the data is: s3://bucket/prefix, or file:///directory.")],
    as_json: AsJson = False,
) -> None:
    """Read a data set back and check schema, counts, distributions and truth."""
    from datagen.checks.validation import validate as validated

    with _explained():
        report = validated(to)
    typer.echo(orjson.dumps(asdict(report) | {"ok": report.ok}).decode() if as_json else report_text(report))
    if not report.ok:
        raise typer.Exit(EXIT_FAILED)


def main() -> None:
    """Run the command line."""
    app()
