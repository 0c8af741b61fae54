"""An S3 bucket as destination, at AWS or at the endpoint in AWS_ENDPOINT_URL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from datagen.errors import BucketMissingError, DestinationError, ForbiddenError
from datagen.sinks.base import MAX_PARTS, PART_BYTES, READ_BYTES, Listed, Stored

if TYPE_CHECKING:
    from datagen.dataset import Body

UPLOADS = 16  # at once; threads, since the async form of obstore can abort the interpreter at its exit
DELETES = 1_000  # S3 quota of one DeleteObjects request
DEFAULT_REGION = "us-east-1"
RETRIES = {
    # 503 SlowDown, other 5xx and lost connections: full jitter, then doubling, for three minutes at most
    "max_retries": 10,
    "retry_timeout": timedelta(minutes=3),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=15), "base": 2},
}


class S3Sink:
    """Objects below a prefix of a bucket, uploaded concurrently with back-off when S3 asks to slow down."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._store = _store(bucket, prefix)
        self._pool = ThreadPoolExecutor(UPLOADS, thread_name_prefix="upload")

    def put(self, key: str, data: bytes) -> Stored:
        """Write one object, in parts when it is longer than one part."""
        with self._explained(key):
            result = obstore.put(self._store, key, data, chunk_size=PART_BYTES)
        return Stored(key, len(data), _unquoted(result["e_tag"]))

    def put_all(self, bodies: Sequence[Body]) -> list[Stored]:
        """Write objects, 16 at once; after a failure those not yet begun are left out."""
        uploads = [self._pool.submit(self.put, body.key, body.data) for body in bodies]
        done, _ = wait(uploads, return_when=FIRST_EXCEPTION)
        failed = next((upload.exception() for upload in done if upload.exception()), None)
        if failed is not None:
            for upload in uploads:
                upload.cancel()
            raise failed
        return [upload.result() for upload in uploads]

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Write one object from pieces, as a multipart upload when there is more than one part of them."""
        pieces = iter(chunks)
        head: list[bytes] = []
        while sum(map(len, head)) <= PART_BYTES:
            if (piece := next(pieces, None)) is None:
                return self.put(key, b"".join(head))
            head.append(piece)
        sizes = [0]
        with self._explained(key):
            result = obstore.put(
                self._store,
                key,
                _counted(chain(head, pieces), sizes),
                use_multipart=True,
                chunk_size=PART_BYTES,
            )
        return Stored(key, sizes[0], _unquoted(result["e_tag"]))

    def get(self, key: str) -> bytes:
        """Read one object whole."""
        with self._explained(key):
            return bytes(obstore.get(self._store, key).bytes())

    def stream(self, key: str) -> Iterator[bytes]:
        """Read one object in pieces."""
        with self._explained(key):
            for piece in obstore.get(self._store, key).stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """The objects below a folder of the prefix, as S3 lists them."""
        with self._explained(prefix):
            for batch in obstore.list(self._store, prefix=prefix.rstrip("/") or None, chunk_size=1_000):
                for found in batch:
                    modified = int(found["last_modified"].timestamp() * 1000)
                    yield Listed(found["path"], found["size"], _unquoted(found["e_tag"]), modified)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, a thousand a request."""
        for start in range(0, len(keys), DELETES):
            with self._explained(keys[start]):
                obstore.delete(self._store, keys[start : start + DELETES])

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        address = f"{self.url}/{key}".rstrip("/")
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            code, message = _answer(error)
            if code == "NoSuchBucket":
                raise BucketMissingError(
                    f"there is no bucket {self._bucket!r} at {_endpoint() or 'AWS'}: create it, or correct the name"
                ) from error
            if " 403 " in str(error) or " 401 " in str(error):
                raise ForbiddenError(f"{code} at {address}: {message}") from error
            raise DestinationError(f"S3 failed at {address}: {code} {message}") from error


def _store(bucket: str, prefix: str) -> S3Store:
    settings: dict[str, Any] = {
        "region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
        "retry_config": RETRIES,
    }
    if endpoint := _endpoint():
        settings |= {"endpoint": endpoint, "client_options": {"allow_http": endpoint.startswith("http:")}}
    if not os.environ.get("AWS_ACCESS_KEY_ID"):
        from obstore.auth.boto3 import Boto3CredentialProvider

        settings["credential_provider"] = Boto3CredentialProvider()
    return S3Store(bucket, prefix=prefix or None, **settings)


def _endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def _counted(chunks: Iterable[bytes], total: list[int]) -> Iterator[bytes]:
    for chunk in chunks:
        total[0] += len(chunk)
        if total[0] > PART_BYTES * MAX_PARTS:
            raise DestinationError(
                f"one object holds at most {MAX_PARTS:,} parts of {PART_BYTES:,} bytes: lower the count"
            )
        yield chunk


def _answer(error: Exception) -> tuple[str, str]:
    """Code and message that S3 gave, or the name and first line of the error when the answer was not from S3."""
    code = re.search(r"<Code>(\w+)</Code>", str(error))
    message = re.search(r"<Message>(.*?)</Message>", str(error))
    return (
        code[1] if code else type(error).__name__,
        message[1] if message else str(error).partition("\n")[0],
    )


def _unquoted(etag: str | None) -> str:
    return (etag or "").strip('"')
