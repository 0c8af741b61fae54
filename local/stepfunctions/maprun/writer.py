"""The result files of a Map Run, streamed to S3 as multipart uploads.

Layout under ``<Prefix>/<map run id>/``: ``manifest.json`` and ``SUCCEEDED_n``, ``FAILED_n``, ``PENDING_n`` with n
from 0; a file exists only if it has entries, and a new n begins after 5 GB. Source: Developer Guide, "ResultWriter".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from local.stepfunctions.errors import ResultWriterFailed
from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.payload import dumps

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsClient

T = TypeVar("T")

Kind = Literal["SUCCEEDED", "FAILED", "PENDING"]
KINDS: Final[tuple[Kind, ...]] = ("FAILED", "PENDING", "SUCCEEDED")
MAX_FILE_BYTES: Final = 5 * 1024**3
"""A result file ends at 5 GB ("ResultWriter (Map)")."""
PART_BYTES: Final = 16 * 1024**2
"""Bytes of a part; at most 10,000 parts make an object ("Multipart upload limits")."""
_UPLOADS_AT_ONCE: Final = 2


async def _s3(call: Awaitable[T], what: str, bucket: str, key: str) -> T:
    try:
        return await call
    except AwsError as error:
        raise ResultWriterFailed(
            f"Failed to write {what} into the specified output bucket. Bucket: {bucket}, Key: {key}. {error.message} "
            f"(Service: S3, Status Code: {error.status}, Request ID: {error.request_id})"
        ) from error


class _File:
    """One kind of result file: entries go in, parts go out."""

    def __init__(self, writer: ResultFiles, kind: Kind) -> None:
        self._writer = writer
        self._kind = kind
        self._number = 0
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._written = 0
        self._entries = 0
        self._upload: str | None = None
        self._parts: list[asyncio.Task[str]] = []
        self._sending = asyncio.Lock()
        self.files: list[dict[str, Any]] = []

    @property
    def _key(self) -> str:
        return f"{self._writer.folder}/{self._kind}_{self._number}.{self._writer.extension}"

    async def add(self, texts: list[bytes]) -> None:
        lines = self._writer.lines
        for text in texts:
            opening = b"" if lines else (b"," if self._entries else b"[")
            self._chunks += (opening, text, b"\n") if lines else (opening, text)
            self._buffered += len(text) + 1
            self._entries += 1
        if self._buffered >= PART_BYTES:
            async with self._sending:
                if self._buffered >= PART_BYTES:  # another child may have sent it while this one waited
                    await self._send_part()
                    if self._written >= MAX_FILE_BYTES:
                        await self._complete()

    async def _send_part(self) -> None:
        body = b"".join(self._chunks)
        self._chunks, self._buffered = [], 0
        if self._upload is None:
            self._upload = await self._writer.create_upload(self._key)
        number = len(self._parts) + 1
        running = [task for task in self._parts if not task.done()]
        if len(running) >= _UPLOADS_AT_ONCE:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        self._written += len(body)
        self._parts.append(asyncio.create_task(self._writer.upload_part(self._key, self._upload, number, body)))

    async def close(self) -> None:
        """Complete the file, if it has entries."""
        async with self._sending:
            if self._entries:
                await self._complete()

    async def _complete(self) -> None:
        if not self._writer.lines:
            self._chunks.append(b"]")
        self._entries = 0  # what is added while this file is completed begins the next one
        if self._chunks:
            await self._send_part()
        tags = await asyncio.gather(*self._parts)
        assert self._upload is not None  # noqa: S101 - _send_part made it
        await self._writer.complete_upload(self._key, self._upload, tags)
        self.files.append({"Key": self._key, "Size": self._written})
        self._number += 1
        self._written = 0
        self._upload, self._parts = None, []

    async def abort(self) -> None:
        """Give up what is not complete, so that no half-written file is left."""
        for task in self._parts:
            task.cancel()
        await asyncio.gather(*self._parts, return_exceptions=True)
        if self._upload is not None:
            await self._writer.abort_upload(self._key, self._upload)
        self._upload, self._parts, self._chunks = None, [], []


class ResultFiles:
    """All result files of one Map Run."""

    def __init__(
        self,
        *,
        s3: AwsClient,
        bucket: str,
        prefix: str,
        map_run_arn: str,
        lines: bool = False,
        redrive: int = 0,
        earlier: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        run_id = map_run_arn.rsplit(":", 1)[-1]
        self._s3 = s3
        self.bucket = bucket
        self._prefix = prefix
        self._earlier = tuple(earlier)
        folder = f"{prefix.rstrip('/')}/{run_id}" if prefix else run_id
        self.folder = f"{folder}/Redrive-{redrive}" if redrive else folder
        self.lines = lines
        self.extension = "jsonl" if lines else "json"
        self._map_run_arn = map_run_arn
        self._files = {kind: _File(self, kind) for kind in KINDS}

    @property
    def manifest_key(self) -> str:
        """Where the manifest is."""
        return f"{self.folder}/manifest.json"

    def next_generation(self, redrive: int) -> ResultFiles:
        """The files of a redrive: earlier ones are never rewritten, and the manifest names all successes so far."""
        return ResultFiles(
            s3=self._s3,
            bucket=self.bucket,
            prefix=self._prefix,
            map_run_arn=self._map_run_arn,
            lines=self.lines,
            redrive=redrive,
            earlier=self._succeeded(),
        )

    def _succeeded(self) -> list[Mapping[str, Any]]:
        return [*self._earlier, *self._files["SUCCEEDED"].files]

    async def probe(self) -> None:
        """Write a manifest without files, so that a bucket that cannot be written is found before the run begins."""
        await self._put_manifest("a test manifest")

    async def add(self, kind: Kind, texts: list[bytes]) -> None:
        """Append entries to a kind of file; waits while uploads are behind."""
        await self._files[kind].add(texts)

    async def finish(self) -> None:
        """Complete the files and write the manifest."""
        for file in self._files.values():
            await file.close()
        await self._put_manifest("the manifest")

    async def abort(self) -> None:
        """Give up all files that are not complete."""
        for file in self._files.values():
            await file.abort()

    async def _put_manifest(self, what: str) -> None:
        manifest = {
            "DestinationBucket": self.bucket,
            "MapRunArn": self._map_run_arn,
            "ResultFiles": {
                "FAILED": self._files["FAILED"].files,
                "PENDING": self._files["PENDING"].files,
                "SUCCEEDED": self._succeeded(),
            },
        }
        parameters = {
            "Bucket": self.bucket,
            "Key": self.manifest_key,
            "Body": dumps(manifest),
            "ContentType": "application/octet-stream",
        }
        await _s3(self._s3.call("PutObject", parameters), what, self.bucket, self.manifest_key)

    async def create_upload(self, key: str) -> str:
        """Begin a multipart upload; its id."""
        parameters = {"Bucket": self.bucket, "Key": key, "ContentType": "binary/octet-stream"}
        answer = await _s3(self._s3.call("CreateMultipartUpload", parameters), "results", self.bucket, key)
        return str(answer["UploadId"])

    async def upload_part(self, key: str, upload: str, number: int, body: bytes) -> str:
        """Send a part; its ETag."""
        parameters = {
            "Bucket": self.bucket,
            "Key": key,
            "UploadId": upload,
            "PartNumber": number,
            "Body": body,
        }
        answer = await _s3(self._s3.call("UploadPart", parameters), "results", self.bucket, key)
        return str(answer["ETag"])

    async def complete_upload(self, key: str, upload: str, tags: list[str]) -> None:
        """Make the object of its parts."""
        parts = [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, start=1)]
        parameters = {
            "Bucket": self.bucket,
            "Key": key,
            "UploadId": upload,
            "MultipartUpload": {"Parts": parts},
        }
        await _s3(self._s3.call("CompleteMultipartUpload", parameters), "results", self.bucket, key)

    async def abort_upload(self, key: str, upload: str) -> None:
        """Drop the parts of an upload."""
        parameters = {"Bucket": self.bucket, "Key": key, "UploadId": upload}
        await _s3(self._s3.call("AbortMultipartUpload", parameters), "results", self.bucket, key)
