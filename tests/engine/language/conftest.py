"""Scopes for the expression tests."""

from __future__ import annotations

import pytest

from local.stepfunctions.scope import MISSING, Scope


@pytest.fixture
def scope():
    """A scope of the given values: ``scope({"a": 1}, variables={"x": 2})``."""

    def build(value=None, *, context=None, variables=None, result=MISSING, error_output=MISSING, state="Work"):
        return Scope(
            input=value,
            context={"Execution": {"Name": "run-1"}} if context is None else context,
            variables=variables or {},
            result=result,
            error_output=error_output,
            state_name=state,
        )

    return build
