"""S3 hashes what it stores once, and beside the server's loop.

Ministack takes the MD5 of a body in the loop that serves everybody, and takes that of every part again when
an upload is completed. Here a large body is hashed in a thread before ministack asks for it, and the hash
of a part is known from its ETag. The ETags stay those of S3: the MD5 of an object or a part, for an upload
in parts the MD5 of the parts' hashes.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Known: TypeAlias = Mapping[int, tuple[bytes, str]]

LARGE_BYTES = 256 * 1024  # hashing less takes less time than a thread does

# The bodies of the request at hand with their hashes, by identity: while a body is in here, its id is its
# own.
_known: ContextVar[Known] = ContextVar("known_digests", default={})  # noqa: B039 - never changed in place


class KnownHash:
    """An MD5 that was taken before, with what ministack uses of a hash object."""

    def __init__(self, digest: str) -> None:
        self._digest = digest

    def hexdigest(self) -> str:
        return self._digest

    def digest(self) -> bytes:
        return bytes.fromhex(self._digest)


class Hashes:
    """Python's `hashlib`, with an ``md5`` that looks into the known hashes first."""

    def __getattr__(self, name: str) -> Any:
        return getattr(hashlib, name)

    @staticmethod
    def md5(data: bytes = b"", **options: Any) -> Any:
        known = _known.get().get(id(data))
        return hashlib.md5(data, **options) if known is None else KnownHash(known[1])  # noqa: S324 - S3's ETag


def md5_hash(data: bytes) -> str:
    """The hexadecimal MD5 of ``data``."""
    digest: str = Hashes.md5(data).hexdigest()
    return digest


def parts_of(uploads: Mapping[str, Any], query: Mapping[str, list[str]]) -> Known:
    """The hashes of an upload's parts by the identity of their bodies, from their ETags."""
    upload = uploads.get(query["uploadId"][0])
    parts = upload["parts"].values() if upload else ()
    return {id(part["body"]): (part["body"], part["etag"].strip('"')) for part in parts}


def hashed_before(handler: Callable[..., Awaitable[Any]], uploads: Mapping[str, Any]) -> Callable[..., Awaitable[Any]]:
    """``handler`` for S3 requests, with the hashes that it will ask for known."""

    async def handle_request(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: Mapping[str, list[str]],
        *rest: Any,
        **more: Any,
    ) -> Any:
        known: Known = {}
        if method == "PUT" and len(body) >= LARGE_BYTES:
            digest = await asyncio.to_thread(lambda: hashlib.md5(body).hexdigest())  # noqa: S324 - S3's ETag
            known = {id(body): (body, digest)}
        elif method == "POST" and "uploadId" in query:
            known = parts_of(uploads, query)
        token = _known.set(known)
        try:
            return await handler(method, path, headers, body, query, *rest, **more)
        finally:
            _known.reset(token)

    return handle_request


def apply() -> None:
    """Have ministack's S3 ask for hashes here."""
    s3: Any = importlib.import_module("ministack.services.s3")
    s3.hashlib = Hashes()
    s3.md5_hash = md5_hash
    s3.handle_request = hashed_before(s3.handle_request, s3._multipart_uploads)  # noqa: SLF001 - the seam
