"""Deciding on claims by rule: cores alone, ours against the usual code on items as boto3's table resource has them."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from bench.harness import REPETITIONS, Measurement, rates, table
from handlers.claims.decisions import decide, values
from handlers.claims.rule_table import Parameters, Rules

CLAIMS: Final = 20_000
AT_A_TIME: Final = 100  # that BatchGetItem returns
TARGET: Final = 5
VERSION, AT = "1", "2026-01-05T10:00:00.000Z"
_DESERIALIZER, _SERIALIZER = TypeDeserializer(), TypeSerializer()


def items() -> list[dict[str, Any]]:
    """What BatchGetItem returns of claims, one in five without the total or the supporting information it needs."""
    return [
        {
            "id": {"S": f"{number:08d}-3a8e-4c19-9b60-2d5e8f1a4b73"},
            "total": {"N": f"{4_000 + number % 1_250}.{number % 100:02d}"},
            "currency": {"S": "USD"},
            "supporting_info": {"N": str(int(number % 11 == 0))},
            "content": {"S": f"{number:016x}"},
        }
        for number in range(CLAIMS)
    ]


def ours(asked: list[dict[str, Any]]) -> list[Any]:
    """The values of the statements that write the decisions."""
    rules = Rules(Parameters())
    found = []
    for start in range(0, len(asked), AT_A_TIME):
        found += values(decide(asked[start : start + AT_A_TIME], rules), VERSION, AT)
    return found


def usual(asked: list[dict[str, Any]]) -> list[Any]:
    """Key and values of the updates, as the table resource takes and gives them, one by one."""
    found = []
    for each in asked:
        claim = {name: _DESERIALIZER.deserialize(value) for name, value in each.items()}
        if claim["total"] < Decimal(5000):
            decision, reason = "Approved", "The total is below the limit of 5,000 USD."
        elif claim["supporting_info"]:
            decision, reason = "Approved", "Supporting information is present."
        else:
            decision, reason = "Rejected", "The total reaches the limit and supporting information is missing."
        update = {":d": decision, ":r": reason, ":v": VERSION, ":a": AT, ":c": claim["content"]}
        found.append(
            [
                {"id": _SERIALIZER.serialize(claim["id"])},
                {name: _SERIALIZER.serialize(value) for name, value in update.items()},
            ]
        )
    return found


def main() -> None:
    """Measure both in turns, and print."""
    asked = items()
    decisions = [[each[0]["S"] for each in ours(asked)], [each[1][":d"]["S"] for each in usual(asked)]]
    if decisions[0] != decisions[1]:
        raise RuntimeError("the cores do not agree")
    ways: dict[str, Callable[[list[dict[str, Any]]], list[Any]]] = {"usual": usual, "ours": ours}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPETITIONS):
        for name, way in ways.items():
            began = time.process_time()
            way(asked)
            seconds[name].append(time.process_time() - began)
    first, second = (Measurement(name=name, units=CLAIMS, seconds=tuple(taken)) for name, taken in seconds.items())
    rates("claims: rules, core", "claims", [first, second], baseline=first)
    ratio = second.rate / first.rate
    table(
        "Target",
        ["", "target", "measured", ""],
        [["rules", f"{TARGET}x", f"{ratio:.1f}x", "met" if ratio >= TARGET else "MISSED"]],
    )
