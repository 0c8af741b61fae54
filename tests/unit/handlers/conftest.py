from __future__ import annotations

import inspect
import io
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from handlers.common import clients, objects
from handlers.common.once import once
from tests.unit.handlers.services import Services, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Context:
    """What a handler is told of its invocation."""

    function_name: str = "stations"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:stations"
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def context() -> Context:
    return Context()


Log = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def log_of() -> Iterator[Callable[[str], Log]]:
    """The log of a service: its lines with a message."""
    streams: list[tuple[logging.StreamHandler[Any], Any]] = []

    def of(service: str) -> Log:
        (handler,) = logging.getLogger(service).handlers
        assert isinstance(handler, logging.StreamHandler)
        written = io.StringIO()
        streams.append((handler, handler.setStream(written)))

        def lines(message: str) -> list[dict[str, Any]]:
            return [line for line in map(json.loads, written.getvalue().splitlines()) if line["message"] == message]

        return lines

    yield of
    for handler, before in streams:
        handler.setStream(before)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A function's environment, and clients that are made anew."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "TABLE_NAME": "stations",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(objects, "store", once(inspect.unwrap(objects.store)))
    monkeypatch.setattr(clients, "client", once(inspect.unwrap(clients.client)))
    return monkeypatch


@pytest.fixture
def services(environment: pytest.MonkeyPatch) -> Iterator[Services]:
    """Stand-ins for S3 and DynamoDB, whose clients give up soon."""
    with serving() as (services, endpoint):
        environment.setenv("AWS_ENDPOINT_URL", endpoint)
        environment.setattr(clients, "ATTEMPTS", 2)
        quick = {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=2), "base": 2}
        environment.setattr(objects, "RETRIES", {**objects.RETRIES, "max_retries": 2, "backoff": quick})
        yield services
