"""Files of claims as the verifier reads them: each fault by name, and the same as the handlers find by another way."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from handlers.claims.failures import NotClaims
from handlers.claims.loading import Loading
from handlers.common.failures import EmptyObject
from operate.verification.claim_files import ClaimFile, Fault, parse
from operate.verification.claim_rules import Rules

CLAIM: dict[str, Any] = {
    "resourceType": "Claim",
    "id": "c-1",
    "status": "active",
    "type": {"coding": [{"code": "institutional"}]},
    "created": "2020-01-02T03:04:05+00:00",
    "total": {"value": 1.5, "currency": "USD"},
}
GOOD = json.dumps(CLAIM)


@pytest.mark.parametrize(
    ("data", "whole", "fault"),
    [
        ("", 0, "EmptyObject"),
        ("  \n", 0, "NotJson"),
        ("[]", 0, None),
        (" [ ] ", 0, None),
        ("\ufeff[]", 0, None),
        ("{}", 0, "NotAList"),
        ("null", 0, "NotAList"),
        ("<html>", 0, "NotJson"),
        ("\x1f\x8b\x08", 0, "NotJson"),
        ("[", 0, "Truncated"),
        (f"[{GOOD}", 1, "Truncated"),
        (f"[{GOOD},", 1, "Truncated"),
        (f"[{GOOD}, {GOOD[:50]}", 1, "Truncated"),
        (f"[{GOOD}] x", 1, "NotJson"),
        (f"[{GOOD} {GOOD}]", 1, "NotJson"),
        (f"[{GOOD}, ]", 1, "NotJson"),
        (f"[{GOOD}, {GOOD[:-1]}]", 1, "NotJson"),
        (f"[{GOOD}, NaN]", 1, "NotJson"),
        (f"[{GOOD}, " + '"' + "x" * (5 << 20), 1, "ClaimTooLarge"),
    ],
)
def test_each_fault_of_a_file_has_a_name_and_claims_before_it_count(data: str, whole: int, fault: str | None):
    found = parse(data.encode())
    assert (len(found.elements), found.fault) == (whole, fault)


def test_bytes_that_are_no_utf_8_are_a_fault_of_their_place():
    found = parse(f"[{GOOD}, ".encode() + b'{"id": "\xff"}]')
    assert (len(found.elements), found.fault) == (1, "NotJson")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"resourceType": "Patient"}, "resourceType"),
        ({"id": None}, "id"),
        ({"id": "a b"}, "id"),
        ({"status": "new"}, "status"),
        ({"created": "yesterday"}, "created"),
        ({"type": {"coding": []}}, "type.coding[0].code"),
        ({"supportingInfo": {}}, "supportingInfo"),
        ({"supportingInfo": [1]}, "supportingInfo"),
        ({"total": []}, "total"),
        ({"total": {"value": "1"}}, "total.value"),
        ({"total": {"value": True}}, "total.value"),
        ({"total": {"value": 1, "currency": 3}}, "total.currency"),
        ({"patient": "x"}, "patient"),
        ({"provider": {"reference": ""}}, "provider.reference"),
    ],
)
def test_a_claim_at_fault_is_known_by_its_first_field_at_fault(changes: dict[str, Any], field: str):
    (found,) = parse(json.dumps([{**CLAIM, **changes}]).encode()).elements
    assert found == Fault("c-1" if "id" not in changes else 0, field)


def test_an_amount_keeps_every_digit():
    (found,) = parse(f"[{GOOD.replace('1.5', '4999.9999999999999999')}]".encode()).elements
    assert not isinstance(found, Fault)
    assert found[1].total == Decimal("4999.9999999999999999")
    rules = Rules(version="1", limit=Decimal(5_000), currency="USD", evidence=1, evidence_words="x")
    assert rules.code(found[1]) is None, "a binary float would make 5000 of it"


def handled(data: bytes) -> tuple[list[tuple[Any, str]], int, str | None]:
    """The claims at fault, the number of claims, and the fault of the file, as the function that loads finds them."""
    passed: list[Any] = []
    loading = Loading(passed.append)
    fault = None
    try:
        loading.file("k", [data[:700], data[700:]])
    except (NotClaims, EmptyObject) as error:
        fault = type(error).__name__
    return [(each["claim"], each["field"]) for each in loading.failed], len(passed) + loading.duplicates, fault


def verified(found: ClaimFile) -> tuple[list[tuple[Any, ...]], int, str | None]:
    faults = [tuple(each) for each in found.elements if isinstance(each, Fault)]
    return faults, len(found.elements) - len(faults), found.fault


def spoilt() -> Iterator[bytes]:
    """Right files of one to six claims, with one to three bytes of each changed, taken out or put in."""
    draw = random.Random(7)
    for _ in range(1_500):
        listed = [{**CLAIM, "id": f"c-{n}"} for n in range(draw.randint(1, 6))]
        data = bytearray(json.dumps(listed, indent=draw.choice([None, 1, 4])).encode())
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(data))
            data[at : at + draw.randint(0, 2)] = draw.choice(
                [b"", b'"', b"}", b"{", b"[", b"]", b",", b"x", b"\xff", b"1"]
            )
        if draw.random() < 0.2:
            del data[draw.randrange(len(data)) :]
        yield bytes(data)


def test_the_handlers_find_the_same_in_spoilt_files():
    apart = [data for data in spoilt() if handled(data) != verified(parse(data))]
    shown = [(data, handled(data), verified(parse(data))) for data in apart[:3]]
    assert not apart, f"{len(apart)}: {shown}"
    assert len({verified(parse(data))[2] for data in spoilt()}) >= 4, "faults of several kinds were among them"
