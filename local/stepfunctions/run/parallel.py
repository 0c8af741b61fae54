"""Parallel: branches side by side within one execution."""

from __future__ import annotations

import asyncio

from local.stepfunctions.definition.nodes import ParallelState, Workflow
from local.stepfunctions.payload import Payload
from local.stepfunctions.run import flow
from local.stepfunctions.run.branch import Branch
from local.stepfunctions.run.flow import Outcome


async def run_parallel(state: ParallelState, payload: Payload, branch: Branch) -> Outcome:
    """Run every branch on the same input; the result is the array of their outputs.

    The first branch that fails fails the state, and the others are cancelled.
    """
    value = flow.arguments(state, flow.effective_input(state, payload, branch), branch)
    branch_input = payload if value is payload.value else Payload(value)
    place = branch.place
    place.begun = place.begun or branch.event("ParallelStateStarted")
    forks = [place.part(index, branch) for index in range(len(state.branches))]
    tasks = [
        asyncio.create_task(_branch_output(workflow, branch_input, fork))
        for workflow, fork in zip(state.branches, forks, strict=True)
    ]
    try:
        finished = await first_failure(tasks)
    finally:
        await cancel(tasks)
    if finished is not None:
        branch.cursor.last = forks[tasks.index(finished)].cursor.last
        await finished
    branch.cursor.last = max(fork.cursor.last for fork in forks)
    branch.event("ParallelStateSucceeded", advance=False)
    result = Payload([task.result().value for task in tasks])
    return flow.finish_with_result(state, payload, result, branch)


async def _branch_output(workflow: Workflow, payload: Payload, fork: Branch) -> Payload:
    """The output of a branch, which a redrive does not run again once it is done."""
    return fork.output if fork.output is not None else await fork.run.run_workflow(workflow, payload, fork)


async def first_failure(tasks: list[asyncio.Task[Payload]]) -> asyncio.Task[Payload] | None:
    """Wait until all tasks succeeded (None) or one failed (that one)."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    return next((task for task in tasks if task.done() and task.exception() is not None), None)


async def cancel(tasks: list[asyncio.Task[Payload]]) -> None:
    """Cancel what still runs, and wait until it has stopped."""
    for task in tasks:
        if not task.done():
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
