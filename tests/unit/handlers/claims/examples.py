"""Claims and files of claims for tests."""

from __future__ import annotations

import copy
import json
from typing import Any

CLAIM: dict[str, Any] = {
    "resourceType": "Claim",
    "id": "7f0c1d52-3a8e-4c19-9b60-2d5e8f1a4b73",
    "status": "active",
    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "institutional"}]},
    "use": "claim",
    "patient": {"reference": "urn:uuid:0b6f6d8e-5c1d-4e0a-8f57-91c2a3d4e5f6", "display": "Orla91 Testman20"},
    "created": "2019-04-02T09:45:00+00:00",
    "provider": {"reference": "Organization?identifier=urn|2c1e9b1a", "display": "EXAMPLE CLINIC"},
    "supportingInfo": [{"sequence": 1, "valueReference": {"reference": "urn:uuid:4e3d2c1b"}}],
    "item": [{"sequence": 1, "net": {"value": 140.52, "currency": "USD"}}],
    "total": {"value": 782.17, "currency": "USD"},
}
MISSING = object()


def claim(number: int = 0, **changes: Any) -> dict[str, Any]:
    """The example with an id of that number, and fields changed: ``total__value=5`` or ``status=MISSING``."""
    made = copy.deepcopy(CLAIM)
    made["id"] = f"claim-{number:06d}"
    for path, value in changes.items():
        *ahead, last = path.split("__")
        inner = made
        for name in ahead:
            inner = inner[name]
        if value is MISSING:
            del inner[last]
        else:
            inner[last] = value
    return made


def file(*claims: Any) -> bytes:
    """A file as Synthea's tools write it."""
    return json.dumps(list(claims), indent=4).encode()
