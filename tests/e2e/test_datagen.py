"""Data sets written to S3: the same objects as anywhere, whole or absent, and clear refusals."""

import csv
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from io import BytesIO, StringIO
from uuid import uuid4

import boto3
import polars as pl
import pytest

from datagen import GenerateRequest, InventoryRequest, generate, validate, write_inventory
from datagen.errors import BucketMissingError, ForbiddenError, TargetNotEmptyError

pytestmark = pytest.mark.e2e

READY_SECONDS = 30
REVIEWS = 200_000  # more than one part of a multipart upload
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def endpoint():
    port = free_port()
    settings = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "ERROR",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
                break
            assert server.poll() is None, f"the server ended with {server.returncode}"
            assert time.monotonic() < deadline, f"no answer on port {port} in {READY_SECONDS} s"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(15)


@pytest.fixture
def environment(endpoint, monkeypatch):
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3(environment):
    return boto3.client("s3")


@pytest.fixture
def bucket(s3):
    name = f"datagen-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


def listing(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        (found["Key"].removeprefix(prefix), found["Size"], found["ETag"])
        for page in pages
        for found in page.get("Contents", [])
    ]


def read_parquet(s3, bucket, key):
    return pl.read_parquet(BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


def test_reviews_are_one_object_with_truth_beside_it(s3, bucket):
    summary = generate(GenerateRequest(dataset="reviews", to=f"s3://{bucket}/in/reviews", count=REVIEWS))
    keys = [key for key, _, _ in listing(s3, bucket)]
    assert keys == [
        "in/_truth/reviews/dataset.json",
        "in/_truth/reviews/highly_rated.parquet",
        "in/_truth/reviews/objects.parquet",
        "in/reviews/reviews.csv",
    ]
    stored = s3.head_object(Bucket=bucket, Key="in/reviews/reviews.csv")
    assert stored["ContentLength"] == summary.bytes
    objects = read_parquet(s3, bucket, "in/_truth/reviews/objects.parquet").to_dicts()
    assert objects == [
        {"key": "reviews.csv", "size": summary.bytes, "etag": stored["ETag"].strip('"'), "rows": REVIEWS}
    ]


def test_s3_receives_the_bytes_that_a_directory_receives(s3, bucket, tmp_path):
    for to in (f"s3://{bucket}/reviews", tmp_path.joinpath("reviews").as_uri()):
        generate(GenerateRequest(dataset="reviews", to=to, count=REVIEWS))
    body = s3.get_object(Bucket=bucket, Key="reviews/reviews.csv")["Body"].read()
    assert body == (tmp_path / "reviews" / "reviews.csv").read_bytes()


def test_an_interrupted_upload_leaves_nothing_and_resumes_to_the_same(s3, bucket):
    enough_to_be_interrupted = 2_000_000

    def interrupt(_):
        raise KeyboardInterrupt

    def request(name):
        to = f"s3://{bucket}/{name}/reviews"
        return GenerateRequest(dataset="reviews", to=to, count=enough_to_be_interrupted, resume=name == "twice")

    with pytest.raises(KeyboardInterrupt):
        generate(request("twice"), progress=interrupt)
    assert listing(s3, bucket, "twice/reviews") == []
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == [], "an upload was left open"
    generate(request("twice"))
    generate(request("once"))
    assert listing(s3, bucket, "twice/reviews/") == listing(s3, bucket, "once/reviews/")


def test_a_missing_bucket_is_named(environment):
    with pytest.raises(BucketMissingError, match="there is no bucket 'never-made'"):
        generate(GenerateRequest(dataset="reviews", to="s3://never-made/reviews", scale="tiny"))


def test_credentials_without_permission_are_refused(bucket, monkeypatch):
    iam = boto3.client("iam")
    iam.create_user(UserName=bucket)
    key = iam.create_access_key(UserName=bucket)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    with pytest.raises(ForbiddenError, match="AccessDenied at s3://"):
        generate(GenerateRequest(dataset="reviews", to=f"s3://{bucket}/reviews", scale="tiny"))


def test_a_prefix_in_use_is_refused_and_a_neighbour_is_not(s3, bucket):
    s3.put_object(Bucket=bucket, Key="reviews/notes.txt", Body=b"mine")
    with pytest.raises(TargetNotEmptyError, match=r"notes\.txt"):
        generate(GenerateRequest(dataset="reviews", to=f"s3://{bucket}/reviews", scale="tiny"))
    generate(GenerateRequest(dataset="reviews", to=f"s3://{bucket}/reviews-2", scale="tiny"))


def test_ctrl_c_on_the_command_line_leaves_no_upload_open(s3, bucket, environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "datagen", "reviews", "--count", "100000000", "--to", f"s3://{bucket}/r"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + READY_SECONDS
    while not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"):
        assert time.monotonic() < deadline, "uploading never began"
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "--resume" in stderr
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    assert listing(s3, bucket, "r/") == []


MANY = {
    "stations": (10, {"years": 1.0}),
    "claims": (100, {"claims": 5.0}),
    "texts": (300, {"words": 20_000, "dirty": 0.3}),
    "loans": (10_000, {"batch": 25}),
}


@pytest.mark.parametrize("name", MANY)
def test_one_worker_four_workers_and_an_interrupted_run_end_at_the_same_listing(name, s3, bucket):
    def request(place, **changes):
        count, parameters = MANY[name]
        to = f"s3://{bucket}/{place}/{name}"
        return GenerateRequest(**{"dataset": name, "to": to, "count": count, "parameters": parameters, **changes})

    def interrupt(_):
        raise KeyboardInterrupt

    generate(request("one", workers=1))
    generate(request("four", workers=4))
    with pytest.raises(KeyboardInterrupt):
        generate(request("broken", workers=1), progress=interrupt)
    whole = listing(s3, bucket, f"one/{name}/")
    part = listing(s3, bucket, f"broken/{name}/")
    assert 0 < len(part) < len(whole), "it was stopped in the middle"
    generate(request("broken", resume=True))
    assert listing(s3, bucket, f"four/{name}/") == whole
    assert listing(s3, bucket, f"broken/{name}/") == whole
    objects = read_parquet(s3, bucket, f"one/_truth/{name}/objects.parquet").sort("key")
    recorded = [(key, size, f'"{etag}"') for key, size, etag in objects.select("key", "size", "etag").iter_rows()]
    assert recorded == whole, "truth has key, size and ETag of every object"
    assert validate(f"s3://{bucket}/broken/{name}").ok


def test_an_inventory_of_a_prefix_lists_what_s3_lists(s3, bucket):
    generate(GenerateRequest(dataset="loans", to=f"s3://{bucket}/data", count=2_500))
    at = datetime(2026, 3, 31, 7, tzinfo=UTC)
    made = write_inventory(
        InventoryRequest(source=f"s3://{bucket}/data", to=f"s3://{bucket}/inv", rows_per_file=1_000, at=at)
    )
    assert made.manifest_key == f"inv/{bucket}/all/2026-03-31T07-00Z/manifest.json"
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=made.manifest_key)["Body"].read())
    rows: list[list[str]] = []
    for file in manifest["files"]:
        body = s3.get_object(Bucket=bucket, Key=file["key"])["Body"].read()
        rows += csv.reader(StringIO(gzip.decompress(body).decode(), newline=""))
    assert [file.rows for file in made.files] == [1_000, 1_000, 500]
    assert [(row[0], row[1], int(row[2]), f'"{row[4]}"') for row in rows] == [
        (bucket, f"data/{key}", size, etag) for key, size, etag in listing(s3, bucket, "data/")
    ]


def test_overwrite_leaves_nothing_of_the_former_data(s3, bucket):
    to = f"s3://{bucket}/loans"
    generate(GenerateRequest(dataset="loans", to=to, count=50))
    generate(GenerateRequest(dataset="loans", to=to, count=20, seed=2, overwrite=True))
    assert len(listing(s3, bucket, "loans/")) == 20
    assert validate(to).ok
