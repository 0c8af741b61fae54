"""Data sets of many objects: any workers, interrupted or not, the same objects, each whole."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import md5

import polars as pl
import pytest

from datagen import GenerateRequest, fanout, generate, registry
from datagen.errors import DestinationError, WorkerLostError
from datagen.request import job_for
from datagen.sinks.files import FileSink

# Small objects, so that a few shards take no time: (data set, count, parameters).
MANY = {
    "stations": (10, {"years": 1.0}),
    "claims": (100, {"claims": 5.0}),
    "texts": (300, {"words": 20_000, "dirty": 0.3}),
    "loans": (10_000, {"batch": 100}),
}


def request(name, folder, **changes):
    count, parameters = MANY[name]
    return GenerateRequest(
        **{"dataset": name, "to": folder.as_uri(), "count": count, "parameters": parameters, **changes}
    )


def listing(folder):
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, md5(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


def interrupt_after(calls):
    def listener(_):
        nonlocal calls
        calls -= 1
        if calls == 0:
            raise KeyboardInterrupt

    return listener


@pytest.mark.parametrize("name", MANY)
def test_one_worker_four_workers_and_an_interrupted_run_end_at_the_same_bytes(name, tmp_path):
    assert job_for(request(name, tmp_path)).shards >= 3, "there is something to interrupt"
    for workers in (1, 4):
        generate(request(name, tmp_path / str(workers) / name, workers=workers))
    broken = request(name, tmp_path / "broken" / name, workers=1)
    with pytest.raises(KeyboardInterrupt):
        generate(broken, progress=interrupt_after(1))
    part = listing(tmp_path / "broken" / name)
    whole = listing(tmp_path / "1")
    assert 0 < len(part) < len(listing(tmp_path / "1" / name)), "it was stopped in the middle"
    assert {f"{name}/{key}": facts for key, facts in part.items()}.items() <= whole.items(), "what is there is whole"
    generate(replace(broken, resume=True))
    assert listing(tmp_path / "4") == whole
    assert listing(tmp_path / "broken") == whole


@pytest.mark.parametrize("name", MANY)
def test_truth_lists_every_object_with_size_and_md5(name, tmp_path):
    summary = generate(request(name, tmp_path / name))
    objects = pl.read_parquet(tmp_path / "_truth" / name / "objects.parquet")
    listed = {key: (size, etag) for key, size, etag in objects.select("key", "size", "etag").iter_rows()}
    assert listed == listing(tmp_path / name)
    assert summary.objects == len(listed)
    assert (summary.rows, summary.bytes) == (objects["rows"].sum(), objects["size"].sum())
    assert summary.keys == tuple(objects["key"][:1_000])
    state = json.loads((tmp_path / "_truth" / name / "dataset.json").read_bytes())
    assert (state["complete"], state["dataset"], state["seed"]) == (True, name, 1)


def test_resume_does_not_make_again_what_is_finished(tmp_path, monkeypatch):
    to = request("loans", tmp_path / "loans", workers=1)
    with pytest.raises(KeyboardInterrupt):
        generate(to, progress=interrupt_after(1))
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "loans").iterdir()}
    summary = generate(replace(to, resume=True))
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert summary.written_bytes < summary.bytes


def test_processes_make_the_bytes_that_threads_make(tmp_path, monkeypatch):
    generate(request("loans", tmp_path / "threads" / "loans"))
    monkeypatch.setattr(fanout, "SHARDS_WORTH_A_PROCESS", 1)
    generate(request("loans", tmp_path / "processes" / "loans", workers=2))
    assert listing(tmp_path / "threads") == listing(tmp_path / "processes")


def test_a_process_that_is_killed_is_reported_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(fanout, "SHARDS_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(fanout, "_start_process", _die)
    with pytest.raises(WorkerLostError, match="--resume"):
        generate(request("loans", tmp_path / "loans", workers=2))


def _die(_job):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_failing_destination_ends_the_run_and_resume_finishes_it(tmp_path, monkeypatch):
    put, calls = FileSink.put_stream, []

    def failing(self, key, chunks):
        if key.startswith("data-gen"):
            calls.append(key)
            if len(calls) == 60:
                raise DestinationError("the cable was pulled")
        return put(self, key, chunks)

    to = request("loans", tmp_path / "loans")
    monkeypatch.setattr(FileSink, "put_stream", failing)
    with pytest.raises(DestinationError, match="cable"):
        generate(to)
    monkeypatch.setattr(FileSink, "put_stream", put)
    assert generate(replace(to, resume=True)).objects == 100
    generate(request("loans", tmp_path / "at once" / "loans"))
    assert listing(tmp_path / "loans") == listing(tmp_path / "at once" / "loans")


def test_ctrl_c_in_process_mode_leaves_no_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "datagen", "loans", "--scale", "full", "--to", (tmp_path / "loans").as_uri()],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("_truth/loans/journal/objects/*")):
        assert time.monotonic() < deadline, "no shard was ever finished"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "--resume" in stderr
    assert "Traceback" not in stderr
    while is_alive(process.pid):
        assert time.monotonic() < deadline, "a process stayed behind"
        time.sleep(0.05)


def is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_every_data_set_has_what_the_frame_needs():
    for name in registry.NAMES:
        made = registry.dataset(name)
        assert made.name == name
        assert made.counts["tiny"] <= made.counts["demo"] <= made.counts["full"] <= made.maximum
