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

    id: str
    content: str
    made: Decision
    standing: bool


def decide(items: Iterable[Item], rules: Rules) -> list[Decided]:
    """The decision on each of the table's items."""
    version = {"S": rules.given.version}
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
        standing = (
            get("rule_version") == version
            and get("decision") == {"S": decision.decision}
            and get("reason") == {"S": decision.reason}
        )
        made.append(Decided(item["id"]["S"], item["content"]["S"], decision, standing))
    return made


def statement(table: str) -> str:
    """The PartiQL statement that writes one decision, unless the claim is no longer the one that was decided on."""
    fields = " ".join(f'SET "{name}"=?' for name in ("decision", "reason", "rule_version", "decided_at"))
    return f'UPDATE "{table}" {fields} WHERE "id"=? AND "content"=?'


def values(decided: Decided, version: str, at: str) -> list[dict[str, str]]:
    """The values of the statement."""
    return [
        {"S": decided.made.decision},
        {"S": decided.made.reason},
        {"S": version},
        {"S": at},
        {"S": decided.id},
        {"S": decided.content},
    ]
