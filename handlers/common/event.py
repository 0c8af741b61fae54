"""The event of a batch: what the map's ItemBatcher sends, checked; and what the environment must tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.common.failures import InvalidBatch


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One object to process; ``size`` is what the map's reader saw of it, None when it did not say.

    ``execution`` is the ARN of the execution that it is processed for.
    """

    bucket: str
    key: str
    size: int | None
    execution: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """The items of one child execution; ``execution`` is the ARN of the execution that its map belongs to."""

    execution: str
    items: tuple[Item, ...]


def parse(event: Any) -> Batch:
    """The batch of an event ``{"BatchInput": {"bucket", "execution"}, "Items": [{"Key", ...}]}``.

    An item's own ``Bucket``, as those of an S3 Inventory have it, comes before the batch's. Raises InvalidBatch.
    """
    shared = _member(event, "BatchInput", Mapping, "the event")
    bucket = _member(shared, "bucket", str, "BatchInput")
    execution = _member(shared, "execution", str, "BatchInput")
    items = _member(event, "Items", list, "the event")
    return Batch(execution=execution, items=tuple(_item(item, bucket, execution, n) for n, item in enumerate(items)))


def environment(name: str) -> str:
    """The value of an environment variable of the function. Raises InvalidBatch."""
    if value := os.environ.get(name):
        return value
    raise InvalidBatch(f"the environment variable {name} is not set: set it in the function's configuration")


def _item(item: Any, bucket: str, execution: str, number: int) -> Item:
    where = f"Items[{number}]"
    size = item.get("Size") if isinstance(item, Mapping) else None
    return Item(
        bucket=item["Bucket"] if isinstance(item, Mapping) and "Bucket" in item else bucket,
        key=_member(item, "Key", str, where),
        size=None if size is None else _size(size, where),
        execution=execution,
    )


def _size(size: Any, where: str) -> int:
    """A number, or its digits: the values of an inventory are text."""
    try:
        return int(size)
    except (TypeError, ValueError):
        raise InvalidBatch(f"{where}.Size must be a number of bytes, got {size!r}") from None


def _member(of: Any, name: str, kind: Any, where: str) -> Any:
    if not isinstance(of, Mapping) or not isinstance(of.get(name), kind) or (kind is str and not of[name]):
        got = repr(of.get(name))[:100] if isinstance(of, Mapping) else type(of).__name__
        expected = {Mapping: "an object", str: "a text that is not empty", list: "a list"}[kind]
        raise InvalidBatch(f"{name} of {where} must be {expected}, got {got}")
    return of[name]
