"""ObservedTable: pays for what is used, follows the stack's care of data, and says when requests fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components import DataCare, Observability, ObservedTable, ObservedTableArgs
from tests.infra.conftest import TOPIC
from tests.infra.recording import Built, build

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


@pytest.fixture
def args(data: DataCare, observability: Observability) -> ObservedTableArgs:
    return ObservedTableArgs(key="station", data=data, observability=observability, operations=("PutItem", "GetItem"))


def built(args: ObservedTableArgs) -> Built:
    def program() -> None:
        ObservedTable("stations", args)

    return build(program)


def test_a_table_costs_what_is_used_and_is_named_by_its_key(args: ObservedTableArgs):
    table = built(args).one(":Table").inputs
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["hashKey"] == "station"
    assert table["attributes"] == [{"name": "station", "type": "S"}]
    assert not {"ttl", "serverSideEncryption", "name"} & table.keys(), "no expiry, AWS's own key, no fixed name"


def test_data_that_are_kept_can_be_restored_and_not_be_deleted(args: ObservedTableArgs):
    table = built(args).one(":Table")
    assert table.inputs["deletionProtectionEnabled"] is True
    assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert table.protect, "Pulumi must refuse to delete the table"


def test_disposable_data_are_neither(args: ObservedTableArgs):
    disposable = replace(args.data, disposable=True, deletion_protection=False, point_in_time_recovery=False)
    table = built(replace(args, data=disposable)).one(":Table")
    assert table.inputs["deletionProtectionEnabled"] is False
    assert table.inputs["pointInTimeRecovery"] == {"enabled": False}
    assert not table.protect


def test_a_key_and_an_expiry_are_used_when_given(args: ObservedTableArgs):
    table = built(replace(args, key_type="N", kms_key_arn=KEY, expires_at="until")).one(":Table").inputs
    assert table["attributes"] == [{"name": "station", "type": "N"}]
    assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
    assert table["ttl"] == {"enabled": True, "attributeName": "until"}


def test_throttling_and_errors_of_each_operation_raise_alarms(args: ObservedTableArgs):
    alarms = {alarm.name: alarm.inputs for alarm in built(args).of_type(":MetricAlarm")}
    name = "stations-table-1a2b3c4"
    assert {role: (alarm["metricName"], alarm["dimensions"]) for role, alarm in alarms.items()} == {
        "stations-read-throttles": ("ReadThrottleEvents", {"TableName": name}),
        "stations-write-throttles": ("WriteThrottleEvents", {"TableName": name}),
        "stations-putitem-errors": ("SystemErrors", {"TableName": name, "Operation": "PutItem"}),
        "stations-getitem-errors": ("SystemErrors", {"TableName": name, "Operation": "GetItem"}),
    }
    assert all(alarm["alarmActions"] == [TOPIC] for alarm in alarms.values())
    assert all(alarm["namespace"] == "AWS/DynamoDB" for alarm in alarms.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": ""}, "a table needs the name of its key"),
        ({"expires_at": "station"}, "'station' cannot both name an item and say when it expires"),
    ],
)
def test_a_key_that_cannot_be_is_refused(args: ObservedTableArgs, change: dict, message: str):
    with pytest.raises(ValueError, match=message):
        replace(args, **change)
