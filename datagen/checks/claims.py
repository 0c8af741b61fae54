"""Checks of `claims`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from datagen.checks.check import Check, Read, none_odd, same, share, within
from datagen.dataset import Spec

REQUIRED = {
    *("resourceType", "id", "status", "type", "use", "patient", "billablePeriod", "created", "provider", "priority"),
    *("insurance", "item", "total"),
}
LIMIT = 5_000
SAMPLE_CLAIMS = 5_000
PHARMACY, SUPPORTED, APPROVED = 0.195, 0.233, 0.80
SCHEMA = {
    "key": pl.String,
    "id": pl.String,
    "total_cents": pl.Int64,
    "supporting_info": pl.Int64,
    "decision": pl.String,
    "pharmacy": pl.Boolean,
    "odd": pl.Boolean,
}


class _Checks:
    """Parses every claim, decides it again, and looks at the amounts as a whole."""

    def facts(self, batch: Sequence[Read]) -> pl.DataFrame:
        """One row a claim; one with nothing but the key for an object that is no JSON."""
        return pl.DataFrame([row for each in batch for row in _of(each)], schema=SCHEMA)

    def judge(self, spec: Spec, facts: pl.DataFrame, truth: Mapping[str, pl.DataFrame]) -> list[Check]:
        """The findings on all claims."""
        broken = facts.filter(pl.col("id").is_null())
        claims = facts.filter(pl.col("id").is_not_null())
        columns = ["key", "id", "total_cents", "supporting_info", "decision"]
        wanted = -(-spec.count * float(spec.parameters["malformed"]) // 1)
        checks = [
            Check(name="malformed objects", ok=len(broken) == wanted, detail=f"{len(broken)}, expected {wanted:.0f}"),
            none_odd("claims have their fields and sums", claims.filter("odd")["id"].to_list(), len(claims)),
            same("decisions are the truth", claims.select(columns), truth["claims"], ["key", "id"]),
        ]
        if len(claims) < SAMPLE_CLAIMS:
            return checks
        return [
            *checks,
            share("pharmacy claims", int(claims["pharmacy"].sum()), len(claims), PHARMACY, slack=0.01),
            share(
                "with supporting information",
                len(claims.filter(pl.col("supporting_info") > 0)),
                len(claims),
                SUPPORTED,
                slack=0.01,
            ),
            share("approved", len(claims.filter(pl.col("decision") == "Approved")), len(claims), APPROVED, slack=0.01),
            within("median total", float(claims["total_cents"].quantile(0.5) or 0) / 100, 255, 270),
            within("90th percentile of total", float(claims["total_cents"].quantile(0.9) or 0) / 100, 12_500, 16_500),
        ]


def _of(each: Read) -> Iterator[dict[str, Any]]:
    try:
        claims = orjson.loads(each.data)
    except orjson.JSONDecodeError:
        yield {"key": each.key}
        return
    for claim in claims:
        value = claim["total"].get("value")
        total = None if value is None else int(Decimal(str(value)) * 100)
        supporting = claim.get("supportingInfo")
        nets = sum(int(Decimal(str(item["net"]["value"])) * 100) for item in claim["item"] if "net" in item)
        approved = (total is not None and total < LIMIT * 100) or bool(supporting)
        yield {
            "key": each.key,
            "id": claim["id"],
            "total_cents": total,
            "supporting_info": None if supporting is None else len(supporting),
            "decision": "Approved" if approved else "Rejected",
            "pharmacy": claim["type"]["coding"][0]["code"] == "pharmacy",
            "odd": not claim.keys() >= REQUIRED
            or (total is not None and total < nets)
            or [item["sequence"] for item in claim["item"]] != list(range(1, len(claim["item"]) + 1)),
        }


CHECKS = _Checks()
