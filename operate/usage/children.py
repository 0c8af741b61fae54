"""How long the children of a Map Run took, and how many transitions the STANDARD ones made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operate import execution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from operate.execution import MapRun

ATTEMPTS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
ATTEMPTING_STATES = ("TaskStateEntered",)
EXACT_CHILDREN = 400  # GetExecutionHistory takes a burst of 400 requests, then 20 a second ("Service quotas")
SAMPLED_CHILDREN = 100  # of more children than that, spread evenly over the order of their start


@dataclass(frozen=True, kw_only=True)
class Children:
    """The children of a Map Run; ``sample`` are some of them, or all when there are few."""

    started: int
    seconds: tuple[float, ...]
    sample: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """``total`` transitions of all children, each of which enters ``states`` in the middle."""

    total: int
    states: int
    basis: str


def read(sfn: Any, map_run: MapRun) -> Children:
    """List the children of a Map Run; an execution that still runs has no seconds yet."""
    few = map_run.executions.total <= EXACT_CHILDREN
    every = 1 if few else map_run.executions.total // SAMPLED_CHILDREN
    seconds: list[float] = []
    sample: list[str] = []
    started = 0
    for row in execution.children(sfn, map_run.arn):
        if started % every == 0 and len(sample) < (EXACT_CHILDREN if few else SAMPLED_CHILDREN):
            sample.append(row["executionArn"])
        started += 1
        if "stopDate" in row:
            seconds.append((row["stopDate"] - row["startDate"]).total_seconds())
    return Children(started=started, seconds=tuple(seconds), sample=tuple(sample))


def count(sfn: Any, children: Children, *, invocations: int | None) -> Transitions:
    """Count the transitions of STANDARD children: exactly when there are few.

    Of many children the states of a sample are taken for all; ``invocations`` of the only function of each child
    say how many were retries, and where they are not known the retries of the sample do.
    """
    histories = [tuple(execution.history(sfn, arn)) for arn in children.sample]
    states = sorted(entered(events) for events in histories)
    middle = states[len(states) // 2] if states else 0
    if len(children.sample) == children.started:
        total = sum(transitions(events) for events in histories)
        return Transitions(total=total, states=middle, basis="states the children entered, retries included")
    share = children.started / len(histories)
    basis = f"states that {len(histories):,} of the children entered, for all {children.started:,}"
    if invocations is None:
        total = round(share * sum(transitions(events) for events in histories))
        return Transitions(total=total, states=middle, basis=f"{basis}, retries included")
    again = max(0, invocations - children.started)
    total = round(share * sum(states)) + again
    return Transitions(total=total, states=middle, basis=f"{basis}, and {again:,} retries seen in the function's log")


def transitions(events: Sequence[Mapping[str, Any]]) -> int:
    """Count the billed transitions of a STANDARD execution: states entered, retries and redrives."""
    types = [str(event["type"]) for event in events]
    attempts = sum(name in ATTEMPTS for name in types)
    attempting = sum(name in ATTEMPTING_STATES for name in types)
    return entered(events) + max(0, attempts - attempting)


def entered(events: Sequence[Mapping[str, Any]]) -> int:
    """Count the states entered and the redrives."""
    types = [str(event["type"]) for event in events]
    return sum(name.endswith("StateEntered") for name in types) + sum(name == "ExecutionRedriven" for name in types)
