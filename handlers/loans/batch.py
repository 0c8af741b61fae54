"""One task of a worker: its loans read, simulated, and what came out of it written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handlers.common.answer import Answer, answer
from handlers.common.edge import process_all
from handlers.loans.failures import SlowDown
from handlers.loans.loan import loans_of
from handlers.loans.objects import read_whole, write
from handlers.loans.portfolio import exposures
from handlers.loans.results import files
from handlers.loans.simulation import simulate
from handlers.loans.tally import pack, tally
from handlers.loans.task import task_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.common.event import Item
    from handlers.common.meter import Meter
    from handlers.loans.loan import Loan

SIMULATED = "simulated"


class Simulated(Answer):
    """The answer: ``loans`` that were in the items, ``losses`` the key of what they add to the portfolio."""

    loans: int
    losses: str
    objects: int


def simulate_batch(event: Any, meter: Meter, check: Callable[[], None]) -> Simulated:
    """Simulate the loans of the task's objects, and write the results; the task again writes the same again.

    ``check`` is called time and again; what it raises ends the task. An object's own failure is told in the answer.
    Raises SlowDown or TransientFailure when a retry may do better, a BatchFailure when not.
    """
    task = task_of(event)
    found: dict[Item, list[Loan]] = {}

    def process(item: Item) -> str:
        check()
        found[item] = loans_of(read_whole(item, meter))
        return SIMULATED

    done = process_all(task.batch, process)
    for slowed in (each.end for each in done if isinstance(each.end, SlowDown)):
        raise slowed
    told = answer(done)
    items = [item for item in task.batch.items if item in found]
    loans = [loan for item in items for loan in found[item]]
    sources = [item.key for item in items for _ in found[item]]
    exposed = exposures(loans, task.month)
    losses = simulate(exposed, seed=task.terms.seed, scenarios=task.terms.scenarios, after_block=check)
    bodies = files(exposed, losses, sources, rows=task.rows_in_object)
    writing = {task.loans_key(number): body for number, body in enumerate(bodies)}
    writing[task.losses_key] = pack(tally(task.terms, exposed, losses))
    check()
    write(task.to_bucket, writing)
    return Simulated(**told, loans=len(loans), losses=task.losses_key, objects=len(writing))
