"""Events of AWS's own services: PutEvents takes the source aws.states from the engine, and from nobody else.

Ministack refuses such sources as AWS does, and has the way in for its own services within its process; Step
Functions is in another one here.
"""

from __future__ import annotations

import hmac
import importlib
import json
from typing import Any

from local.environment import SERVICE_HEADER


def apply(service_token: str) -> None:
    """Take any source from who shows the token."""
    events = importlib.import_module("ministack.services.eventbridge")
    original = events.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        shown = headers.get(SERVICE_HEADER, "")
        if headers.get("x-amz-target") == "AWSEvents.PutEvents" and hmac.compare_digest(shown, service_token):
            return events._put_events(json.loads(body), allow_aws_source=True)  # noqa: SLF001 - the seam
        return await original(method, path, headers, body, query)

    events.handle_request = handle_request  # type: ignore[attr-defined] # by design
