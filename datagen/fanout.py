"""Writes a data set of many objects: shards are made and stored side by side, in threads or processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from datagen.errors import WorkerLostError
from datagen.target import Target, Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datagen.request import Job

OVERLAP = 2  # shards under way for each core: while one is uploaded, the next is made
SHARDS_WORTH_A_PROCESS = 32  # to start a process takes about a second, to make a shard a few hundredths
POLL_SECONDS = 0.5

_worker: _Worker | None = None


class _Worker:
    """Makes one shard after the other; `cores` bounds how many compute at the same time."""

    def __init__(self, target: Target, cores: AbstractContextManager[object]) -> None:
        self._target = target
        self._cores = cores

    def run(self, shard: int) -> Totals:
        """Make, store and record one shard."""
        job = self._target.job
        with self._cores:
            part = job.dataset.make(job.spec, *job.records(shard))
        stored = self._target.data.put_all(part.bodies)
        return self._target.record(shard, stored, [body.rows for body in part.bodies], part.truth)


def write_objects(target: Target, shards: Sequence[int], add: Callable[[Totals], None]) -> None:
    """Write the objects of these shards; a shard that fails, or Ctrl-C, stops the others once they are whole."""
    executor, run, at_once = _crew(target, len(shards))
    with executor:
        waiting = iter(shards)
        pending: set[Future[Totals]] = set()
        try:
            while True:
                while len(pending) < at_once and (shard := next(waiting, None)) is not None:
                    pending.add(executor.submit(run, shard))
                if not pending:
                    return
                done, pending = wait(pending, POLL_SECONDS, FIRST_COMPLETED)
                for future in done:
                    add(future.result())
        except BrokenProcessPool as error:
            raise WorkerLostError(
                "a worker process ended without a word, perhaps for want of memory: lower --workers, then --resume"
            ) from error
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise


def _crew(target: Target, shards: int) -> tuple[Executor, Callable[[int], Totals], int]:
    """Who does the work: an executor, what it runs for a shard, and how many shards are under way."""
    job = target.job
    processes = min(job.workers, shards // SHARDS_WORTH_A_PROCESS)
    if processes > 1 and job.dataset.parallel == "processes":
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(processes, context, _start_process, (job,))
        return executor, _run_in_process, processes * OVERLAP
    threads = job.workers * OVERLAP
    worker = _Worker(target, threading.Semaphore(job.workers))
    return ThreadPoolExecutor(threads), worker.run, threads


def _start_process(job: Job) -> None:
    global _worker  # noqa: PLW0603 - a process pool offers no other place for what its initializer makes
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = _Worker(Target(job), nullcontext())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _run_in_process(shard: int) -> Totals:
    if _worker is None:
        raise RuntimeError("the process was not started by write_objects")
    return _worker.run(shard)
