"""Requests over the loopback interface count as sent over TLS: policies that refuse plain HTTP are for the
network.

Without it a bucket policy that denies ``aws:SecureTransport: false``, as every bucket should have, denies
all on localhost.
"""

from __future__ import annotations

import importlib


def apply() -> None:
    """Have ministack note every request as secure when it notes where the request came from."""
    app = importlib.import_module("ministack.app")
    original = app.pin_request_origin

    def pin_request_origin(address: str, _secure: bool) -> None:
        original(address, True)

    app.pin_request_origin = pin_request_origin  # type: ignore[attr-defined] # by design
