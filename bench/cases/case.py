"""What a handler's benchmark needs to know of it, beside the code that is usually written for the job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Core = Callable[[bytes, str], object]
"""From an object's body and its key to what there is to say of it."""

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""From the event of a batch to the answer."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One use case: ours against the usual, on the same objects of a data set.

    The targets are ratios to the usual, ``core_rate_target`` is in units a second of one core.
    ``run_objects`` and ``batch`` are those of the run whose cost is projected, at ``memory_mb`` a function.
    """

    name: str
    dataset: str
    objects: int
    prefix: str
    unit: str
    units_in: Callable[[bytes], int]
    core: Core
    usual_core: Core
    same: Callable[[object, object], bool]
    core_target: float
    handler: Callable[[], Handler]
    usual_handlers: Mapping[str, Callable[[], Handler]]
    handler_target: float
    run_objects: int
    memory_mb: int
    core_rate_target: float | None = None
