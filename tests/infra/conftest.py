"""The parts of a platform that component tests share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from components import DataCare, Observability
from tests.infra.recording import ACCOUNT, REGION

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests together: they share pulumi_aws, whose import takes seconds, and the stacks that are built."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("infra"))


@pytest.fixture
def observability() -> Observability:
    return Observability(
        alarm_topic_arn=TOPIC,
        log_level="ERROR",
        log_execution_data=False,
        log_retention_days=30,
        tracing=True,
        request_metrics=True,
    )


@pytest.fixture
def quiet(observability: Observability) -> Observability:
    """Without the parts that cost money."""
    return replace(observability, tracing=False, request_metrics=False)


@pytest.fixture
def data() -> DataCare:
    return DataCare(disposable=False, deletion_protection=True, expire_noncurrent_days=30, point_in_time_recovery=True)
