"""Data sets for the use cases: made from a seed at any size, each with its truth beside it."""

from datagen.errors import DatagenError
from datagen.location import Location
from datagen.request import GenerateRequest, Progress, Summary
from datagen.runner import generate

__all__ = ["DatagenError", "GenerateRequest", "Progress", "Summary", "generate", "truth_location"]


def truth_location(to: str) -> str:
    """The URL below which the truth of data at `to` lies, e.g. s3://bucket/_truth/reviews for s3://bucket/reviews."""
    return Location.parse(to).truth().url
