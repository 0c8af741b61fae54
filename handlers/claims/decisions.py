"""From what the table holds of claims to what is to be written beside them; nothing here reads or writes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from handlers.claims.rule_table import Decision, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handlers.claims.rule_table import Rules

READ: Final = ("id", "total", "currency", "supporting_info", "content", "decision", "reason", "rule_version")
"""The attributes that deciding needs."""

Item = dict[str, dict[str, Any]]


class Decided(NamedTuple):
    """A claim's decision; ``content`` is what it was decided on, ``standing`` whether the table holds it already."""

    id: dict[str, str]
    content: dict[str, str]
    made: Decision
    standing: bool


def decide(items: Iterable[Item], rules: Rules) -> list[Decided]:
    """The decision on each of the table's items."""
    made = []
    for item in items:
        get = item.get
        total, currency = get("total"), get("currency")
        decision = rules.decide(
            Facts(
                None if total is None else Decimal(total["N"]),
                None if currency is None else currency["S"],
                int(item["supporting_info"]["N"]),
            )
        )
        standing = "decision" in item and (
            get("rule_version") == {"S": rules.given.version}
            and get("decision") == {"S": decision.decision}
            and get("reason") == {"S": decision.reason}
        )
        made.append(Decided(item["id"], item["content"], decision, standing))
    return made


def statement(table: str) -> str:
    """The PartiQL statement that writes one decision, unless the claim is no longer the one that was decided on."""
    fields = " ".join(f'SET "{name}"=?' for name in ("decision", "reason", "rule_version", "decided_at"))
    return f'UPDATE "{table}" {fields} WHERE "id"=? AND "content"=?'


def values(decided: Iterable[Decided], version: str, at: str) -> list[list[dict[str, str]]]:
    """The values of the statement for each decision."""
    shared = {"S": version}, {"S": at}
    words: dict[Decision, tuple[dict[str, str], ...]] = {}
    asked = []
    for own, content, made, _ in decided:
        said = words.get(made)
        if said is None:
            said = words[made] = ({"S": made.decision}, {"S": made.reason}, *shared)
        asked.append([*said, own, content])
    return asked
