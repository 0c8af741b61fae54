"""The rules in force: asked for each request, and counted."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping
from typing import Any

from local.faults import requests
from local.faults.fault import Fault
from local.faults.requests import Request, Service


class Rule:
    """A fault with its place in the sequence of requests that match it."""

    def __init__(self, fault: Fault) -> None:
        self.id = str(uuid.uuid4())
        self.fault = fault
        self.service: Service = requests.service(fault.service)
        self.signed_for: str = self.service.model.signing_name
        self.matched = 0
        self.fired = 0
        self._random = random.Random(fault.seed)  # noqa: S311 - a sequence that can be repeated is wanted
        self._first_at: float | None = None
        self._counted = 0

    def needs_body(self, request: Request) -> bool:
        """Whether what this rule asks for is in the request's body."""
        if request.service != self.signed_for:
            return False
        form = self.service.form(request)
        return form == "query" or (form == "target" and (self.fault.kind == "unprocessed" or bool(self.fault.resource)))

    def matches(self, request: Request, body: bytes) -> bool:
        """Whether the request is one of those that the rule is about."""
        if request.service != self.signed_for:
            return False
        found = self.service.recognise(request, body)
        if found is None:
            return False
        operation, given = found
        if self.fault.operation not in {None, operation.name}:
            return False
        if self.fault.kind == "function_error" and not _is_answered(given):
            return False
        if self.fault.kind == "unprocessed" and self.service.form(request) != "target":
            return False
        return all(name in given and requests.matches(text, given[name]) for name, text in self.fault.resource.items())

    def fires(self) -> bool:
        """Count one more request that matched; whether the fault strikes it."""
        fault, now = self.fault, time.monotonic()
        self.matched += 1
        if self.matched <= fault.after:
            return False
        if self._first_at is None:
            self._first_at = now
        self._counted += 1
        strikes: bool = (
            (fault.first is None or self._counted <= fault.first)
            and (fault.every is None or self._counted % fault.every == 0)
            and (fault.seconds is None or now - self._first_at < fault.seconds)
            and (fault.probability is None or self._random.random() < fault.probability)
        )
        self.fired += strikes
        return strikes

    def to_json(self) -> dict[str, Any]:
        """The rule and its counts as the server tells them."""
        return {"id": self.id, "fault": self.fault.to_json(), "matched": self.matched, "fired": self.fired}


def _is_answered(given: Mapping[str, Any]) -> bool:
    """Whether who invokes a function is told how it ended."""
    return bool(given.get("InvocationType", "RequestResponse") == "RequestResponse")
