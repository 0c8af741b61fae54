"""`noaa` in all its variants, and what becomes of objects that are not as they should be."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("operate")]

COUNT = 12
TABLE = "every item of the table is right"
FAILED = "items failed that had to"


def reported(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


def details(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["detail"] for check in report["checks"]}


def wrong(report: dict[str, Any]) -> set[str]:
    return {check["name"] for check in report["checks"] if not check["ok"]}


@pytest.fixture
def noaa(distmap):
    """Run the use case on the same twelve stations with some knobs set; returns its report."""

    def run(*knobs: str) -> dict[str, Any]:
        settings = [word for knob in knobs for word in ("--set", knob)]
        _, out, err = distmap("run", "noaa", "--count", str(COUNT), "--json", *settings)
        assert out, err
        return reported(out)

    return run


@pytest.fixture
def outputs(stack):
    return stack.outputs_of("noaa")


def is_there(stack, outputs, item: dict[str, Any]) -> bool:
    """Whether the file of an item is among the data of now, and not among those of an earlier run."""
    key = item["source"]["S"]
    listed = stack.client("s3").list_objects_v2(Bucket=outputs["input_bucket"], Prefix=key)
    return [found["Key"] for found in listed.get("Contents", [])] == [key]


@pytest.mark.parametrize(
    ("knobs", "label", "children", "items"),
    [
        (["execution_type=STANDARD", "batch_size=5"], "Listing", 3, COUNT),
        (["execution_type=EXPRESS", "max_items=7", "batch_size=4"], "ListingExpress", 2, 7),
        (["source=inventory", "execution_type=STANDARD", "batch_size=12"], "Inventory", 1, COUNT),
        (["source=inventory", "execution_type=EXPRESS", "max_items=1"], "InventoryExpress", 1, 1),
    ],
)
def test_every_variant_is_verified(noaa, knobs, label, children, items):
    report = noaa(*knobs)
    assert wrong(report) == set()
    assert report["verified"]
    (map_run,) = report["map_runs"]
    assert map_run["label"] == label
    assert map_run["executions"]["succeeded"] == children
    assert report["items"]["succeeded"] == items
    assert details(report)[TABLE].startswith(f"{items} items recomputed")


def test_bytes_close_a_batch_before_its_number_of_items_does(noaa, stack):
    limit = 1_200
    report = noaa(f"batch_bytes={limit}")
    assert report["verified"]
    sfn = stack.client("stepfunctions")
    rows = sfn.list_executions(mapRunArn=report["map_runs"][0]["arn"])["executions"]
    inputs = [sfn.describe_execution(executionArn=row["executionArn"])["input"] for row in rows]
    items = [json.loads(text)["Items"] for text in inputs]
    assert sum(map(len, items)) == COUNT
    assert all(len(text.encode()) <= limit for text in inputs)
    longest = max(len(json.dumps(item)) for batch in items for item in batch)
    short = [text for text in inputs if len(text.encode()) + longest < limit]
    assert len(short) <= 1, "each batch is as full as it can be, but for the last"


def test_an_inventory_without_its_manifest_fails_with_the_remedy(stack, outputs):
    sfn = stack.client("stepfunctions")
    arn = sfn.start_execution(
        stateMachineArn=outputs["state_machine_arn"],
        input=json.dumps({"prefix": "csv/by_station/", "output": "results", "source": "inventory"}),
    )["executionArn"]
    ended = finished(sfn, arn)
    assert (ended["status"], ended["error"]) == ("FAILED", "NoManifest")
    assert "needs the key of an S3 Inventory's manifest.json" in ended["cause"]


def finished(sfn: Any, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    raise AssertionError(f"{arn} still runs")


@pytest.fixture
def odd_objects(noaa, stack, outputs) -> Iterator[dict[str, str]]:
    """Objects beside the stations that are no station files, and how each must end."""
    noaa()
    header = b"ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"
    bodies = {
        "": (b"", "EmptyObject"),  # what the console makes for a folder
        "ZZ000000001.csv": (b"", "EmptyObject"),
        "ZZ000000002.csv": (b"<html>404</html>", "NotCsv"),
        "ZZ000000003.csv": (header + b"ZZ000000099,20000101,PRCP,5,,,X,\n", "WrongStation"),
        "ZZ000000004.csv": (header, ""),
    }
    s3, bucket = stack.client("s3"), outputs["input_bucket"]
    keys = [f"{outputs['data_prefix']}{name}" for name in bodies]
    for key, (body, _) in zip(keys, bodies.values(), strict=True):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    yield {key: error for key, (_, error) in zip(keys, bodies.values(), strict=True)}
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)


def test_objects_that_are_no_station_files_fail_alone_and_by_name(distmap, stack, outputs, odd_objects):
    sfn = stack.client("stepfunctions")
    arn = sfn.start_execution(
        stateMachineArn=outputs["state_machine_arn"],
        input=json.dumps({"prefix": outputs["data_prefix"], "output": outputs["results_prefix"]}),
    )["executionArn"]
    assert finished(sfn, arn)["status"] == "SUCCEEDED"
    code, out, err = distmap("report", arn, "--json")
    report = reported(out)
    assert wrong(report) == set(), err
    assert code == 0
    due = [f"{key}: {error}" for key, error in sorted(odd_objects.items()) if error]
    assert details(report)[FAILED] == f"{len(due)} failed: {'; '.join(due)}"
    assert "1 no_precipitation" in details(report)["item counts agree"], "a header alone is a station without rain"
    assert details(report)[TABLE].startswith(f"{COUNT + 1} items recomputed")


def test_an_object_that_is_gone_when_its_turn_comes_fails_alone(noaa, distmap, stack, outputs):
    first = noaa("source=inventory")
    assert first["verified"]
    s3, bucket = stack.client("s3"), outputs["input_bucket"]
    key = s3.list_objects_v2(Bucket=bucket, Prefix=outputs["data_prefix"])["Contents"][3]["Key"]
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    sfn = stack.client("stepfunctions")
    given = json.loads(sfn.describe_execution(executionArn=first["execution_arn"])["input"])
    s3.delete_object(Bucket=bucket, Key=key)
    try:
        again = sfn.start_execution(stateMachineArn=outputs["state_machine_arn"], input=json.dumps(given))
        assert finished(sfn, again["executionArn"])["status"] == "SUCCEEDED"
        _, out, _ = distmap("report", again["executionArn"], "--json")
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert wrong(reported(out)) == set()
    assert details(reported(out))[FAILED] == f"1 failed: {key}: NoSuchKey"


def test_an_item_that_was_changed_is_found_and_one_that_is_lost_is_made_again(noaa, distmap, stack, outputs):
    report = noaa()
    dynamodb, table = stack.client("dynamodb"), outputs["table_name"]
    items = dynamodb.scan(TableName=table)["Items"]
    station = next(item["station"]["S"] for item in items if "PRCP" in item and is_there(stack, outputs, item))
    place = {"TableName": table, "Key": {"station": {"S": station}}}
    dynamodb.update_item(
        **place, UpdateExpression="SET PRCP = :wet", ExpressionAttributeValues={":wet": {"N": "99999"}}
    )
    code, out, _ = distmap("report", report["execution_arn"], "--json")
    assert code == 1
    assert wrong(reported(out)) == {TABLE, "the table agrees with the generator's truth"}
    assert f"{station} has PRCP 99999 for" in details(reported(out))[TABLE]

    dynamodb.delete_item(**place)
    code, out, _ = distmap("report", report["execution_arn"], "--json")
    assert code == 1
    assert f"1 missing, e.g. {station}" in details(reported(out))[TABLE]

    repaired = noaa()
    assert repaired["verified"]
    assert f"{COUNT - 1} unchanged, 1 written" in details(repaired)["item counts agree"]


def test_items_of_an_earlier_data_set_stay_and_are_told(noaa, distmap):
    assert noaa()["verified"]
    code, out, err = distmap("run", "noaa", "--count", "3", "--seed", "2", "--json")
    assert code == 0, err
    assert details(reported(out))[TABLE].startswith("3 items recomputed from their files; ")
    assert details(reported(out))[TABLE].endswith("items of other stations")
