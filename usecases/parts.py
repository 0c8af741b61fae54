"""What the wiring of several use cases has in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asl import LAMBDA_RETRY
from components import ObservedBucket, ObservedBucketArgs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components import Platform
    from settings import Settings

# The functions' own name for a throttle or an outage that outlived their patience; their work is idempotent.
TRANSIENT_RETRY = replace(LAMBDA_RETRY, errors=("TransientFailure",), jitter="FULL")
RETRIES = (LAMBDA_RETRY, TRANSIENT_RETRY)


def results_bucket(
    name: str, settings: Settings, platform: Platform, *, expire_days: Mapping[str, int] | None = None
) -> ObservedBucket:
    """The bucket for result files, which expire as the stack says; ``expire_days`` adds prefixes of its own."""
    kept = {} if settings.expire_results_days is None else {"": settings.expire_results_days}
    return ObservedBucket(
        name,
        ObservedBucketArgs(
            data=platform.data, observability=platform.observability, expire_days={**(expire_days or {}), **kept}
        ),
    )
