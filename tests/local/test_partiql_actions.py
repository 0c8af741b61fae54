"""PartiQL statements need the action of their kind on the table they name, as on AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.mends.partiql_actions import actions_and_tables
from tests.local.helpers import client, client_with, policy

if TYPE_CHECKING:
    from local.server import Server


def dynamodb_of(aws: Server, action: str, table: str) -> Any:
    """A client of a user who may do that on the table and nothing else."""
    iam, name = client(aws, "iam"), f"user-{uuid4()}"
    iam.create_user(UserName=name)
    grant = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:dynamodb:*:*:table/{table}"}
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy([grant]))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return client_with(key["AccessKeyId"], key["SecretAccessKey"], aws, "dynamodb")


@pytest.fixture
def table(aws: Server) -> str:
    name = f"table-{uuid4()}"
    client(aws, "dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client(aws, "dynamodb").put_item(TableName=name, Item={"id": {"S": "a"}})
    return name


def updates(table: str) -> list[dict[str, Any]]:
    return [{"Statement": f'UPDATE "{table}" SET "x"=? WHERE "id"=?', "Parameters": [{"S": "y"}, {"S": "a"}]}]


def test_a_batch_of_updates_needs_partiql_update_on_its_table(aws: Server, table: str) -> None:
    allowed = dynamodb_of(aws, "dynamodb:PartiQLUpdate", table)
    assert "Error" not in allowed.batch_execute_statement(Statements=updates(table))["Responses"][0]
    for action, where in (
        ("dynamodb:BatchExecuteStatement", table),
        ("dynamodb:UpdateItem", table),
        ("dynamodb:PartiQLSelect", table),
        ("dynamodb:PartiQLUpdate", "another"),
    ):
        refused = dynamodb_of(aws, action, where)
        with pytest.raises(ClientError) as failure:
            refused.batch_execute_statement(Statements=updates(table))
        assert failure.value.response["Error"]["Code"] == "AccessDeniedException", action


def test_a_batch_about_two_tables_needs_both(aws: Server, table: str) -> None:
    allowed = dynamodb_of(aws, "dynamodb:PartiQLUpdate", table)
    with pytest.raises(ClientError):
        allowed.batch_execute_statement(Statements=[*updates(table), *updates("another")])


def test_one_statement_needs_the_action_of_its_kind(aws: Server, table: str) -> None:
    reader = dynamodb_of(aws, "dynamodb:PartiQLSelect", table)
    assert reader.execute_statement(Statement=f'SELECT * FROM "{table}"')["Items"] == [{"id": {"S": "a"}}]
    with pytest.raises(ClientError):
        reader.execute_statement(Statement=updates(table)[0]["Statement"], Parameters=updates(table)[0]["Parameters"])


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ('UPDATE "t.1" SET a=1', ("dynamodb:PartiQLUpdate", "t.1")),
        ("  insert into Music value {}", ("dynamodb:PartiQLInsert", "Music")),
        ('DELETE FROM "a-b" WHERE x=1', ("dynamodb:PartiQLDelete", "a-b")),
        ('SELECT a,\nb FROM "t"."index"', ("dynamodb:PartiQLSelect", "t")),
    ],
)
def test_each_kind_of_statement_is_told(statement: str, found: tuple[str, str]) -> None:
    assert actions_and_tables(json.dumps({"Statement": statement}).encode()) == [found]


def test_what_is_no_statement_is_left_to_the_emulator() -> None:
    for body in (b"", b"[]", b"{}", b'{"Statement": 1}', b'{"Statement": "DROP TABLE x"}', b'{"Statements": [1]}'):
        assert actions_and_tables(body) == []
