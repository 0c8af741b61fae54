"""`distmap cost`: the price of a run before it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import orjson
import typer

if TYPE_CHECKING:
    from operate.plan.quote import Quote


def cost(
    usecase: Annotated[str, typer.Argument(help="Which use case; an unknown name lists them.")],
    items: Annotated[int | None, typer.Option(help="How many items; the full scale if not given.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="N", help="Items in a batch.")] = None,
    concurrency: Annotated[
        str | None, typer.Option(metavar="N", help="Child executions at once; 0 is the service's limit.")
    ] = None,
    execution_type: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="STANDARD or EXPRESS children.")
    ] = None,
    memory: Annotated[str | None, typer.Option(metavar="MB", help="Memory of the function.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="listing or inventory, where the items come from.")
    ] = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            "--set",
            metavar="NAME=VALUE",
            help="Another assumption about AWS; an unknown name lists them; repeatable.",
        ),
    ] = None,
    curve: Annotated[
        str | None,
        typer.Option(metavar="512=8200,...", help="Measured milliseconds of a full batch by memory, for the curve."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Price a run on AWS before it is run: cost by service, time, bottleneck, and what would be cheaper.

    Nothing is deployed or started for it. Options that are not given are the defaults of the use case.
    """
    from operate import console
    from operate.plan import view
    from operate.plan.ask import Asked, quote_for

    asked = Asked(batch=batch, concurrency=concurrency, type=execution_type, memory=memory, source=source, curve=curve)
    quote = quote_for(usecase, items=items, asked=asked, overrides=assume or [])
    if as_json:
        typer.echo(_json(quote))
    else:
        view.show(console.results(), quote)


def _json(quote: Quote) -> str:
    return orjson.dumps(quote.to_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
