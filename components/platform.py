"""What every component of a stack shares: how data is cared for, what is observed, and whom alarms reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import pulumi

LogLevel: TypeAlias = Literal["ALL", "ERROR", "FATAL"]


@dataclass(frozen=True, kw_only=True)
class DataCare:
    """How the stack treats the data in its buckets and tables."""

    disposable: bool
    deletion_protection: bool
    expire_noncurrent_days: int
    point_in_time_recovery: bool

    def __post_init__(self) -> None:
        if self.disposable and self.deletion_protection:
            raise ValueError("data is either disposable or protected from deletion, not both")
        if self.expire_noncurrent_days < 1:
            raise ValueError(f"expire_noncurrent_days must be 1 or more, got {self.expire_noncurrent_days}")


@dataclass(frozen=True, kw_only=True)
class Observability:
    """What is logged, traced and measured, and the topic that alarms publish to."""

    alarm_topic_arn: pulumi.Input[str]
    log_level: LogLevel
    log_execution_data: bool
    log_retention_days: int
    tracing: bool
    request_metrics: bool


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What ``build(settings, platform)`` of a use case is given."""

    stack: str
    data: DataCare
    observability: Observability
    bundle_dependencies: bool
