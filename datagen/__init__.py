"""Data sets for the use cases: made from a seed at any size, each with its truth beside it."""

from datagen.checks.validation import Report, validate
from datagen.errors import DatagenError
from datagen.inventory import Inventory, InventoryRequest, write_inventory
from datagen.location import Location
from datagen.request import GenerateRequest, Progress, Summary
from datagen.runner import generate

__all__ = [
    "DatagenError",
    "GenerateRequest",
    "Inventory",
    "InventoryRequest",
    "Progress",
    "Report",
    "Summary",
    "generate",
    "truth_location",
    "validate",
    "write_inventory",
]


def truth_location(to: str) -> str:
    """The URL below which the truth of data at `to` lies, e.g. s3://bucket/_truth/reviews for s3://bucket/reviews."""
    return Location.parse(to).truth().url
