"""Claims have the form of FHIR R4, the distributions of a published export, and the planted edge cases."""

import json
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from datagen import claims
from datagen.dataset import Spec, Value

FILES = 240
PARAMETERS: dict[str, Value] = {"claims": 58.0, "indent": "4", "malformed": 0.0}


def spec(**parameters):
    return Spec(seed=1, count=FILES, parameters={**PARAMETERS, **parameters})


@pytest.fixture(scope="module")
def part():
    return claims.make(spec(), 0, FILES)


@pytest.fixture(scope="module")
def files(part):
    return {body.key: json.loads(body.data, parse_float=Decimal) for body in part.bodies}


@pytest.fixture(scope="module")
def every(files):
    """All claims but those that are planted at the start of a file."""
    planted = (0, 1, 2, 3, 6)
    return [
        claim for number, file in enumerate(files.values()) for claim in (file[1:] if number % 20 in planted else file)
    ]


@pytest.fixture(scope="module")
def totals(every):
    return np.array([float(claim["total"]["value"]) for claim in every])


def supported(claim):
    return bool(claim.get("supportingInfo"))


def test_a_file_is_what_a_plain_json_writer_makes_of_it(part):
    for body in part.bodies[:30]:
        text = body.data.decode()
        assert json.dumps(json.loads(text), indent=4) == text


def test_compact_files_hold_the_same_claims(part):
    compact = claims.make(spec(indent="0"), 0, 3).bodies
    for small, large in zip(compact, part.bodies, strict=False):
        assert json.loads(small.data) == json.loads(large.data)
        assert json.dumps(json.loads(small.data), separators=(",", ":")).encode() == small.data


def test_fields_come_in_the_order_that_synthea_writes(every):
    order = [
        *("resourceType", "id", "status", "type", "use", "patient", "billablePeriod", "created", "provider"),
        *("priority", "prescription", "facility", "supportingInfo", "diagnosis", "procedure", "insurance"),
        *("item", "total"),
    ]
    for claim in every:
        assert list(claim) == [field for field in order if field in claim]
        kind = claim["type"]["coding"][0]["code"]
        assert ("prescription" in claim) == (kind == "pharmacy")
        assert ("facility" in claim) == (kind == "institutional")


def test_a_claim_is_consistent_in_itself(every):
    for claim in every:
        items = claim["item"]
        assert [item["sequence"] for item in items] == list(range(1, len(items) + 1))
        assert "encounter" in items[0]
        assert "net" not in items[0]
        for field, sequence in (
            ("supportingInfo", "informationSequence"),
            ("diagnosis", "diagnosisSequence"),
            ("procedure", "procedureSequence"),
        ):
            numbers = [entry["sequence"] for entry in claim.get(field, [])]
            assert numbers == list(range(1, len(numbers) + 1))
            assert {number for item in items for number in item.get(sequence, [])} <= set(numbers)
        nets = sum(item["net"]["value"] for item in items if "net" in item)
        base = claim["total"]["value"] - nets
        assert base in {75, 125, 255}, "the total is the price of the encounter and the sum of the items"
        assert claim["billablePeriod"]["end"] == claim["created"] > claim["billablePeriod"]["start"]


def test_ids_are_unique_uuids(every):
    ids = [claim["id"] for claim in every]
    assert len(set(ids)) == len(ids)
    assert all([len(part) for part in each.split("-")] == [8, 4, 4, 4, 12] for each in ids)


def test_a_file_is_of_one_patient_whose_claims_come_in_order(files):
    for number, file in enumerate(files.values()):
        own = file[1:] if number % 20 == 6 else file  # the duplicate is another patient's
        assert len({claim["patient"]["reference"] for claim in own}) == 1
        assert [claim["created"][:10] for claim in own] == sorted(claim["created"][:10] for claim in own)


def test_files_hold_58_claims_on_average_and_differ_widely(files):
    sizes = np.array([len(file) for file in files.values()])
    assert sizes.mean() == pytest.approx(58, rel=0.25)
    # As measured for patients: 95 % quantile four times the median.
    assert np.quantile(sizes, 0.95) > 2.5 * np.median(sizes)


def test_types_and_sections_have_their_measured_shares(every):
    def share(holds):
        return np.mean([holds(claim) for claim in every])

    assert share(lambda claim: claim["type"]["coding"][0]["code"] == "pharmacy") == pytest.approx(0.195, abs=0.02)
    assert share(supported) == pytest.approx(0.233, abs=0.02)
    assert share(lambda claim: "diagnosis" in claim) == pytest.approx(0.178, abs=0.03)
    assert share(lambda claim: "procedure" in claim) == pytest.approx(0.385, abs=0.03)
    entries = [len(claim["supportingInfo"]) for claim in every if supported(claim)]
    assert np.mean(entries) == pytest.approx(1.5, abs=0.1)


