"""Clients of AWS services: one of each a process, patient within bounds."""

from __future__ import annotations

from typing import Any, Final

import botocore.session
from botocore.config import Config

from handlers.common.event import environment
from handlers.common.limits import AT_ONCE
from handlers.common.once import once

ATTEMPTS: Final = 6  # with a random wait of up to 1, 2, 4 ... seconds between them
CONNECT_SECONDS, READ_SECONDS = 3, 10
FAILED: Final = 500
"""From this HTTP status on it is the service that failed, and not the request."""


@once
def client(service: str) -> Any:
    """The process's client of a service; its connections are enough for all threads of a batch."""
    return botocore.session.get_session().create_client(
        service,
        region_name=environment("AWS_REGION"),
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=AT_ONCE,
            parameter_validation=False,
        ),
    )
