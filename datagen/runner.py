"""Makes a data set at its target, on all cores, so that it can be stopped at any time and resumed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from datagen.fanout import write_objects
from datagen.request import KEYS_LISTED, GenerateRequest, Progress, Summary, job_for
from datagen.single import write_single_object
from datagen.target import Target, Totals

if TYPE_CHECKING:
    from datagen.request import Job, ProgressListener


def generate(request: GenerateRequest, *, progress: ProgressListener | None = None) -> Summary:
    """Make what is asked for, or finish it with `resume`; returns when all is written, truth included.

    Content depends on data set, seed, count and parameters alone. Raises DatagenError. On KeyboardInterrupt
    objects under way are finished or dropped, never left in part, and `resume` completes the rest.
    """
    started = time.perf_counter()
    job = job_for(request)
    target = Target(job)
    written = 0
    if not target.begin(resume=request.resume, overwrite=request.overwrite):
        done = target.finished()
        earlier = sum(done.values(), Totals())
        monitor = Monitor(job, progress, earlier)
        write = write_objects if job.dataset.single_object is None else write_single_object
        write(target, [shard for shard in range(job.shards) if shard not in done], monitor.add)
        target.complete(monitor.totals)
        written = monitor.totals.bytes - earlier.bytes
    totals = target.completed_totals()
    return Summary(
        dataset=job.dataset_name,
        to=job.to.url,
        truth=job.truth.url,
        objects=totals.objects,
        rows=totals.rows,
        bytes=totals.bytes,
        seconds=time.perf_counter() - started,
        written_bytes=written,
        keys=target.first_keys(KEYS_LISTED),
    )


class Monitor:
    """Adds up what was written and tells the listener."""

    def __init__(self, job: Job, listener: ProgressListener | None, earlier: Totals) -> None:
        self.totals = earlier
        self._listener = listener
        self._size = job.size()

    def add(self, more: Totals) -> None:
        """Count what was just written."""
        self.totals += more
        if self._listener is not None:
            self._listener(
                Progress(
                    objects=self.totals.objects,
                    objects_total=self._size.objects,
                    rows=self.totals.rows,
                    bytes=self.totals.bytes,
                    bytes_total=self._size.bytes,
                )
            )
