"""ValidateStateMachineDefinition."""

from __future__ import annotations

from typing import Final

from local.stepfunctions.api.resources import Answer, Request
from local.stepfunctions.definition.parse import check_definition
from local.stepfunctions.engine import Engine

MAX_DIAGNOSTICS: Final = 100
"""Diagnostics of one answer (API reference)."""


async def validate_state_machine_definition(_engine: Engine, request: Request) -> Answer:
    """ValidateStateMachineDefinition: OK when a state machine could be made of the definition."""
    problems = check_definition(request["definition"], machine_type=request.get("type", "STANDARD"))
    failed = any(problem.severity == "ERROR" for problem in problems)
    if request.get("severity", "ERROR") == "ERROR":
        problems = [problem for problem in problems if problem.severity == "ERROR"]
    size = request.get("maxResults") or MAX_DIAGNOSTICS
    return {
        "result": "FAIL" if failed else "OK",
        "diagnostics": [problem.describe() for problem in problems[:size]],
        "truncated": len(problems) > size,
    }
