"""The function in the local Lambda, with its own role: what it may do, what it leaves in the table, and repeats."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from datagen import GenerateRequest, generate
from local import server
from local.server import Server
from local.state import StateDir
from tests.local.helpers import STUB, client, make_role
from tests.unit.handlers.noaa.files import STATION, file, rain

ROOT = Path(__file__).parents[4]
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:noaa:run"
PREFIX = "csv/by_station"
GRANTS = (("s3:GetObject", "{bucket}/csv/by_station/*"), ("s3:ListBucket", "{bucket}"), ("dynamodb:PutItem", "{table}"))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server.serving(state=StateDir(path=tmp_path_factory.mktemp("aws") / "state"), engine=STUB) as running:
        yield running


def shipped() -> bytes:
    """The handlers as an archive, as they are deployed."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for package in ("common", "noaa"):
            for path in (ROOT / "handlers" / package).glob("*.py"):
                made.write(path, path.relative_to(ROOT))
        made.write(ROOT / "handlers" / "__init__.py", "handlers/__init__.py")
    return archive.getvalue()


class Function:
    """A function of a test's own, with a bucket and a table."""

    def __init__(self, aws: Server, *, without: str = "") -> None:
        self.s3, self.dynamodb, self._lambda = (client(aws, name) for name in ("s3", "dynamodb", "lambda"))
        self.bucket, self.table, self.name = (f"{kind}-{uuid4()}" for kind in ("stations", "stations", "noaa"))
        self.s3.create_bucket(Bucket=self.bucket)
        table = self.dynamodb.create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "station", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "station", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]
        arns = {"bucket": f"arn:aws:s3:::{self.bucket}", "table": table}
        allowed = [(action, where.format(**arns)) for action, where in GRANTS if action != without]
        self._lambda.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Handler="handlers.noaa.handler.handler",
            Role=make_role(aws, "lambda", *allowed),
            Code={"ZipFile": shipped()},
            Environment={"Variables": {"TABLE_NAME": self.table}},
            Timeout=30,
            MemorySize=2048,
            TracingConfig={"Mode": "Active"},
        )

    def write(self, data: bytes) -> dict[str, Any]:
        """Store the file of the one station; what S3 says of it."""
        key = f"{PREFIX}/{STATION}.csv"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        about: dict[str, Any] = self.s3.head_object(Bucket=self.bucket, Key=key)
        return about

    def __call__(self, *stations: str) -> tuple[Any, str]:
        """The answer for these stations, and the log."""
        items = [{"Key": f"{PREFIX}/{station}.csv"} for station in stations or (STATION,)]
        event = {"BatchInput": {"bucket": self.bucket, "execution": EXECUTION}, "Items": items}
        answer = self._lambda.invoke(FunctionName=self.name, Payload=json.dumps(event), LogType="Tail")
        return json.loads(answer["Payload"].read()), base64.b64decode(answer["LogResult"]).decode()

    def items(self) -> dict[str, dict[str, Any]]:
        """What the table holds, by station; numbers as numbers."""
        found = self.dynamodb.scan(TableName=self.table, ConsistentRead=True)["Items"]
        return {item["station"]["S"]: {name: _plain(value) for name, value in item.items()} for item in found}


@pytest.fixture
def function(aws: Server) -> Function:
    return Function(aws)


