"""What a use case asks of AWS for each item, each batch and each run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from operate.plan.assumptions import Assumptions

MAX_CHILDREN = 10_000  # "Quotas related to Map Runs": parallel child executions, and what 0 stands for
MAX_BATCH_BYTES = 262_144  # payload quota: a batch ends before its input passes it
BATCH_OVERHEAD_BYTES = 200  # of a child's input around its items: BatchInput, brackets
STANDARD, EXPRESS = "STANDARD", "EXPRESS"
BYTES_PER_MB = 1_000_000
MS = 1_000


class Reader(StrEnum):
    """Where the items come from."""

    LISTING = "listing"
    INVENTORY = "inventory"
    OBJECT = "object"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One way to run a map; ``max_concurrency`` 0 is the service's limit, ``memory_mb`` that of the function."""

    execution_type: str
    batch_size: int
    max_concurrency: int
    memory_mb: int


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The facts of a use case; times in milliseconds at one vCPU of the machine that ``timings`` names.

    Of an item: ``item_bytes`` as JSON in a child's input, ``source_bytes`` that the reader reads for it, ``cpu_ms``,
    ``gets`` of ``get_bytes`` in total, ``writes`` (all requests to tables) of ``write_units`` and
    ``read_units`` in total, ``result_item_bytes`` in a result file, ``variation`` (standard deviation of its time,
    relative to the mean). Of a child: ``child_states`` that it enters, ``fixed_ms`` of its function,
    ``result_child_bytes``, ``log_bytes``. ``parallel`` requests of a function are under way at once, ``threads`` of it
    compute at once. ``architecture`` None: the children call no function; an invocation may take ``timeout_seconds``
    and needs ``needs_mb`` of memory.
    """

    use_case: str
    timings: str
    reader: Reader
    item_bytes: int
    source_bytes: float
    parent_states: int
    child_states: int
    definition_bytes: int
    architecture: str | None
    timeout_seconds: float
    needs_mb: int
    init_ms: float
    fixed_ms: float
    cpu_ms: float
    threads: float
    gets: float
    get_bytes: float
    writes: float
    write_units: float
    parallel: int
    variation: float
    writes_results: bool
    result_item_bytes: float
    result_child_bytes: float
    log_bytes: float
    read_units: float = 0.0

    @property
    def has_function(self) -> bool:
        """Whether a child calls a function."""
        return self.architecture is not None

    @property
    def largest_batch(self) -> int:
        """The items that fit the payload quota."""
        return max(1, (MAX_BATCH_BYTES - BATCH_OVERHEAD_BYTES) // self.item_bytes)

    def batch(self, point: Point) -> int:
        """The items of a full batch: what the point asks for, or what fits the payload quota."""
        return min(point.batch_size, self.largest_batch)

    def cpus(self, memory_mb: float, assumptions: Assumptions, *, threads: float) -> float:
        """The vCPUs that ``threads`` of a function get from its memory."""
        return min(threads, memory_mb / assumptions.vcpu_memory_mb)

    def function_ms(self, items: int, memory_mb: float, assumptions: Assumptions) -> float:
        """How long a warm invocation takes for ``items``: its fixed part, then computing while requests are under way.

        ms = fixed / vCPUs of one thread / speed + longer + shorter / min(parallel, items), where longer and shorter are
        computing = items x cpu / vCPUs / speed and waiting. One request after the other: computing + waiting.
        """
        if not self.has_function:
            return 0.0
        fixed = self.fixed_ms / self.cpus(memory_mb, assumptions, threads=1) / assumptions.cpu_speed
        if not items:
            return fixed
        computing = (
            items * self.cpu_ms / self.cpus(memory_mb, assumptions, threads=self.threads) / assumptions.cpu_speed
        )
        shorter, longer = sorted((computing, self.wait_ms(items, assumptions)))
        return fixed + longer + shorter / min(self.parallel, items)

    def wait_ms(self, items: int, assumptions: Assumptions) -> float:
        """How long an invocation waits for S3 and DynamoDB; more memory does not shorten it.

        ms = rounds of GETs x first byte + bytes / bandwidth + rounds of writes x write, ``parallel`` requests a round
        """
        gets = math.ceil(items * self.gets / self.parallel) * assumptions.s3_first_byte_ms
        transfer = items * self.get_bytes / BYTES_PER_MB / assumptions.s3_mb_per_second * MS
        writes = math.ceil(items * self.writes / self.parallel) * assumptions.dynamodb_write_ms
        return gets + transfer + writes

    def init_billed_ms(self, memory_mb: float, assumptions: Assumptions) -> float:
        """How long a new environment takes to initialise, which is billed; it has a vCPU at least for that."""
        if not self.has_function:
            return 0.0
        return self.init_ms / max(1.0, self.cpus(memory_mb, assumptions, threads=1)) / assumptions.cpu_speed