def test_numbers_of_items_have_their_measured_shares(every):
    items = np.array([len(claim["item"]) for claim in every])
    for count, share in {1: 0.374, 2: 0.334, 3: 0.178, 4: 0.055, 5: 0.026}.items():
        assert np.mean(items == count) == pytest.approx(share, abs=0.02), f"{count} items"
    assert np.mean(items >= 6) == pytest.approx(0.032, abs=0.01)
    assert items.mean() == pytest.approx(2.26, abs=0.12)
    assert np.mean((items == 22) | (items == 23)) > 0.005, "the small cluster"


def test_totals_have_their_measured_point_masses_and_quantiles(totals):
    for value, share in {125: 0.287, 255: 0.195, 265.52: 0.086, 406.04: 0.019, 641.65: 0.019, 75: 0.014}.items():
        assert np.mean(totals == value) == pytest.approx(share, abs=0.02), f"{value} USD"
    for probability, value in {0.05: 125, 0.25: 125, 0.9: 14_381, 0.95: 18_012, 0.99: 45_031}.items():
        assert np.quantile(totals, probability) == pytest.approx(value, rel=0.12), f"quantile {probability}"
    assert np.quantile(totals, 0.5) == pytest.approx(266, abs=12)
    assert np.quantile(totals, 0.75) == pytest.approx(1_922, rel=0.35), "between point masses and tail"
    assert totals.mean() == pytest.approx(4_082, rel=0.1)


def test_the_rule_splits_claims_eighty_to_twenty(part, every, totals):
    # GIVEN the rule as the use case states it, applied to what the files hold
    rejected = [total >= 5_000 and not supported(claim) for claim, total in zip(every, totals, strict=True)]
    assert np.mean(rejected) == pytest.approx(0.198, abs=0.02)
    large = [supported(claim) for claim, total in zip(every, totals, strict=True) if total >= 5_000]
    assert np.mean(large) == pytest.approx(0.087, abs=0.03)
    shares = dict(part.truth["claims"]["decision"].value_counts(normalize=True).iter_rows())
    assert shares["Rejected"] == pytest.approx(np.mean(rejected), abs=0.002)


def test_truth_is_what_the_files_hold(part, files):
    rows = {(row["key"], row["id"]): row for row in part.truth["claims"].to_dicts()}
    assert len(rows) == len(part.truth["claims"]) == sum(map(len, files.values()))
    for key, file in files.items():
        for claim in file:
            row = rows[key, claim["id"]]
            value = claim["total"].get("value")
            assert row["total_cents"] == (None if value is None else int(value * 100))
            assert row["supporting_info"] == (len(claim["supportingInfo"]) if "supportingInfo" in claim else None)
            approved = (value is not None and value < 5_000) or supported(claim)
            assert row["decision"] == ("Approved" if approved else "Rejected")


def test_edge_cases_of_the_rule_are_planted_once_in_twenty_files(part, files):
    planted = part.truth["claims"].filter(pl.col("edge").is_not_null())
    counts = dict(planted["edge"].value_counts().iter_rows())
    names = ("at_limit", "below_limit", "empty_supporting_info", "no_value", "duplicate")
    assert counts == dict.fromkeys(names, FILES // 20)
    first = dict(zip(names, (list(files.values())[number][0] for number in (0, 1, 2, 3, 6)), strict=True))
    assert first["at_limit"]["total"]["value"] == 5_000
    assert first["below_limit"]["total"]["value"] == Decimal("4999.99")
    assert first["empty_supporting_info"]["supportingInfo"] == []
    assert first["empty_supporting_info"]["total"]["value"] > 5_000
    assert first["no_value"]["total"] == {"currency": "USD"}
    assert first["duplicate"] == list(files.values())[5][0], "the same claim, in two files"
    decisions = dict(planted.select("edge", "decision").unique().filter(pl.col("edge") != "duplicate").iter_rows())
    assert decisions == {
        "at_limit": "Rejected",
        "below_limit": "Approved",
        "empty_supporting_info": "Rejected",
        "no_value": "Rejected",
    }


def test_malformed_files_are_no_json_and_not_in_the_truth():
    part = claims.make(spec(malformed=0.05), 0, 40)
    broken = [body.key for body in part.bodies if body.rows == 0]
    assert broken == ["claims-000001.json", "claims-000021.json"]
    for body in part.bodies:
        if body.key in broken:
            with pytest.raises(json.JSONDecodeError):
                json.loads(body.data)
    assert not set(part.truth["claims"]["key"]) & set(broken)
