"""Settings, runs and estimates for the tests of sweeps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from operate.plan.workload import Point
from operate.sweep.grid import Setting
from operate.sweep.result import Estimate, ExpressAnswer
from operate.sweep.runs import Run, TrialFailedError

ITEMS = 1_000


def setting(batch: int = 10, concurrency: int = 100, type_: str = "STANDARD") -> Setting:
    return Setting(execution_type=type_, batch_size=batch, max_concurrency=concurrency)


def run(of: Setting, items: int, *, seconds: float = 1.0, fixed_ms: float = 20.0, item_ms: float = 3.0) -> Run:
    """A run whose function takes ``fixed_ms`` a batch and ``item_ms`` an item; all batches are full."""
    children = math.ceil(items / of.batch_size)
    each = (fixed_ms + item_ms * items / children) / 1_000
    return Run(
        setting=of,
        items=items,
        execution=f"arn:{of}:{items}",
        seconds=seconds,
        children=children,
        child_seconds_max=each * 2,
        child_seconds_mean=each,
        invocations=children,
        function_seconds=each * children,
        billed_seconds=each * children,
        memory_mb=1_769,
        s3_gets=items,
        s3_bytes=items * 500_000,
        write_units=items * 2.0,
        cost_usd=0.01,
    )


@dataclass
class FakeRunner:
    """Runs take what ``seconds_of`` says; settings in ``failing`` fail, ``calls_left`` ends in Ctrl-C."""

    failing: set[Setting] = field(default_factory=set)
    calls_left: int = 10**9
    calls: list[tuple[Setting, int]] = field(default_factory=list)

    def run(self, setting: Setting, items: int) -> Run:
        if not self.calls_left:
            raise KeyboardInterrupt
        self.calls_left -= 1
        self.calls.append((setting, items))
        if setting in self.failing:
            raise TrialFailedError("it ended FAILED: Boom: no cause given")
        return run(setting, items, seconds=local_seconds(setting, items))


def local_seconds(of: Setting, items: int) -> float:
    """A machine that takes half a second to start, 10 ms a child, 2 ms an item, 5 ms a wave."""
    children = math.ceil(items / of.batch_size)
    waves = math.ceil(children / min(children, of.max_concurrency or 10_000))
    return 0.5 + 0.01 * children + 0.002 * items + 0.005 * waves


def estimate(
    seconds: float,
    usd: float,
    *,
    batch: int = 10,
    concurrency: int = 100,
    type_: str = "STANDARD",
    longest: float = 1.0,
    allowed: bool = True,
) -> Estimate:
    return Estimate(
        point=Point(execution_type=type_, batch_size=batch, max_concurrency=concurrency, memory_mb=1_769),
        items=ITEMS,
        local_seconds=1.0,
        local_error=0.1,
        aws_seconds=seconds,
        aws_usd=usd,
        bottleneck="concurrency",
        longest_child_seconds=longest,
        express=ExpressAnswer(allowed=allowed, longest_seconds=longest, margin=1 - longest / 300),
    )
