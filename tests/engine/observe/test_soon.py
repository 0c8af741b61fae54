"""Work that is gathered: once for many askings, none when idle, and at once when there is no more time."""

from __future__ import annotations

import asyncio
import time

import pytest

from local.stepfunctions.observe.soon import Soon


class Work:
    def __init__(self, seconds: float = 0.0) -> None:
        self.done = 0
        self.seconds = seconds

    async def __call__(self) -> None:
        await asyncio.sleep(self.seconds)
        self.done += 1


def test_many_askings_are_one_work_and_no_asking_is_none() -> None:
    async def inside() -> list[int]:
        work = Work()
        soon = Soon(work, 0.05)
        counts = []
        for _ in range(2):
            for _ in range(100):
                soon.ask()
            counts.append(work.done)
            await asyncio.sleep(0.2)
            counts.append(work.done)
        await asyncio.sleep(0.1)
        return [*counts, work.done]

    assert asyncio.run(inside()) == [0, 1, 1, 2, 2]


def test_what_was_asked_for_is_done_at_the_end_without_the_wait() -> None:
    async def inside() -> tuple[int, float]:
        work = Work()
        soon = Soon(work, 60.0)
        soon.ask()
        await asyncio.sleep(0)
        began = time.monotonic()
        await soon.finish(5.0)
        return work.done, time.monotonic() - began

    done, seconds = asyncio.run(inside())
    assert done == 1
    assert seconds < 1


def test_work_that_takes_too_long_at_the_end_is_given_up() -> None:
    async def inside() -> float:
        soon = Soon(Work(60.0), 0.0)
        soon.ask()
        began = time.monotonic()
        await soon.finish(0.1)
        return time.monotonic() - began

    assert asyncio.run(inside()) < 1


def test_a_fault_is_logged_and_later_work_is_done(caplog: pytest.LogCaptureFixture) -> None:
    async def inside() -> int:
        async def fail_once() -> None:
            work.done += 1
            if work.done == 1:
                raise ValueError("the first one")

        work = Work()
        soon = Soon(fail_once, 0.01)
        for _ in range(2):
            soon.ask()
            await asyncio.sleep(0.1)
        return work.done

    assert asyncio.run(inside()) == 2
    assert "the first one" in caplog.text
