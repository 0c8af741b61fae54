"""Where objects are written: an S3 bucket, or a directory."""

from __future__ import annotations

from datagen.location import Location
from datagen.sinks.base import Listed, Sink, Stored
from datagen.sinks.files import FileSink
from datagen.sinks.s3 import S3Sink

__all__ = ["FileSink", "Listed", "S3Sink", "Sink", "Stored", "open_sink"]


def open_sink(location: Location) -> Sink:
    """The sink of a location; opening it touches nothing."""
    if location.scheme == "file":
        return FileSink(location.path)
    return S3Sink(location.bucket, location.path)
