"""What a run did, took and cost, and whether its results are right: one object, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from operate.execution import SUCCEEDED, Counts

if TYPE_CHECKING:
    from operate.cost.model import Cost
    from operate.execution import Execution, MapRun
    from operate.verification import Check


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """Objects that started an execution each, instead of being the items of a map."""

    objects: Counts
    executions: Counts


@dataclass(frozen=True, kw_only=True)
class Report:
    """A run as it stands; ``use_case`` None for a machine that belongs to no use case of the stack.

    Where objects have ``arrived``, ``execution`` stands for all that they started, under the ARN of their machine.
    """

    use_case: str | None
    stack: str
    execution: Execution
    map_runs: tuple[MapRun, ...]
    cost: Cost
    checks: tuple[Check, ...]
    arrived: Arrived | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the execution itself succeeded, whatever its results are."""
        return self.execution.status == SUCCEEDED

    @property
    def verified(self) -> bool:
        """Whether the execution succeeded and its results were checked and found right."""
        return self.succeeded and bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def items(self) -> Counts:
        """The items of all Map Runs, or the objects that arrived."""
        if self.arrived is not None:
            return self.arrived.objects
        return sum((map_run.items for map_run in self.map_runs), Counts())

    @property
    def executions(self) -> Counts:
        """The child executions of all Map Runs, or those that objects started."""
        if self.arrived is not None:
            return self.arrived.executions
        return sum((map_run.executions for map_run in self.map_runs), Counts())

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints: amounts in USD, times in seconds."""
        return {
            "use_case": self.use_case,
            "stack": self.stack,
            "status": self.execution.status,
            "execution_arn": self.execution.arn,
            "items": _in_brief(self.items),
            "seconds": self.execution.seconds,
            "map_runs": [
                {
                    "arn": map_run.arn,
                    "label": map_run.label,
                    "items": _in_brief(map_run.items),
                    "executions": asdict(map_run.executions),
                    "seconds": map_run.seconds,
                }
                for map_run in self.map_runs
            ],
            "cost": {
                "total_usd": self.cost.total_usd,
                "lines": [asdict(line) for line in self.cost.lines],
            },
            "verified": self.verified,
            "checks": [asdict(check) for check in self.checks],
        }


def _in_brief(counts: Counts) -> dict[str, int]:
    """Total is always the sum of the other three: what is over but did not succeed has failed."""
    return {
        "total": counts.total,
        "succeeded": counts.succeeded,
        "failed": counts.unsuccessful,
        "pending": counts.pending + counts.running,
    }
