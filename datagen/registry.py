"""The data sets by name."""

from __future__ import annotations

from importlib import import_module

from datagen.dataset import DataSet
from datagen.errors import UnknownDataSetError

NAMES = ("reviews", "stations", "claims", "texts", "loans", "numbers")


def dataset(name: str) -> DataSet:
    """The data set of that name; UnknownDataSetError lists the names when there is none."""
    if name not in NAMES:
        raise UnknownDataSetError(name, NAMES)
    found = import_module(f"datagen.{name}").DATA_SET
    if not isinstance(found, DataSet):
        raise TypeError(f"datagen.{name}.DATA_SET is a {type(found).__name__}, not a DataSet")
    return found
