"""The price of what a run used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from operate.cost import model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operate.cost.model import Cost, Use
    from operate.usage.facts import FunctionUsage, MapUsage, Usage

MS = 1_000


def cost_of(usage: Usage) -> Cost:
    """Price a run by the us-east-1 list prices, without free tiers."""
    uses = model.parent_states(usage.parent_transitions)
    for each in usage.maps:
        uses += _children(each)
        uses += _reader(each)
        for function in each.functions:
            uses += compute_uses(function)
        uses += _services(each)
        if each.writes_results:
            uses += model.result_writer(file_bytes=each.result_file_bytes)
    uses += _logs(usage)
    return model.price(uses)


def _children(each: MapUsage) -> list[Use]:
    if each.execution_type == "STANDARD":
        starts, entered = model.standard_children(children=each.children, states=each.states_per_child)
        return [starts, replace(entered, quantity=each.child_transitions, basis=each.transitions_basis)]
    billed = sum(model.express_billed_ms(seconds * MS) for seconds in each.child_seconds)
    return model.express_children(children=each.children, billed_ms=billed, memory_mb=each.express_memory_mb)


def _reader(each: MapUsage) -> Iterator[Use]:
    if each.s3_lists:
        yield from model.listing(pages=each.s3_lists)
    if each.reader_gets:
        yield from model.object_reader(objects=each.reader_gets)


def compute_uses(function: FunctionUsage) -> list[Use]:
    """The invocations of a function, with the problem of measuring them if there was one."""
    requests, duration = model.lambda_compute(
        requests=function.invocations, gb_seconds=function.gb_seconds, architecture=function.architecture
    )
    billed = f"{function.billed_seconds:,.1f} s billed at {function.memory_mb:,} MB, cold starts included"
    if function.problem is not None:
        return [replace(requests, basis=function.problem), replace(duration, basis=f"{billed}: {function.problem}")]
    return [replace(requests, basis=f"invocations of {function.name}"), replace(duration, basis=billed)]


def _services(each: MapUsage) -> Iterator[Use]:
    if each.s3_gets:
        yield from model.s3_gets(requests=each.s3_gets)
    if each.write_units:
        yield from model.dynamodb_writes(units=each.write_units)
    if each.read_units:
        yield from model.dynamodb_reads(units=each.read_units)
    if each.sqs_requests:
        yield from model.sqs_requests(requests=each.sqs_requests)


def _logs(usage: Usage) -> Iterator[Use]:
    if usage.machine_log_basis:
        yield from model.logs(ingested_bytes=usage.machine_log_bytes, basis=usage.machine_log_basis)
    for each in usage.maps:
        for function in each.functions:
            if function.log_bytes:
                yield from model.logs(ingested_bytes=function.log_bytes, basis=f"log of {function.name}")
