"""What every destination can do. Keys are relative to the place that the sink was opened at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from datagen.dataset import Body

PART_BYTES = 8 * 1024 * 1024  # of a multipart upload; part of the content, since the ETag depends on it
READ_BYTES = 4 * 1024 * 1024
MAX_PARTS = 10_000  # S3 quota of one multipart upload


class Stored(NamedTuple):
    """An object that was written whole; its ETag has no quotes."""

    key: str
    size: int
    etag: str


class Listed(NamedTuple):
    """An object found by listing; a directory keeps no ETags, so there `etag` is None."""

    key: str
    size: int
    etag: str | None
    modified_ms: int


class Sink(Protocol):
    """A destination. Every object is there whole or not at all; failures are DestinationErrors."""

    url: str

    def put(self, key: str, data: bytes) -> Stored:
        """Write one object."""

    def put_all(self, bodies: Sequence[Body]) -> list[Stored]:
        """Write objects, concurrently where that helps; the answer is in their order."""

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Write one object from pieces without holding all of it; if the iterator raises, nothing is written."""

    def get(self, key: str) -> bytes:
        """Read one object whole; DestinationError when it is missing."""

    def stream(self, key: str) -> Iterator[bytes]:
        """Read one object in pieces of some megabytes."""

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """The objects whose keys start with the prefix (a folder, ended by a slash), in no promised order."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are missing are passed over."""
