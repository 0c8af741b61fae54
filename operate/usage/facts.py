"""What a run used, as numbers with the way that each was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FunctionUsage:
    """A function's invocations for one Map Run, those of retried and failed children included.

    ``problem`` says why they could not be measured, or which are missing; ``None`` when all are there.
    """

    name: str
    memory_mb: int
    architecture: str
    invocations: int = 0
    billed_seconds: float = 0.0
    gb_seconds: float = 0.0
    duration_seconds: tuple[float, ...] = ()
    cold_starts: int = 0
    init_seconds: float = 0.0
    max_memory_mb: int = 0
    errors: int = 0
    log_bytes: int = 0
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class MapUsage:
    """One Map Run and all that its children used.

    ``child_transitions`` are those of all STANDARD children, their starts not included, and ``transitions_basis``
    says how they were counted. ``child_seconds`` are of the children that are over. ``s3_gets`` to ``sqs_requests``
    are what the functions say of themselves; ``reader_gets`` and ``s3_lists`` are the requests of the map's reader.
    """

    label: str
    execution_type: str
    items: int
    children: int
    states_per_child: int
    child_seconds: tuple[float, ...]
    child_transitions: int = 0
    transitions_basis: str = ""
    express_memory_mb: int = 0
    functions: tuple[FunctionUsage, ...] = ()
    reader_gets: int = 0
    s3_lists: int = 0
    s3_gets: int = 0
    s3_bytes: int = 0
    write_units: float = 0.0
    read_units: float = 0.0
    sqs_requests: int = 0
    writes_results: bool = False
    result_file_bytes: tuple[int, ...] = ()

    @property
    def function(self) -> FunctionUsage | None:
        """The function of the children, the one with the most invocations when there are several."""
        return max(self.functions, key=lambda function: function.invocations, default=None)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One execution with its Map Runs; ``machine_log_basis`` says how the state machine's log was counted."""

    parent_transitions: int
    maps: tuple[MapUsage, ...]
    machine_log_bytes: int = 0
    machine_log_basis: str = ""

    @property
    def log_bytes(self) -> int:
        """What the state machine and the functions sent to CloudWatch Logs."""
        return self.machine_log_bytes + sum(f.log_bytes for each in self.maps for f in each.functions)
