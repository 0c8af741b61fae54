"""The price of executions that objects started as they arrived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from operate.cost import model
from operate.usage import children, compute, cost
from operate.usage.invocations import UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operate.arrivals import Arrivals
    from operate.cost.model import Cost
    from operate.stacks import Stack


def cost_of(stack: Stack, outputs: Mapping[str, str], found: Arrivals) -> Cost:
    """Price uploads, executions, their function, their messages and logs; events of AWS's own services are free."""
    every = list(found.all())
    arns = {each.arn for each in every}
    function = compute.describe(stack.client("lambda"), outputs["object_function_name"])
    span = compute.Span(start=found.started, stop=found.stopped)
    called, problem = compute.invocations(stack, function, span, executions=arns, least=len(every))
    used = compute.added_up(function, called, problem=problem, least=len(every))
    units = {unit: sum(each.used[unit] for each in called) for unit in UNITS}
    sample = tuple(each.arn for each in every[:: max(1, len(every) // children.SAMPLED_CHILDREN)])
    started = children.Children(started=len(every), seconds=(), sample=sample)
    entered = children.count(stack.client("stepfunctions"), started, invocations=None)
    told = sum((each.output or {}).get("count", 0) > 0 for each in every)
    uses = [
        *model.s3_puts(requests=len(found.executions), basis="objects uploaded"),
        *(replace(use, basis="states the executions entered") for use in model.parent_states(entered.total)),
        *cost.compute_uses(used),
        *model.s3_gets(requests=int(units["s3_gets"]), basis="objects the executions fetched"),
        *model.sqs_requests(requests=told, basis="findings the executions sent"),
        *model.logs(ingested_bytes=used.log_bytes, basis=f"log of {used.name}"),
    ]
    return model.price(uses)
