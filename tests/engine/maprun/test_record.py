"""Names of Map Runs and their children."""

from __future__ import annotations

import uuid

import pytest

from local.stepfunctions.arns import Place
from local.stepfunctions.maprun.record import MapRun
from local.stepfunctions.maprun.settings import Limits
from local.stepfunctions.run.branch import iso_time

PLACE = Place(region="us-east-1", account="000000000000")


def map_run(kind):
    return MapRun(
        arn="arn",
        run_id="0b1f",
        label="L",
        machine_name="machine",
        execution_arn="execution",
        execution_type=kind,
        limits=Limits(),
        place=PLACE,
    )


@pytest.mark.aws("recorded")
def test_a_childs_name_is_a_name_based_uuid_that_it_keeps() -> None:
    record = map_run("STANDARD")
    names = [record.child_name(index) for index in range(300)]
    assert {(uuid.UUID(name).version, uuid.UUID(name).variant) for name in names} == {(3, uuid.RFC_4122)}
    assert [str(uuid.UUID(name)) for name in names] == names, "in the usual notation"
    assert len(set(names)) == len(names)
    assert names == [record.child_name(index) for index in range(300)]


@pytest.mark.aws("recorded")
def test_an_express_childs_arn_ends_in_a_random_uuid_of_its_own() -> None:
    record = map_run("EXPRESS")
    arns = {record.child_arn("name") for _ in range(300)}
    heads, ids = {arn.rpartition(":")[0] for arn in arns}, {arn.rpartition(":")[2] for arn in arns}
    assert heads == {"arn:aws:states:us-east-1:000000000000:express:machine/L:name"}
    assert len(ids) == 300, "each its own"
    assert {(uuid.UUID(id_).version, uuid.UUID(id_).variant) for id_ in ids} == {(4, uuid.RFC_4122)}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_790_204_286.25, "2026-09-23T22:58:06.250Z"),
        (1_709_164_799.999, "2024-02-28T23:59:59.999Z"),
    ],
)
def test_times_are_shown_in_utc_with_milliseconds(seconds: float, text: str) -> None:
    assert iso_time(seconds) == text