def test_a_batch_of_generated_stations_ends_in_the_table_as_their_truth_says(
    function: Function, tmp_path: Path
) -> None:
    generate(GenerateRequest(dataset="stations", to=f"file://{tmp_path}/stations", scale="tiny"))
    (truth,) = tmp_path.glob("_truth/stations/**/stations*.parquet")
    known = pl.read_parquet(truth).to_dicts()
    for each in known:
        body = (tmp_path / "stations" / each["key"]).read_bytes()
        function.s3.put_object(Bucket=function.bucket, Key=f"{PREFIX}/{each['key']}", Body=body)
    answer, log = function(*(each["station"] for each in known), "GONE")
    without = sum(each["max_prcp_passed"] is None for each in known)
    assert answer["outcomes"] == {"no_precipitation": without, "written": len(known) - without}
    assert [(each["key"], each["error"]) for each in answer["failed"]] == [(f"{PREFIX}/GONE.csv", "NoSuchKey")]
    items = function.items()
    assert {name: item.get("PRCP") for name, item in items.items()} == {
        each["station"]: each["max_prcp_passed"] for each in known
    }
    (line,) = [json.loads(line) for line in log.splitlines() if '"message":"batch"' in line]
    assert (line["items"], line["failed"], line["s3_gets"], line["write_units"]) == (11, 1, 11, 10)
    assert (line["execution"], line["function_name"], line["cold_start"]) == (EXECUTION, function.name, True)
    again, log = function(*(each["station"] for each in known))
    assert again == {"items": 10, "outcomes": {"unchanged": 10}, "failed": []}
    assert function.items() == items, "a repeated batch leaves what the first one left"
    assert '"cold_start":false' in log, "the clients of the process were used again"


def test_a_newer_version_of_a_file_replaces_the_result_whole(function: Function) -> None:
    function.write(file(rain("20190101", 50), rain("20190102", 900, q="X")))
    assert function()[0]["outcomes"] == {"written": 1}
    _age(function, seconds=-60)
    about = function.write(file(rain("20200101", 20)))
    assert function()[0]["outcomes"] == {"written": 1}
    assert function.items()[STATION] == {
        "station": STATION,
        "PRCP": 20,
        "date": "20200101",
        "observations": 1,
        "source": f"{PREFIX}/{STATION}.csv",
        "etag": about["ETag"].strip('"'),
        "modified": int(about["LastModified"].timestamp() * 1000),
    }, "nothing of the older version's result stays"


def test_another_version_of_the_same_second_replaces_the_result(function: Function) -> None:
    about = function.write(file(rain("20200101", 20)))
    _put(function, modified=int(about["LastModified"].timestamp() * 1000), etag="other")
    assert function()[0]["outcomes"] == {"written": 1}
    assert function.items()[STATION]["PRCP"] == 20


def test_an_older_version_never_replaces_the_result_of_a_newer_one(function: Function) -> None:
    about = function.write(file(rain("20200101", 20)))
    _put(function, modified=int(about["LastModified"].timestamp() * 1000) + 1000, etag="newer")
    before = function.items()
    assert function()[0] == {"items": 1, "outcomes": {"unchanged": 1}, "failed": []}
    assert function.items() == before


@pytest.mark.parametrize(
    ("without", "told"), [("s3:GetObject", "s3:GetObject"), ("dynamodb:PutItem", "DynamoDB answered AccessDenied")]
)
def test_a_role_that_lacks_a_permission_fails_the_batch_under_its_name(aws: Server, without: str, told: str) -> None:
    function = Function(aws, without=without)
    function.write(file(rain("20200101", 20)))
    answer, _ = function()
    assert answer["errorType"] == "AccessDenied"
    assert told in answer["errorMessage"]


def test_a_missing_bucket_or_table_fails_the_batch_under_its_name(function: Function) -> None:
    function.write(file(rain("20200101", 20)))
    function.dynamodb.delete_table(TableName=function.table)
    assert function()[0]["errorType"] == "NoSuchTable"
    function.s3.delete_object(Bucket=function.bucket, Key=f"{PREFIX}/{STATION}.csv")
    function.s3.delete_bucket(Bucket=function.bucket)
    assert function()[0]["errorType"] == "NoSuchBucket"


def _plain(value: dict[str, str]) -> str | int:
    return value["S"] if "S" in value else int(value["N"])


def _put(function: Function, *, modified: int, etag: str) -> None:
    item = {"station": {"S": STATION}, "modified": {"N": str(modified)}, "etag": {"S": etag}, "PRCP": {"N": "77"}}
    function.dynamodb.put_item(TableName=function.table, Item=item)


def _age(function: Function, *, seconds: int) -> None:
    """Date the result back, as if the object had been written so much earlier."""
    function.dynamodb.update_item(
        TableName=function.table,
        Key={"station": {"S": STATION}},
        UpdateExpression="ADD modified :change",
        ExpressionAttributeValues={":change": {"N": str(seconds * 1000)}},
    )
