"""How items are grouped and shaped before a child execution gets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asl.limits import MAX_PAYLOAD_BYTES
from asl.values import (
    Asl,
    IntField,
    Path,
    QueryLanguage,
    Template,
    field,
    range_problems,
    render,
    template_problems,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ITEM = Path("$$.Map.Item.Value")
ITEM_INDEX = Path("$$.Map.Item.Index")
ITEM_SOURCE = Path("$$.Map.Item.Source")


@dataclass(frozen=True, kw_only=True)
class ItemBatcher:
    """Batches of at most ``max_items`` items and ``max_bytes`` bytes, whichever is reached first.

    A child execution gets ``{"BatchInput": batch_input, "Items": [...]}``; ``batch_input`` is resolved once,
    in the scope of the Map state.
    """

    max_items: IntField | None = None
    max_bytes: IntField | None = None
    batch_input: Mapping[str, Template] | None = None

    def to_asl(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        batcher = field("MaxItemsPerBatch", self.max_items) | field("MaxInputBytesPerBatch", self.max_bytes)
        if self.batch_input is not None:
            batcher["BatchInput"] = render(self.batch_input, language)
        return batcher

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = []
        if self.max_items is None and self.max_bytes is None:
            problems.append("a batcher needs max_items, max_bytes or both")
        problems += range_problems(self.max_items, "max_items", 1, None, language)
        problems += range_problems(self.max_bytes, "max_bytes", 1, MAX_PAYLOAD_BYTES, language)
        return problems + template_problems(self.batch_input, language, "batch_input")


@dataclass(frozen=True, kw_only=True)
class ItemSelector:
    """The shape given to each item before it is batched, e.g. ``{"key": Path("$$.Map.Item.Value.Key")}``."""

    fields: Mapping[str, Template]

    def to_asl(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        selector: Asl = render(self.fields, language)
        return selector

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        return template_problems(self.fields, language, "item_selector")
