"""Both functions in the local Lambda, each with its own role: what it needs, and what the table holds at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from datagen import GenerateRequest, generate
from handlers.claims.packed import unpack
from local import server
from local.server import Server
from local.state import StateDir
from tests.local.helpers import STUB, client, make_role, zipped
from tests.unit.handlers.claims.examples import claim, file

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:claims:run"
LOAD = (
    ("s3:GetObject", "{bucket}/claims/*"),
    ("s3:ListBucket", "{bucket}"),
    ("dynamodb:BatchWriteItem", "{table}"),
    ("s3:PutObject", "{work}/ids/*"),
)
RULES = (
    ("dynamodb:BatchGetItem", "{table}"),
    ("dynamodb:PartiQLUpdate", "{table}"),
    ("s3:GetObject", "{work}/ids/*"),
)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server.serving(state=StateDir(path=tmp_path_factory.mktemp("aws") / "state"), engine=STUB) as running:
        yield running


class Stage:
    """Both functions with a table and two buckets of a test's own."""

    def __init__(self, aws: Server, *, without: str = "") -> None:
        self.s3, self.dynamodb, self._lambda = (client(aws, name) for name in ("s3", "dynamodb", "lambda"))
        self.bucket, self.work, self.table = (f"{kind}-{uuid4()}" for kind in ("input", "work", "claims"))
        for bucket in (self.bucket, self.work):
            self.s3.create_bucket(Bucket=bucket)
        table = self.dynamodb.create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]
        arns = {"bucket": f"arn:aws:s3:::{self.bucket}", "work": f"arn:aws:s3:::{self.work}", "table": table}
        self._names = {}
        for name, grants in {"load": LOAD, "rules": RULES}.items():
            allowed = [(action, where.format(**arns)) for action, where in grants if f"{name} {action}" != without]
            self._names[name] = f"{name}-{uuid4()}"
            self._lambda.create_function(
                FunctionName=self._names[name],
                Runtime="python3.13",
                Handler=f"handlers.claims.{name}.handler",
                Role=make_role(aws, "lambda", *allowed),
                Code={"ZipFile": zipped(unused="")},
                Environment={
                    "Variables": {
                        "TABLE_NAME": self.table,
                        "WORK_BUCKET": self.work,
                        "WORK_PREFIX": "ids",
                        "RULES": '{"version": "2026-1"}',
                    }
                },
                Timeout=60,
                MemorySize=2048,
            )

    def put(self, name: str, data: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=f"claims/{name}", Body=data)

    def load(self, *names: str) -> Any:
        items = [{"Key": f"claims/{name}"} for name in names]
        return self._invoke("load", {"Items": items})

    def rules(self, loaded: Any) -> Any:
        return self._invoke("rules", loaded)

    def _invoke(self, name: str, event: dict[str, Any]) -> Any:
        event = {"BatchInput": {"bucket": self.bucket, "execution": EXECUTION}, **event}
        answer = self._lambda.invoke(FunctionName=self._names[name], Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def items(self) -> dict[str, dict[str, Any]]:
        """What the table holds, by id."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return {item["id"]["S"]: item for page in pages for item in page["Items"]}


def test_generated_claims_end_in_the_table_with_the_decisions_of_their_truth(aws: Server, tmp_path: Path) -> None:
    stage = Stage(aws)
    generate(GenerateRequest(dataset="claims", to=f"file://{tmp_path}/claims", scale="tiny"))
    (path,) = tmp_path.glob("_truth/claims/**/claims*.parquet")
    truth = pl.read_parquet(path)
    names = sorted(each.name for each in (tmp_path / "claims").iterdir())
    for name in names:
        stage.put(name, (tmp_path / "claims" / name).read_bytes())
    loaded = stage.load(*names, "gone.json")
    assert loaded["outcomes"] == {"loaded": 20}
    assert [(each["key"], each["error"]) for each in loaded["failed"]] == [("claims/gone.json", "NoSuchKey")]
    assert (loaded["claims"], loaded["duplicates"]) == (truth["id"].n_unique(), len(truth) - truth["id"].n_unique())
    decided = stage.rules(loaded)
    expected = dict(truth.select("id", "decision").iter_rows())
    assert decided["approved"] == list(expected.values()).count("Approved")
    assert sum(decided["rejected"].values()) == list(expected.values()).count("Rejected")
    assert (decided["unchanged"], decided["failed"]) == (0, [])
    items = stage.items()
    assert {own: item["decision"]["S"] for own, item in items.items()} == expected
    cents = dict(truth.select("id", "total_cents").iter_rows())
    assert {own: Decimal(item["total"]["N"]) * 100 if "total" in item else None for own, item in items.items()} == cents
    assert all(json.loads(unpack(item["claim"]["B"]))["id"] == own for own, item in items.items())
    again = stage.rules(loaded)
    assert again["unchanged"] == len(items)
    assert stage.items() == items, "a repeated batch leaves what the first one left"


def test_a_decision_on_what_a_claim_was_does_not_stand_on_localhost(aws: Server) -> None:
    stage = Stage(aws)
    stage.put("a.json", file(claim(1), claim(2)))
    loaded = stage.load("a.json")
    stage.dynamodb.delete_item(TableName=stage.table, Key={"id": {"S": "claim-000002"}})
    decided = stage.rules(loaded)
    assert (decided["approved"], decided["failed"][0]["error"]) == (1, "ClaimNotFound")
    assert set(stage.items()) == {"claim-000001"}, "a decision makes no item"


def test_more_ids_than_an_answer_carries_go_through_s3(aws: Server) -> None:
    stage = Stage(aws)
    ids = [f"{number:05d}-{'x' * 58}" for number in range(3_200)]
    bare = {"resourceType": "Claim", "status": "active", "created": "2019", "type": {"coding": [{"code": "x"}]}}
    stage.put("a.json", file(*({**bare, "id": own} for own in ids)))
    loaded = stage.load("a.json")
    assert "body" not in loaded
    assert loaded["body_at"]["bucket"] == stage.work
    assert stage.rules(loaded)["rejected"] == {"total_missing": 3_200}


@pytest.mark.parametrize(
    ("without", "told"),
    [
        ("load s3:GetObject", "s3:GetObject"),
        ("load dynamodb:BatchWriteItem", "AccessDenied"),
        ("load s3:PutObject", "s3:PutObject"),
        ("rules dynamodb:BatchGetItem", "AccessDenied"),
        ("rules dynamodb:PartiQLUpdate", "AccessDenied"),
        ("rules s3:GetObject", "s3:GetObject"),
    ],
)
def test_each_permission_is_needed(aws: Server, without: str, told: str) -> None:
    stage = Stage(aws, without=without)
    beyond_an_answer = without in {"load s3:PutObject", "rules s3:GetObject"}
    stage.put(
        "a.json", file(*(claim(number, id=f"{number:064d}") for number in range(3_100 if beyond_an_answer else 1)))
    )
    answer = stage.load("a.json")
    if without.startswith("rules"):
        answer = stage.rules(answer)
    assert answer["errorType"] == "AccessDenied"
    assert told in answer["errorMessage"]
