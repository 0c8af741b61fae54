"""A planned run: how many children, how long each takes, and what holds them back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from operate.plan.schedule import Limits, Schedule, schedule
from operate.plan.workload import BYTES_PER_MB, EXPRESS, MAX_CHILDREN, MS, Reader

if TYPE_CHECKING:
    from operate.plan.assumptions import Assumptions
    from operate.plan.workload import Point, Workload


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """``items`` items (1 or more) of a workload at a point, under assumptions; times in seconds unless they say ms."""

    workload: Workload
    point: Point
    items: int
    assumptions: Assumptions

    def __post_init__(self) -> None:
        if self.items < 1:
            raise ValueError(f"items must be 1 or more, got {self.items}")
        if self.point.batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, got {self.point.batch_size}")
        if not 0 <= self.point.max_concurrency <= MAX_CHILDREN:
            raise ValueError(f"max_concurrency must be 0 to {MAX_CHILDREN:,}, got {self.point.max_concurrency}")

    @property
    def is_express(self) -> bool:
        """Whether the children are EXPRESS executions."""
        return self.point.execution_type == EXPRESS

    @cached_property
    def batch(self) -> int:
        """The items of a full batch."""
        return min(self.workload.batch(self.point), self.items)

    @cached_property
    def children(self) -> int:
        """How many children there are; they are taken to share the items evenly."""
        return math.ceil(self.items / self.batch)

    @cached_property
    def function_ms(self) -> float:
        """A warm invocation of the function."""
        mean_items = math.ceil(self.items / self.children)
        return self.workload.function_ms(mean_items, self.point.memory_mb, self.assumptions)

    @cached_property
    def init_ms(self) -> float:
        """The billed initialisation of an environment."""
        return self.workload.init_billed_ms(self.point.memory_mb, self.assumptions)

    @cached_property
    def child(self) -> float:
        """A warm child: its states, and its function with the way there and back."""
        assumed = self.assumptions
        state_ms = assumed.express_state_ms if self.is_express else assumed.standard_state_ms
        calling_ms = assumed.invoke_ms if self.workload.has_function else 0.0
        return (self.workload.child_states * state_ms + calling_ms + self.function_ms) / MS

    @cached_property
    def cold_child(self) -> float:
        """The first child in a new environment."""
        if not self.workload.has_function:
            return self.child
        return self.child + (self.assumptions.cold_start_ms + self.init_ms) / MS

    @cached_property
    def longest_child(self) -> float:
        """The longest child to be expected: a cold one with the largest objects.

        The time of a batch varies by the variation of an item over sqrt(batch), and the greatest of n values that are
        normally distributed lies about sqrt(2 ln n) standard deviations above their mean.
        """
        if self.children == 1:
            return self.cold_child
        workload, memory_mb, assumed = self.workload, self.point.memory_mb, self.assumptions
        items_ms = workload.function_ms(self.batch, memory_mb, assumed) - workload.function_ms(0, memory_mb, assumed)
        deviation = items_ms / MS * workload.variation / math.sqrt(self.batch)
        return self.cold_child + deviation * math.sqrt(2 * math.log(self.children))

    @property
    def dispatch_rate(self) -> float:
        """Children that may start a second."""
        return self.assumptions.express_dispatch if self.is_express else self.assumptions.standard_dispatch

    @property
    def items_per_second(self) -> float:
        """How fast the reader gives items; children start while it still reads."""
        match self.workload.reader:
            case Reader.LISTING:
                return self.assumptions.listed_keys_per_second
            case Reader.INVENTORY:
                return self.assumptions.inventory_rows_per_second
            case Reader.OBJECT:
                return self.assumptions.reader_mb_per_second * BYTES_PER_MB / self.workload.source_bytes

    @property
    def allowed(self) -> int:
        """MaxConcurrency as a number."""
        return self.point.max_concurrency or MAX_CHILDREN

    @property
    def slots(self) -> int:
        """Children that may be under way at once."""
        if not self.workload.has_function:
            return self.allowed
        return min(self.allowed, int(self.assumptions.account_concurrency))

    @cached_property
    def schedule(self) -> Schedule:
        """When the children run."""
        assumed = self.assumptions
        limits = Limits(
            rate=min(self.dispatch_rate, self.items_per_second / self.batch),
            slots=self.slots,
            burst=assumed.lambda_burst if self.workload.has_function else math.inf,
            ramp=assumed.lambda_ramp if self.workload.has_function else math.inf,
        )
        return schedule(children=self.children, warm=self.child, cold=self.cold_child, limits=limits)

    @cached_property
    def result_bytes(self) -> float:
        """The size of all result files."""
        if not self.workload.writes_results:
            return 0.0
        return self.items * self.workload.result_item_bytes + self.children * self.workload.result_child_bytes

    @property
    def writing(self) -> float:
        """How long the result files take after the last child."""
        return self.result_bytes / BYTES_PER_MB / self.assumptions.writer_mb_per_second

    @property
    def seconds(self) -> float:
        """From the start of the parent to its end.

        seconds = parent's states + start of the Map Run + schedule of the children + what the longest child takes more
                + end of the Map Run + result files
        """
        assumed = self.assumptions
        around_ms = self.workload.parent_states * assumed.standard_state_ms + assumed.map_start_ms + assumed.map_end_ms
        return around_ms / MS + self.schedule.seconds + (self.longest_child - self.cold_child) + self.writing
