"""Listings against an S3 over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import uuid

import pytest

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers import parse_reader, read_items


def listing(with_session, *, max_items=0, **parameters):
    spec, _ = parse_reader({"Resource": "arn:aws:states:::s3:listObjectsV2"})
    assert spec is not None

    async def work(session):
        read = read_items(spec, parameters=parameters, max_items=max_items, s3=session.client("s3"))
        return [chunk async for chunk in read]

    return with_session(work)


@pytest.fixture
def bucket(boto):
    name = f"listing-{uuid.uuid4()}"
    boto("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.aws("recorded")
def test_an_item_is_an_object_with_its_etag_in_quotes_and_its_time_in_epoch_seconds(with_session, boto, bucket):
    boto("s3").put_object(Bucket=bucket, Key="file_0.txt", Body=b"0HelloWorld!")
    modified = boto("s3").head_object(Bucket=bucket, Key="file_0.txt")["LastModified"]
    (chunk,) = listing(with_session, Bucket=bucket)
    assert chunk.source == f"s3://{bucket}"
    (item,) = chunk.items
    assert abs(item.pop("LastModified") - modified.timestamp()) < 1
    etag = hashlib.md5(b"0HelloWorld!").hexdigest()
    assert item == {"Etag": f'"{etag}"', "Key": "file_0.txt", "Size": 12, "StorageClass": "STANDARD"}


def test_every_page_is_followed_and_no_key_is_changed(with_session, bucket):
    keys = sorted([f"p/{n:04d}" for n in range(1_100)] + ["p/a b+c%2F&é\x01", "p/folder/", "p/☃"])

    async def put(session):
        s3 = session.client("s3")
        await asyncio.gather(
            *(s3.call("PutObject", {"Bucket": bucket, "Key": key, "Body": b""}) for key in [*keys, "q"])
        )

    with_session(put)
    chunks = listing(with_session, Bucket=bucket, Prefix="p/", MaxKeys=400)
    assert sorted(item["Key"] for chunk in chunks for item in chunk.items) == keys
    assert len(chunks) == 3, "MaxKeys is the size of a page, not a limit"
    assert len(listing(with_session, Bucket=bucket, Prefix="p/", max_items=7)[0].items) == 7


@pytest.mark.aws("documented")
def test_an_empty_listing_has_no_items(with_session, bucket):
    assert listing(with_session, Bucket=bucket) == []


def test_a_missing_bucket_fails_with_the_words_of_s3(with_session):
    with pytest.raises(ItemReaderFailed, match=r"does not exist \(Service: S3, Status Code: 404, Request ID: "):
        listing(with_session, Bucket="no-such-bucket-of-ours")


def test_a_parameter_that_s3_does_not_have_fails_with_its_name(with_session, bucket):
    with pytest.raises(ItemReaderFailed, match='Unknown parameter in input: "Prefiks"'):
        listing(with_session, Bucket=bucket, Prefiks="p")
