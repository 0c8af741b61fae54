"""What is taken to be true of AWS, each number with its unit and source, each one open to override."""

from __future__ import annotations

import math
from dataclasses import Field, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LAMBDA_MEMORY = "Lambda guide, Configuring function memory"
LAMBDA_SCALING = "Lambda guide, Lambda scaling behavior"
LAMBDA_QUOTAS = "Lambda guide, Lambda quotas"
MAP_QUOTAS = "Step Functions quotas as others quote them"
UNSTATED = "assumed"  # AWS states no figure


class AssumptionError(ValueError):
    """An assumption that does not exist, or a value that it cannot have; the message names the remedy."""


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One number as it was used, with where it comes from."""

    value: float
    unit: str
    source: str
    overridden: bool


def _assume(value: float, unit: str, source: str) -> Any:
    return field(default=value, metadata={"unit": unit, "source": source})


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """The numbers of the projection; every one must be more than 0, the delays may be 0 as well."""

    vcpu_memory_mb: float = _assume(1_769, "MB", f"comes with one vCPU: {LAMBDA_MEMORY}")
    cpu_speed: float = _assume(1, "ratio", "a vCPU of Lambda beside the one that was timed: assumed equal")
    s3_first_byte_ms: float = _assume(25, "ms", "25 to 30 in a public workshop's functions; S3's guide: 100 to 200")
    s3_mb_per_second: float = _assume(75, "MB/s", f"bandwidth of a function of any memory; {UNSTATED}")
    dynamodb_write_ms: float = _assume(6, "ms", "single-digit milliseconds: DynamoDB's product page; the digit assumed")
    standard_dispatch: float = _assume(100, "children/s", f"STANDARD children started: {MAP_QUOTAS}")
    express_dispatch: float = _assume(1_000, "children/s", f"EXPRESS children started: {MAP_QUOTAS}")
    account_concurrency: float = _assume(1_000, "invocations", f"default of an account and Region: {LAMBDA_QUOTAS}")
    lambda_burst: float = _assume(1_000, "environments", f"of a function at once: {LAMBDA_SCALING}")
    lambda_ramp: float = _assume(100, "environments/s", f"1,000 more every 10 seconds: {LAMBDA_SCALING}")
    cold_start_ms: float = _assume(300, "ms", f"a new environment, before it initialises; {UNSTATED}")
    invoke_ms: float = _assume(15, "ms", f"from a Task state to its function and back; {UNSTATED}")
    standard_state_ms: float = _assume(30, "ms", f"a state of a STANDARD execution; {UNSTATED}")
    express_state_ms: float = _assume(5, "ms", f"a state of an EXPRESS execution; {UNSTATED}")
    map_start_ms: float = _assume(2_000, "ms", f"from the Map state to its first child; {UNSTATED}")
    map_end_ms: float = _assume(2_000, "ms", f"from the last child to the end of the Map Run; {UNSTATED}")
    listed_keys_per_second: float = _assume(5_000, "keys/s", f"200 ms a page of 1,000 keys; {UNSTATED}")
    inventory_rows_per_second: float = _assume(20_000, "rows/s", f"reading an S3 Inventory; {UNSTATED}")
    reader_mb_per_second: float = _assume(15, "MB/s", f"reading one CSV object; {UNSTATED}")
    writer_mb_per_second: float = _assume(50, "MB/s", f"writing result files after the last child; {UNSTATED}")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            unit = each.metadata["unit"]
            least = "0 or more" if unit == "ms" else "more than 0"
            if not math.isfinite(value) or value < 0 or (value == 0 and unit != "ms"):
                raise AssumptionError(f"{each.name} must be {least} {unit}, got {value:g}")

    def with_overrides(self, assignments: Iterable[str]) -> Assumptions:
        """Return these with what ``name=value`` texts say; AssumptionError for the first that is wrong."""
        return replace(self, **dict(_parsed(assignment) for assignment in assignments))

    def described(self) -> Mapping[str, Assumption]:
        """Return every assumption by its name, with whether it differs from the default."""
        return {each.name: self._described(each) for each in fields(self)}

    def _described(self, each: Field[Any]) -> Assumption:
        value = getattr(self, each.name)
        return Assumption(
            value=value,
            unit=each.metadata["unit"],
            source=each.metadata["source"],
            overridden=value != each.default,
        )


def _parsed(assignment: str) -> tuple[str, float]:
    name, separator, text = assignment.partition("=")
    if not separator:
        raise AssumptionError(f"write assumption=value, got {assignment!r}")
    known = [each.name for each in fields(Assumptions)]
    if name not in known:
        raise AssumptionError(f"there is no assumption {name!r}; there are {', '.join(known)}")
    try:
        return name, float(text)
    except ValueError as error:
        raise AssumptionError(f"{name} must be a number, got {text!r}") from error
