"""Quotas of AWS Step Functions that a definition can break, each with the page that states it."""

from __future__ import annotations

# "Quotas related to state machines" and "Quotas related to accounts", Step Functions service quotas
MAX_DEFINITION_BYTES = 1_048_576
MAX_PAYLOAD_BYTES = 262_144
MAX_NAME_CHARACTERS = 80

# Developer Guide, "Map state processing modes"
MAX_INLINE_CONCURRENCY = 40
MAX_CHILD_EXECUTIONS = 10_000

# "Fields of the Distributed Map state": Label and ItemReader
MAX_LABEL_CHARACTERS = 40
MAX_ITEMS = 100_000_000

# Amazon States Language specification: TimeoutSeconds, Retriers
MAX_SECONDS = 99_999_999
MAX_RETRY_DELAY_SECONDS = 31_622_400
