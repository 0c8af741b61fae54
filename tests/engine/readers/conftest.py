"""An S3 that holds objects in memory, and hands them out in pieces of a chosen size."""

from __future__ import annotations

import asyncio
from xml.sax.saxutils import escape

import pytest

from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.maprun.readers import parse_reader, read_items


class Response:
    def __init__(self, pieces):
        self.pieces = pieces
        self.parsed = {"ETag": '"e"'}
        self.closed = False

    async def __aiter__(self):
        for piece in self.pieces:
            await asyncio.sleep(0)
            yield piece

    async def aclose(self):
        self.closed = True


class FakeS3:
    """``objects``: bytes, or a function that gives the pieces, by key; all in one bucket."""

    def __init__(self, piece_bytes=1 << 16):
        self.objects = {}
        self.piece_bytes = piece_bytes
        self.calls = []
        self.responses = []

    async def stream(self, operation, parameters):
        self.calls.append((operation, dict(parameters)))
        answer = {"GetObject": self.get_object, "ListObjectsV2": self.list_objects}[operation]
        response = Response(answer(parameters))
        self.responses.append(response)
        return response

    def get_object(self, parameters):
        content = self.objects.get(parameters["Key"])
        if content is None:
            body = {"ResponseMetadata": {"RequestId": "R1", "HostId": "H1"}}
            raise AwsError(
                service_id="S3",
                operation="GetObject",
                code="NoSuchKey",
                message="The specified key does not exist.",
                status=404,
                body=body,
            )
        if callable(content):
            return content()
        content = content[int(parameters.get("Range", "bytes=0-")[6:-1]) :]
        return [content[at : at + self.piece_bytes] for at in range(0, len(content), self.piece_bytes)]

    def list_objects(self, parameters):
        prefix = parameters.get("Prefix", "")
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-23T10:00:00.000Z</LastModified>"
            f"<ETag>e</ETag><Size>{len(content)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        return [f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>".encode()]


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def read():
    """The items of an ItemReader over a FakeS3: ``read(s3, {"InputType": "CSV", ...}, Key="k")``."""

    def run(s3, config, *, resource="getObject", max_items=0, with_chunks=False, **parameters):
        spec, problems = parse_reader({"Resource": f"arn:aws:states:::s3:{resource}", "ReaderConfig": config})
        assert spec is not None, problems

        async def collect():
            wanted = {"Bucket": "bucket", **parameters}
            return [chunk async for chunk in read_items(spec, parameters=wanted, max_items=max_items, s3=s3)]

        chunks = asyncio.run(collect())
        assert all(chunk.items for chunk in chunks), "a chunk is never empty"
        return chunks if with_chunks else [item for chunk in chunks for item in chunk.items]

    return run
