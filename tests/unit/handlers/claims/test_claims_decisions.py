"""The rules decide as the data set's truth says, at the limit to the last digit, and by what is configured."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from datagen import GenerateRequest, generate
from handlers.claims.claim import stored
from handlers.claims.decisions import READ, decide, statement, values
from handlers.claims.elements import elements
from handlers.claims.rule_table import RULES, Facts, Parameters, Rules, parameters
from handlers.common.failures import InvalidBatch

USUAL = Rules(Parameters())


def decision(total: str | None, supporting: int = 0, currency: str | None = "USD", rules: Rules = USUAL) -> str:
    return rules.decide(Facts(None if total is None else Decimal(total), currency, supporting)).rule


@pytest.mark.parametrize(
    ("total", "supporting", "rule"),
    [
        ("4999.99", 0, "below_limit"),
        ("4999.99999999999999999999999999999999", 0, "below_limit"),
        ("5000", 0, "limit_reached"),
        ("5000.00", 0, "limit_reached"),
        ("5000.00000000000000000000000000000001", 0, "limit_reached"),
        ("-12.5", 0, "below_limit"),
        ("0", 0, "below_limit"),
        (None, 0, "total_missing"),
        (None, 1, "supported"),
        ("5000", 1, "supported"),
        ("999999999999", 3, "supported"),
    ],
)
def test_the_first_rule_that_applies_decides(total: str | None, supporting: int, rule: str) -> None:
    assert decision(total, supporting) == rule


def test_every_decision_has_its_reason_which_names_the_limit_and_what_is_missing() -> None:
    made = {
        rule: USUAL.decide(facts)
        for rule, facts in {
            "below_limit": Facts(Decimal(1), None, 0),
            "supported": Facts(None, None, 1),
            "limit_reached": Facts(Decimal(5000), "USD", 0),
            "total_missing": Facts(None, "USD", 0),
            "other_currency": Facts(Decimal(1), "EUR", 0),
        }.items()
    }
    assert {rule: each.rule for rule, each in made.items()} == {rule: rule for rule in made}
    assert len(made) == len(RULES), "each row is reached"
    assert {rule for rule, each in made.items() if each.decision == "Approved"} == {"below_limit", "supported"}
    for each in made.values():
        if each.decision == "Rejected":
            assert "5,000 USD" in each.reason
            assert "supporting information is missing, such as a pre-approval letter" in each.reason
    assert "5,000 USD" in made["below_limit"].reason


def test_amounts_of_another_currency_are_not_compared() -> None:
    assert decision("4000", currency="EUR") == "other_currency"
    assert decision("4000", 1, currency="EUR") == "supported"
    assert decision("4000", currency=None) == "below_limit", "a claim without a currency is in that of the limit"


def test_limit_and_evidence_are_as_configured() -> None:
    config = '{"version": "2027", "limit": 100.10, "currency": "CHF", "evidence": 2, "evidence_words": "two letters"}'
    rules = Rules(parameters(config))
    assert rules.given == Parameters(
        version="2027", limit=Decimal("100.10"), currency="CHF", evidence=2, evidence_words="two letters"
    )
    assert decision("100.09", 1, "CHF", rules) == "below_limit"
    assert decision("100.1", 1, "CHF", rules) == "limit_reached"
    assert decision("100.1", 2, "CHF", rules) == "supported"
    assert (
        "100.10 CHF, and supporting information is missing, such as two letters"
        in rules.decide(Facts(Decimal(500), "CHF", 0)).reason
    )
    assert parameters("{}") == Parameters()
    assert parameters('{"limit": "5000.5"}').limit == Decimal("5000.5")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("{", "no JSON"),
        ("[]", "must be an object of version, limit"),
        ('{"limits": 5}', r"got \['limits'\]"),
        ('{"limit": 0}', "limit must be a number above 0, got 0"),
        ('{"limit": -1, "evidence": 0}', "limit must be .*; evidence must be 1"),
        ('{"limit": "NaN"}', "limit must be a number above 0"),
        ('{"limit": "much"}', "RULES"),
        ('{"limit": true}', "expected a number, got True"),
        ('{"evidence": 1.5}', "expected a whole number"),
        ('{"evidence": true}', "expected a whole number"),
        ('{"version": 1}', "expected text, got 1"),
        ('{"version": ""}', "version must be text of 1 to 200"),
        ('{"currency": "%s"}' % ("x" * 201), "got 201"),
    ],
)
def test_a_configuration_at_fault_is_told(config: str, told: str) -> None:
    with pytest.raises(InvalidBatch, match=told):
        parameters(config)


def test_generated_claims_are_decided_as_their_truth_says(tmp_path: Path) -> None:
    generate(GenerateRequest(dataset="claims", to=f"file://{tmp_path}/claims", scale="tiny"))
    (truth,) = tmp_path.glob("_truth/claims/**/claims*.parquet")
    known = pl.read_parquet(truth)
    items: dict[str, Any] = {}
    for path in (tmp_path / "claims").iterdir():
        for text, value in elements([path.read_bytes()]):
            item = stored(text, value, path.name)
            items[item["id"]["S"]] = {name: item[name] for name in READ if name in item}
    made = {each.id["S"]: each.made for each in decide(items.values(), USUAL)}
    assert {own: each.decision for own, each in made.items()} == dict(known.select("id", "decision").iter_rows())
    edges = dict(known.filter(pl.col("edge") != "duplicate").select("edge", "id").iter_rows())
    assert {edge: made[own].rule for edge, own in edges.items()} == {
        "at_limit": "limit_reached",
        "below_limit": "below_limit",
        "empty_supporting_info": "limit_reached",
        "no_value": "total_missing",
    }


def test_a_decision_stands_while_version_decision_and_reason_are_the_same() -> None:
    item: dict[str, Any] = {
        "id": {"S": "a"},
        "content": {"S": "c"},
        "total": {"N": "6000"},
        "supporting_info": {"N": "0"},
    }
    (fresh,) = decide([item], USUAL)
    assert not fresh.standing
    item |= {"decision": {"S": "Rejected"}, "reason": {"S": fresh.made.reason}, "rule_version": {"S": "1"}}
    assert decide([item], USUAL)[0].standing
    for name, other in (("decision", "Approved"), ("reason", "Other."), ("rule_version", "0")):
        assert not decide([{**item, name: {"S": other}}], USUAL)[0].standing, name


def test_the_statement_has_a_place_for_each_value_and_names_what_was_decided_on() -> None:
    (made,) = decide([{"id": {"S": "a"}, "content": {"S": "c"}, "supporting_info": {"N": "1"}}], USUAL)
    asked = statement("my-table.1")
    ((*written, own, content),) = values([made], "1", "now")
    assert asked.count("?") == len(written) + 2
    assert asked.startswith('UPDATE "my-table.1" SET "decision"=? SET "reason"=?')
    assert asked.endswith('WHERE "id"=? AND "content"=?')
    assert [each["S"] for each in written] == ["Approved", "Supporting information is present.", "1", "now"]
    assert (own, content) == ({"S": "a"}, {"S": "c"})
