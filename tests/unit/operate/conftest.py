"""Clients that give queued answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber


@pytest.fixture(scope="session")
def models() -> Session:
    """What reads the models of services, which takes a second for some, and keeps them."""
    session = Session()
    session.set_credentials("test", "test")
    return session


@pytest.fixture
def stubbed(models: Session) -> Iterator[Callable[..., tuple[Any, Stubber]]]:
    """Make clients, of Step Functions unless told, that answer what the test queued, and nothing else."""
    stubbers: list[Stubber] = []

    def make(service: str = "stepfunctions") -> tuple[Any, Stubber]:
        client = models.create_client(service, region_name="us-east-1")
        stubber = Stubber(client)
        stubber.activate()
        stubbers.append(stubber)
        return client, stubber

    yield make
    for stubber in stubbers:
        stubber.assert_no_pending_responses()
