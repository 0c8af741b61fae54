"""What holds for every data set: targets, resuming, refusals, the command line."""

import errno
import json
import os
from hashlib import md5
from pathlib import Path

import polars as pl
import pytest

from datagen import GenerateRequest, Progress, generate, truth_location
from datagen.errors import (
    DatagenError,
    ForbiddenError,
    OutOfSpaceError,
    RequestError,
    TargetMismatchError,
    TargetNotEmptyError,
    UnknownDataSetError,
)
from datagen.request import job_for
from datagen.sinks.files import FileSink

COUNT = 150_000  # three shards


def request(folder, **changes):
    return GenerateRequest(**{"dataset": "reviews", "to": folder.as_uri(), "count": COUNT, **changes})


def listing(folder):
    """Path, size and content of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, md5(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def to(tmp_path):
    return tmp_path / "reviews"


def test_truth_lies_beside_the_data_and_never_within_it():
    assert truth_location("s3://bucket/reviews") == "s3://bucket/_truth/reviews"
    assert truth_location("s3://bucket/a/b/") == "s3://bucket/a/_truth/b"
    assert truth_location("s3://bucket") == "s3://bucket/_truth"
    assert truth_location("file:///d/reviews") == "file:///d/_truth/reviews"


def test_a_run_leaves_the_object_its_truth_and_nothing_else(to):
    summary = generate(request(to))
    assert sorted(listing(to.parent)) == [
        "_truth/reviews/dataset.json",
        "_truth/reviews/highly_rated.parquet",
        "_truth/reviews/objects.parquet",
        "reviews/reviews.csv",
    ]
    assert not (to.parent / "_truth/reviews/journal").exists()
    data = (to / "reviews.csv").read_bytes()
    assert (summary.objects, summary.rows, summary.bytes) == (1, COUNT, len(data))
    assert summary.keys == ("reviews.csv",)
    objects = pl.read_parquet(to.parent / "_truth/reviews/objects.parquet").to_dicts()
    assert objects == [{"key": "reviews.csv", "size": len(data), "etag": md5(data).hexdigest(), "rows": COUNT}]


def test_truth_of_several_shards_is_in_the_order_of_the_records(to):
    generate(request(to))
    rows = pl.read_csv(to / "reviews.csv", infer_schema_length=0).fill_null("")
    truth = pl.read_parquet(to.parent / "_truth/reviews/highly_rated.parquet")
    assert truth.equals(rows.filter(pl.col("rating").is_in(["4.0", "5.0"])))


def test_workers_do_not_change_a_byte(tmp_path):
    for workers in (1, 4):
        generate(request(tmp_path / str(workers) / "reviews", workers=workers))
    assert listing(tmp_path / "1") == listing(tmp_path / "4")


def test_progress_ends_at_the_sums_of_the_summary(to):
    seen: list[Progress] = []
    summary = generate(request(to), progress=seen.append)
    assert (seen[-1].objects, seen[-1].rows, seen[-1].bytes) == (1, COUNT, summary.bytes)
    assert seen[-1].bytes_total == pytest.approx(summary.bytes, rel=0.02), "the estimate is close"


def test_a_target_with_data_is_refused_and_kept(to):
    generate(request(to))
    before = listing(to.parent)
    with pytest.raises(TargetNotEmptyError, match=r"reviews\.csv.*--overwrite.*--resume"):
        generate(request(to, seed=2))
    assert listing(to.parent) == before


def test_overwrite_replaces_data_and_truth(to, tmp_path):
    generate(request(to, count=70_000))
    generate(request(to, overwrite=True))
    generate(request(tmp_path / "fresh" / "reviews"))
    assert listing(to.parent / "reviews") == listing(tmp_path / "fresh" / "reviews")
    assert listing(to.parent / "_truth") == listing(tmp_path / "fresh" / "_truth")


def test_overwrite_deletes_nothing_when_something_foreign_is_there(to):
    generate(request(to))
    (to / "thesis.docx").write_text("years of work")
    before = listing(to.parent)
    with pytest.raises(TargetNotEmptyError, match=r"thesis\.docx.*nothing was deleted"):
        generate(request(to, overwrite=True))
    assert listing(to.parent) == before


def interrupt_at(calls):
    def listener(_):
        nonlocal calls
        calls -= 1
        if calls == 0:
            raise KeyboardInterrupt

    return listener


def test_an_interrupted_run_leaves_no_part_of_an_object_and_resumes_to_the_same(to, tmp_path):
    enough_to_be_interrupted = 800_000
    with pytest.raises(KeyboardInterrupt):
        generate(request(to, count=enough_to_be_interrupted), progress=interrupt_at(1))
    assert list(to.glob("**/*.*")) == [], "an object is there whole or not at all"
    assert json.loads((to.parent / "_truth/reviews/dataset.json").read_bytes())["complete"] is False
    generate(request(to, count=enough_to_be_interrupted, resume=True))
    generate(request(tmp_path / "at once" / "reviews", count=enough_to_be_interrupted))
    assert listing(to.parent / "reviews") == listing(tmp_path / "at once" / "reviews")
    assert listing(to.parent / "_truth") == listing(tmp_path / "at once" / "_truth")


def test_resume_of_complete_data_writes_nothing(to):
    first = generate(request(to))
    before = {path: path.stat().st_mtime_ns for path in to.parent.rglob("*")}
    again = generate(request(to, resume=True))
    assert {path: path.stat().st_mtime_ns for path in to.parent.rglob("*")} == before
    assert (again.objects, again.rows, again.bytes, again.written_bytes) == (1, COUNT, first.bytes, 0)


def test_resume_where_nothing_was_begun_makes_everything(to):
    assert generate(request(to, resume=True)).rows == COUNT


@pytest.mark.parametrize(("change", "named"), [({"seed": 2}, "seed 1, not 2"), ({"count": 9}, "count 150000, not 9")])
def test_resume_of_other_data_is_refused(to, change, named):
    generate(request(to))
    with pytest.raises(TargetMismatchError, match=named):
        generate(request(to, resume=True, **change))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "tweets"}, "no data set is called 'tweets': choose one of reviews"),
        ({"count": 0}, "1 to 1,000,000,000 reviews, not 0"),
        ({"count": 10**12}, "not 1,000,000,000,000"),
        ({"scale": "huge"}, "no scale is called 'huge'"),
        ({"seed": -1}, "a seed is a whole number from 0"),
        ({"seed": 2**64}, "a seed is a whole number from 0"),
        ({"workers": -1}, "workers may be 0"),
        ({"to": "ftp://host/x"}, "cannot write to 'ftp://host/x'"),
        ({"to": "s3://"}, "cannot write to 's3://'"),
        ({"parameters": {"colour": 1}}, "reviews has no parameter 'colour'"),
        ({"resume": True, "overwrite": True}, "ask for one of them"),
    ],
)
def test_an_impossible_request_is_refused_before_anything_is_written(to, changes, message):
    with pytest.raises(RequestError) as raised:
        generate(request(to, **changes))
    assert message in str(raised.value)
    assert not to.parent.joinpath("_truth").exists()


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("texts", {"words": 9}, "words of texts must be 10 to 10,000,000 and whole, not 9"),
        ("texts", {"words": 20.5}, "and whole, not 20.5"),
        ("texts", {"words": "many"}, "words of texts must be of type int, not 'many'"),
        ("texts", {"dirty": 1.5}, "dirty of texts must be 0 to 1, not 1.5"),
        ("texts", {"dirty": float("nan")}, "dirty of texts must be 0 to 1, not nan"),
        ("loans", {"preset": "car"}, "preset of loans must be one of consumer, mortgage, not 'car'"),
        ("loans", {"batch": 0}, "batch of loans must be 1 to 100,000 and whole, not 0"),
    ],
)
def test_a_parameter_outside_its_limits_is_refused(to, name, parameters, message):
    with pytest.raises(RequestError) as raised:
        job_for(GenerateRequest(dataset=name, to=to.as_uri(), parameters=parameters))
    assert message in str(raised.value)


def test_an_unknown_data_set_has_its_own_error():
    with pytest.raises(UnknownDataSetError):
        job_for(GenerateRequest(dataset="tweets", to="s3://bucket"))


def test_a_full_disk_is_named_and_leaves_no_partial_file(tmp_path, monkeypatch):
    def write(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OutOfSpaceError, match=r"no space left for .*a\.txt.*--resume"):
        FileSink(str(tmp_path)).put("a.txt", b"data")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_without_permission_is_named(tmp_path, monkeypatch):
    def refuse(*_arguments, **_more):  # root may write everywhere, so the system's answer is given by hand
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ForbiddenError, match="no permission"):
        FileSink(str(tmp_path)).put("a.txt", b"data")


def test_a_file_in_the_place_of_a_directory_is_named(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(DatagenError, match="taken"):
        FileSink(str(tmp_path / "taken")).put("a.txt", b"data")


def test_a_stream_that_fails_leaves_no_file(tmp_path):
    def chunks():
        yield b"first"
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        FileSink(str(tmp_path)).put_stream("a.txt", chunks())
    assert list(tmp_path.iterdir()) == []


def test_half_written_files_of_a_killed_run_are_not_listed(tmp_path):
    sink = FileSink(str(tmp_path))
    sink.put("whole.txt", b"data")
    Path(tmp_path, "half.txt.4711.datagen-partial").write_bytes(b"da")
    assert [found.key for found in sink.list()] == ["whole.txt"]
