"""Quotas of Step Functions that decide what an execution may do, each with its source page."""

from __future__ import annotations

from typing import Final

MAX_PAYLOAD_BYTES: Final = 262_144
"""Input or output of a state or execution, UTF-8 bytes (Developer Guide, "Quotas": payload size)."""

MAX_DEFINITION_BYTES: Final = 1_048_576
"""A definition ("Quotas related to state machines": maximum definition size 1 MB)."""

MAX_HISTORY_EVENTS: Final = 25_000
"""Events in the history of a STANDARD execution ("Quotas related to state machine executions")."""

MAX_STATE_NAME: Final = 80
MAX_LABEL: Final = 40
"""Characters in a state's name and in the Label of a distributed map."""

MAX_INLINE_CONCURRENCY: Final = 40
"""Iterations that an inline Map runs at once when MaxConcurrency is 0 ("Map state": inline mode)."""

MAX_MAP_RUN_CONCURRENCY: Final = 10_000
"""Child executions that a Map Run runs at once ("Map state": distributed mode)."""

MAX_ITEMS: Final = 100_000_000
"""The largest MaxItems of an ItemReader ("ItemReader (Map)")."""

EXPRESS_SECONDS: Final = 300
"""The longest that an EXPRESS execution runs ("Standard vs Express")."""

MAX_TIMEOUT_SECONDS: Final = 99_999_999
"""The largest TimeoutSeconds, HeartbeatSeconds, IntervalSeconds ("Task workflow state")."""

MAX_RETRY_DELAY_SECONDS: Final = 31_622_400
"""The largest MaxDelaySeconds of a retrier ("Handling errors")."""

MAX_REDRIVABLE_EVENTS: Final = 24_999
"""An execution with this many events or more cannot be redriven ("Redriving executions")."""

REDRIVABLE_SECONDS: Final = 14 * 86_400
"""How long after its end an execution can be redriven ("Redriving executions")."""

MAX_MAP_RUN_REDRIVES: Final = 1_000
"""Redrives of one Map Run ("Redriving Map Runs")."""
