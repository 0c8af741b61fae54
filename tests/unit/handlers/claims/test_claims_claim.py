"""What the table keeps of a claim, and what a claim may not say."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen import GenerateRequest, generate
from handlers.claims import claim as module
from handlers.claims.claim import claimed_id, stored
from handlers.claims.elements import elements
from handlers.claims.failures import InvalidClaim
from handlers.claims.packed import pack, unpack
from tests.unit.handlers.claims.examples import MISSING, claim, file

WRITE_UNIT_BYTES = 1_024
PACKED_BEFORE = (
    "28b52ffd63581e12455a0195070023c91e0643b24d0d80108410ec08c114768420c897ac200955a8420810a654fabb029cc2"
    "1156500547741e5352a1e4871ce744f26ccf0e5e8660055508c16589f30802e44526789ce4470f42b08210f02abf4a3d131e"
    "3365b5f9fd9ac254ec5bf16274535841085650852454610a4798c20a42a07777673b42a04642308527fc90af6551e0fe1b07"
    "b52b96646c1bff43056d398ada2b3c7c4a841244e5974f41cec2e079ac54309336cd8c45aee15dac28d7e37b16753370e151"
    "22ef27cd39254759adb35d56a85ab38965837eb9f38fae05d21550eaac7543776cf677598b706b71ac6d15d4d4c530341b46"
    "2a2e8ee1ca03"
)


def item_of(text: bytes) -> dict[str, Any]:
    """The item of the one claim in the file."""
    ((own, value),) = elements([text])
    return stored(own, value, "claims/a.json")


def with_total(number: str) -> bytes:
    return file(claim(total__value="@")).replace(b'"@"', number.encode())


def size(item: dict[str, dict[str, Any]]) -> int:
    """As DynamoDB counts it: names, text and binary by bytes, a number by one byte for two digits and one more."""
    return sum(
        len(name) + (len(value["N"]) // 2 + 1 if "N" in value else len(next(iter(value.values()))))
        for name, value in item.items()
    )


def test_the_item_holds_what_is_asked_of_a_claim_and_all_of_it_packed() -> None:
    item = item_of(file(claim(3)))
    text = item.pop("claim")["B"]
    assert json.loads(unpack(text)) == claim(3)
    assert len(item.pop("content")["S"]) == 16
    assert item == {
        "id": {"S": "claim-000003"},
        "source": {"S": "claims/a.json"},
        "status": {"S": "active"},
        "type": {"S": "institutional"},
        "created": {"S": "2019-04-02T09:45:00+00:00"},
        "supporting_info": {"N": "1"},
        "total": {"N": "782.17"},
        "currency": {"S": "USD"},
        "patient": {"S": "urn:uuid:0b6f6d8e-5c1d-4e0a-8f57-91c2a3d4e5f6"},
        "provider": {"S": "Organization?identifier=urn|2c1e9b1a"},
    }


def test_what_a_claim_does_not_say_is_no_attribute() -> None:
    bare = item_of(file(claim(patient=MISSING, provider={}, supportingInfo=MISSING, total=MISSING)))
    assert not {"patient", "provider", "total", "currency"} & bare.keys()
    assert bare["supporting_info"] == {"N": "0"}
    valueless = item_of(file(claim(total__value=MISSING, supportingInfo=[])))
    assert "total" not in valueless
    assert valueless["currency"] == {"S": "USD"}
    assert valueless["supporting_info"] == {"N": "0"}, "an empty list is no supporting information"


def test_generated_claims_are_stored_as_their_truth_says(tmp_path: Path) -> None:
    generate(GenerateRequest(dataset="claims", to=f"file://{tmp_path}/claims", scale="tiny"))
    (truth,) = tmp_path.glob("_truth/claims/**/claims*.parquet")
    known = {(row["key"], row["id"]): row for row in pl.read_parquet(truth).to_dicts()}
    sizes, read = [], 0
    for path in (tmp_path / "claims").iterdir():
        plain = json.loads(path.read_bytes(), parse_float=Decimal)
        for (text, value), expected in zip(elements([path.read_bytes()]), plain, strict=True):
            item = stored(text, value, path.name)
            row = known[path.name, item["id"]["S"]]
            total = None if "total" not in item else Decimal(item["total"]["N"])
            assert total == expected["total"].get("value")
            assert row["total_cents"] == (None if total is None else total * 100)
            assert int(item["supporting_info"]["N"]) == (row["supporting_info"] or 0)
            assert item["patient"]["S"] == expected["patient"]["reference"]
            assert json.loads(unpack(item["claim"]["B"]), parse_float=Decimal) == expected
            TypeDeserializer().deserialize({"M": item})
            sizes.append(size(item))
            read += 1
    assert read == len(known)
    assert sum(each <= WRITE_UNIT_BYTES for each in sizes) / len(sizes) > 0.95, "one write unit a claim"


@settings(max_examples=300, deadline=None)
@given(st.decimals(-(10**20), 10**20, allow_nan=False, places=None) | st.decimals(0, 10**6, places=2))
def test_a_total_keeps_its_exact_value_however_many_digits_it_has(number: Decimal) -> None:
    text = str(number)
    if len(number.as_tuple().digits) <= 38 and -130 <= number.adjusted() <= 125:
        item = item_of(with_total(text))
        assert Decimal(item["total"]["N"]) == number
        assert text.encode() in unpack(item["claim"]["B"]), "and the claim keeps its precision"


@pytest.mark.parametrize(
    "number",
    [
        "5000.00",
        "4999.9999999999999999",
        "0.1000000000000000055511151231257827",
        "12345678901234567890.12",
        "1e2",
        "-0",
    ],
)
@pytest.mark.parametrize("place", ["last", "first", "currency first", "escaped", "nested", "twice", "disguised"])
def test_a_total_is_read_as_written_wherever_it_stands(number: str, place: str) -> None:
    total = f'"total": {{"value": {number}, "currency": "USD"}}'
    escaped = total.replace("total", "\\u0074otal")
    fields = json.dumps(claim(total=MISSING), indent=4)[1:-1]
    made = {
        "last": f"[{{{fields},{total}}}]",
        "first": f"[{{{total},{fields}}}]",
        "currency first": f'[{{{fields},"total": {{"currency": "USD", "value": {number}}}}}]',
        "escaped": f'[{{{fields},{escaped}, "x": {{"total": {{"value": 0.1}}}}}}]',
        "nested": f'[{{{total},{fields}, "x": [{{"total": {{"value": 0.1}}}}]}}]',
        "twice": f'[{{"total": {{"value": 0.1}},{fields},"a\\"total": {{"value": 0.1}},{total}}}]',
        "disguised": f'[{{{total},{fields},"a\\"total": {{"value": 0.1}}}}]',
    }[place]
    item = item_of(made.encode())
    assert Decimal(item["total"]["N"]) == Decimal(number)


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"resourceType": "Patient"}, "resourceType", 'must be "Claim"'),
        ({"resourceType": MISSING}, "resourceType", "Claim"),
        ({"id": MISSING}, "id", "found nothing"),
        ({"id": 7}, "id", "found a number"),
        ({"id": ""}, "id", "1 to 64"),
        ({"id": "a b"}, "id", "letters"),
        ({"id": "x" * 65}, "id", "1 to 64"),
        ({"status": "paid"}, "status", "active, cancelled, draft, entered-in-error"),
        ({"status": ["active"]}, "status", "must be one of"),
        ({"status": MISSING}, "status", "must be one of"),
        ({"created": "yesterday"}, "created", "dateTime"),
        ({"created": 20190402}, "created", "dateTime"),
        ({"created": MISSING}, "created", "dateTime"),
        ({"type": {"coding": []}}, "type.coding[0].code", "institutional"),
        ({"type": "institutional"}, "type.coding[0].code", "must be a code"),
        ({"type": MISSING}, "type.coding[0].code", "required"),
        ({"total": 782.17}, "total", "must be an object, found a number"),
        ({"total": None}, "total", "found nothing"),
        ({"total__value": "782.17"}, "total.value", "must be a number, found other text"),
        ({"total__value": True}, "total.value", "found a boolean"),
        ({"total__value": None}, "total.value", "found nothing"),
        ({"total__value": [1]}, "total.value", "found a list"),
        ({"total__currency": 840}, "total.currency", "USD"),
        ({"supportingInfo": {}}, "supportingInfo", "list of objects"),
        ({"supportingInfo": None}, "supportingInfo", "list of objects"),
        ({"supportingInfo": [1]}, "supportingInfo", "list of objects"),
        ({"patient": "Orla"}, "patient", "must be an object"),
        ({"patient__reference": 5}, "patient.reference", "must be text"),
        ({"provider": []}, "provider", "must be an object, found a list"),
        ({"provider__reference": "x" * 2_001}, "provider.reference", "1 to 2000"),
    ],
)
def test_a_claim_at_fault_names_the_field_and_no_content(changes: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(InvalidClaim) as failure:
        item_of(file(claim(**changes)))
    assert failure.value.field == field
    assert str(failure.value).startswith("error/")
    assert f"at Claim.{field}: " in str(failure.value)
    assert told in str(failure.value)
    for personal in ("Orla", "782.17", "0b6f6d8e", "yesterday"):
        assert personal not in str(failure.value)


@pytest.mark.parametrize("value", [5, "claim", None, [], True])
def test_an_element_that_is_no_object_is_told(value: Any) -> None:
    with pytest.raises(InvalidClaim, match="at Claim: must be an object"):
        item_of(file(value))


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("1." + "1" * 38, "39 digits"),
        ("1" * 40 + ".5", "41 digits"),
        ("1e126", "exponent 126"),
        ("1e-131", "exponent -131"),
    ],
)
def test_a_total_that_the_table_cannot_hold_is_told(number: str, told: str) -> None:
    with pytest.raises(InvalidClaim, match=told) as failure:
        item_of(with_total(number))
    assert failure.value.field == "total.value"


def test_a_total_at_the_table_s_limits_is_kept() -> None:
    for number in ("9.9e125", "1e-130", "1." + "1" * 37, "0e500"):
        assert Decimal(item_of(with_total(number))["total"]["N"]) == Decimal(number)


def test_a_claim_larger_than_an_item_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PACKED_BYTES", 100)
    with pytest.raises(InvalidClaim, match="bytes when packed, an item holds 100"):
        item_of(file(claim()))


def test_a_claim_that_is_nested_beyond_reason_is_told() -> None:
    deep = '{"x":' * 1_000 + "1" + "}" * 1_000
    text = file(claim(total__value=1.5))[:-1].rstrip()[:-1] + f', "y": {deep}}}]'.encode()
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # as it is in a function; another test of this process may have raised it
    try:
        with pytest.raises(InvalidClaim, match="nested"):
            item_of(text)
    finally:
        sys.setrecursionlimit(before)


def test_the_content_differs_when_anything_in_the_claim_does() -> None:
    same, other = item_of(file(claim())), item_of(file(claim(use="preauthorization")))
    assert same["content"] == item_of(file(claim()))["content"]
    assert same["content"] != other["content"]


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=500))
def test_what_was_packed_is_unpacked_byte_for_byte(text: bytes) -> None:
    assert unpack(pack(text)) == text


def test_a_claim_packed_by_the_first_version_can_still_be_read() -> None:
    packed = bytes.fromhex(PACKED_BEFORE)
    assert json.loads(unpack(packed)) == claim(3), "tables hold claims packed with this dictionary"


def test_what_was_not_packed_here_is_refused() -> None:
    with pytest.raises(ValueError, match="not a packed claim"):
        unpack(b"{}")
    with pytest.raises(ValueError, match="dictionary 0; this version"):
        unpack(zstandard.compress(b"{}"))
    with pytest.raises(ValueError, match="packed claim"):
        unpack(pack(file(claim()))[:-9])


def test_an_element_is_named_by_its_id_where_it_has_one() -> None:
    assert claimed_id(claim(3)) == "claim-000003"
    others: list[Any] = [None, [], {"id": 5}, {"id": "Orla Testman"}, {}]
    for value in others:
        assert claimed_id(value) is None
