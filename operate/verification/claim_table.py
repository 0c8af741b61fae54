"""The table of `claims` against what its files say: each item whole, decided on by the rules, known to the truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from operate.verification.check import Check
from operate.verification.claim_files import Claim
from operate.verification.claim_rules import APPROVED, REJECTED
from operate.verification.files import examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from operate.verification.claim_rules import Rules

Item = dict[str, dict[str, Any]]


class Expected(NamedTuple):
    """A claim that is to be in the table; files of several batches may say several things of one id."""

    versions: tuple[Claim, ...]
    keys: tuple[str, ...]


@dataclass(kw_only=True)
class Held:
    """What became of the comparison; ``right`` has the claim of each id whose item is right."""

    right: dict[str, Claim] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    reasons: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by code of rejection, or Approved


def expect(claims: dict[str, Expected], own: str, claim: Claim, key: str) -> None:
    """Add a claim that a batch has loaded from the file at ``key``."""
    before = claims.get(own)
    if before is None:
        claims[own] = Expected((claim,), (key,))
    else:
        versions = before.versions if claim in before.versions else (*before.versions, claim)
        claims[own] = Expected(versions, before.keys if key in before.keys else (*before.keys, key))


def compare(claims: Mapping[str, Expected], table: Iterable[Item], rules: Rules) -> Held:
    """Look at the item of each claim."""
    held = Held()
    for item in table:
        own = item["id"]["S"]
        fields = _differing(item, claims[own], rules, held)
        if fields:
            held.wrong.append(f"{own}: {', '.join(fields)}")
    return held


def _differing(item: Item, expected: Expected, rules: Rules, held: Held) -> list[str]:
    """Name the attributes of an item that are not as they must be."""
    text = _hash_of_claim(item.get("claim", {}).get("B"))
    claim = next((each for each in expected.versions if each.text == text), None)
    if claim is None:
        return ["claim is not that of its file"]
    code = rules.code(claim)
    reason = item.get("reason", {}).get("S", "")
    numbers = {"total": claim.total, "supporting_info": Decimal(claim.supporting_info)}
    texts = {
        **{name: getattr(claim, name) for name in ("status", "type", "created", "currency", "patient", "provider")},
        "decision": REJECTED if code else APPROVED,
        "rule_version": rules.version,
    }
    wrong = [f"{name} {item.get(name)} for {due}" for name, due in numbers.items() if _number(item, name) != due]
    wrong += [f"{name} {item.get(name)} for {due}" for name, due in texts.items() if _text(item, name) != due]
    if _text(item, "source") not in expected.keys:
        wrong.append(f"source {item.get('source')}")
    if not _is_moment(_text(item, "decided_at")):
        wrong.append(f"decided_at {item.get('decided_at')}")
    if not wrong:
        held.right[item["id"]["S"]] = claim
        held.reasons[code or APPROVED].add(reason)
    return wrong


def _hash_of_claim(packed: bytes | None) -> bytes | None:
    from handlers.claims.packed import unpack

    try:
        return None if packed is None else blake2b(unpack(packed), digest_size=16).digest()
    except ValueError:
        return None


def _number(item: Item, name: str) -> Decimal | None:
    value = item.get(name)
    return None if value is None else Decimal(value.get("N", "NaN"))


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return None if value is None else value.get("S", "")


def _is_moment(text: str | None) -> bool:
    try:
        return text is not None and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def table_check(claims: Mapping[str, Expected], held: Held) -> Check:
    """Every claim must be there, and each item must be right."""
    wrong = {line.partition(":")[0] for line in held.wrong}
    missing = sorted(own for own in claims if own not in held.right and own not in wrong)
    name = "every item of the table is right"
    if not missing and not wrong:
        return Check(name=name, ok=True, detail=f"{len(held.right):,} claims, each byte of them")
    told = f"{len(missing):,} missing{examples(missing)}; {len(wrong):,} wrong{examples(sorted(held.wrong))}"
    return Check(name=name, ok=False, detail=told)


def reasons_check(held: Held, rules: Rules) -> Check:
    """One reason in words for each kind of rejection, which names the limit and what is missing."""
    name = "each rejection says why"
    words = {code: reasons for code, reasons in held.reasons.items() if code != APPROVED}
    wrong = [f"{code}: {len(reasons)} reasons" for code, reasons in words.items() if len(reasons) != 1]
    every = [reason for reasons in words.values() for reason in reasons]
    wrong += [f"{reason!r} does not say it" for reason in every if not rules.names_what_is_needed(reason)]
    wrong += [f"{reason!r} says several things" for reason in set(every) if every.count(reason) > 1]
    if "" in held.reasons[APPROVED]:
        wrong.append("an approval has no reason")
    shown = "; ".join(sorted(wrong)) or f"{len(every)} kinds of rejection, limit {rules.limit:,} {rules.currency}"
    return Check(name=name, ok=not wrong, detail=shown)


def planted_check(
    claims: Mapping[str, Expected],
    held: Held,
    planted: Iterable[tuple[Any, ...]],
    *,
    found: Mapping[str, int],
    read: AbstractSet[str],
    rules: Rules,
) -> Check:
    """Every claim that the generator knows of in the files that were read, and no fewer of them in any file."""
    name = "the table agrees with the generator's truth"
    wrong: list[str] = []
    edges: dict[str, int] = defaultdict(int)
    known: dict[str, int] = defaultdict(int)
    for key, own, cents, supporting, decision, edge in planted:
        if key not in read:
            continue
        known[key] += 1
        claim = held.right.get(own)
        if claim is None or key not in claims[own].keys:
            wrong.append(f"{own} of {key} is missing or wrong")
            continue
        amount = None if claim.total is None else claim.total * 100
        decided = REJECTED if rules.code(claim) else APPROVED
        if amount != cents or claim.supporting_info != (supporting or 0):
            wrong.append(f"{own} has total {claim.total} and {claim.supporting_info} entries")
        elif rules.as_generated and decided != decision:
            wrong.append(f"{own} is {decided}, not {decision}")
        edges[edge or ""] += 1
    wrong += [f"{key} has {found[key]} claims, not {count}" for key, count in known.items() if found[key] != count]
    if wrong:
        return Check(name=name, ok=False, detail=f"{len(wrong):,} differ{examples(sorted(wrong))}")
    named = ", ".join(f"{count:,} {edge}" for edge, count in sorted(edges.items()) if edge)
    besides = "" if rules.as_generated else "; its decisions are of other rules"
    return Check(name=name, ok=True, detail=f"{sum(edges.values()):,} claims; {named or 'none'} planted{besides}")
