"""The function: what a batch's items become, whatever some of them meet, and what is told of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handlers.common import objects
from handlers.common.failures import AccessDenied, InvalidBatch, NoSuchBucket, NoSuchTable, TransientFailure
from handlers.noaa.handler import handler
from tests.unit.handlers.noaa.files import STATION, file, rain
from tests.unit.handlers.services import MODIFIED_MS, Services

ROOT = Path(__file__).parents[4]
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:noaa:run"
GONE, EMPTY, JSON, WRONG = "csv/GONE.csv", "csv/EMPTY.csv", "csv/JSON.csv", "csv/WRONG.csv"


def key(number: int) -> str:
    return f"csv/USC00{number:06d}.csv"


def station_file(number: int, *rows: str) -> bytes:
    return file(*(row.replace(STATION, key(number)[4:-4]) for row in rows))


def batch(*keys: str, **more: Any) -> dict[str, Any]:
    shared = {"bucket": "input", "execution": EXECUTION}
    return {"BatchInput": shared, "Items": [{"Key": key, **more} for key in keys]}


@pytest.fixture
def log(log_of: Any) -> Any:
    return log_of("noaa")


@pytest.fixture
def stations(services: Services) -> Services:
    """Forty stations: the highest value of each is its number; the last has no precipitation."""
    services.objects = {key(n): station_file(n, rain("20190101", n), rain("20190102", n // 2)) for n in range(40)}
    services.objects[key(39)] = station_file(39, rain("20190101", 9, q="X"))
    return services


ALL = tuple(key(n) for n in range(40))


def test_every_station_is_written_with_all_that_is_known_of_it(stations: Services, context: Any) -> None:
    assert handler(batch(*ALL), context) == {
        "items": 40,
        "outcomes": {"no_precipitation": 1, "written": 39},
        "failed": [],
    }
    assert len(stations.written) == 40
    assert stations.written["USC00000007"] == {
        "station": {"S": "USC00000007"},
        "PRCP": {"N": "7"},
        "date": {"S": "20190101"},
        "observations": {"N": "2"},
        "source": {"S": key(7)},
        "etag": {"S": "tag"},
        "modified": {"N": str(MODIFIED_MS)},
    }
    without = stations.written["USC00000039"]
    assert (without["flagged_PRCP"], without["observations"]) == ({"N": "9"}, {"N": "0"})
    assert not {"PRCP", "date"} & without.keys()


def test_an_item_may_name_its_bucket_and_its_size_in_digits(stations: Services, context: Any) -> None:
    event = batch(key(1), Bucket="other", Size="120")
    assert handler(event, context)["outcomes"] == {"written": 1}


def test_an_item_that_fails_for_good_fails_alone_and_is_named(stations: Services, context: Any, log: Any) -> None:
    stations.objects |= {EMPTY: b"", JSON: b"[]", WRONG: stations.objects[key(1)]}
    answer = handler(batch(GONE, key(1), EMPTY, JSON, "csv//a.csv", WRONG, key(2)), context)
    assert [(each["key"], each["error"]) for each in answer["failed"]] == [
        (GONE, "NoSuchKey"),
        (EMPTY, "EmptyObject"),
        (JSON, "NotCsv"),
        ("csv//a.csv", "UnreadableKey"),
        (WRONG, "WrongStation"),
    ]
    assert (answer["items"], answer["outcomes"]) == (7, {"written": 2})
    assert set(stations.written) == {"USC00000001", "USC00000002"}
    assert [line["key"] for line in log("item failed")] == [each["key"] for each in answer["failed"]]
    assert {line["level"] for line in log("item failed")} == {"WARNING"}
    (line,) = log("batch")
    assert line["failed"] == 5, "an alarm watches what the log counts"


def test_a_marker_of_a_folder_is_an_empty_object(stations: Services, context: Any) -> None:
    (failed,) = handler(batch("csv/by_station/", Size=0), context)["failed"]
    assert failed["error"] == "EmptyObject"


def test_an_archived_object_fails_alone(stations: Services, context: Any) -> None:
    stations.fail(key(1), 403, "InvalidObjectState")
    answer = handler(batch(key(1), key(2)), context)
    assert [each["error"] for each in answer["failed"]] == ["ObjectArchived"]
    assert answer["outcomes"] == {"written": 1}


def test_an_object_beyond_the_memory_for_bodies_fails_alone(
    stations: Services, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "MEMORY", objects.Budget(1000))
    stations.objects[key(1)] += b"x" * 1000
    answer = handler(batch(*ALL), context)
    assert [(each["key"], each["error"]) for each in answer["failed"]] == [(key(1), "ObjectTooLarge")]
    assert sum(answer["outcomes"].values()) == 39, "the others take turns within the memory"


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests")])
def test_a_short_burst_of_failures_of_s3_is_waited_out(
    stations: Services, context: Any, status: int, code: str
) -> None:
    for name in ALL:
        stations.fail(name, status, code, times=2)
    assert handler(batch(*ALL), context)["failed"] == []


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "ThrottlingException"), (400, "ProvisionedThroughputExceededException"), (500, "InternalServerError")],
)
def test_a_throttle_of_dynamodb_is_waited_out(stations: Services, context: Any, status: int, code: str) -> None:
    stations.fail("USC00000003", status, code)
    assert handler(batch(key(3)), context)["failed"] == []
    assert stations.requests == [key(3), "USC00000003", "USC00000003"]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [(key(3), 503, "SlowDown"), ("USC00000003", 400, "ThrottlingException"), ("USC00000003", 503, "Unavailable")],
)
def test_a_transient_failure_that_stays_fails_the_batch_once_all_others_are_done(
    stations: Services, context: Any, log: Any, name: str, status: int, code: str
) -> None:
    stations.fail(name, status, code, times=3 if status == 503 and "/" in name else 2)
    with pytest.raises(TransientFailure, match=f"^1 of 41 items are to be retried, the first '{key(3)}': .*{code}"):
        handler(batch(GONE, *ALL), context)
    assert len(stations.written) == 39, "all but the one"
    (line,) = log("batch")
    assert (line["items"], line["failed"], line["s3_gets"]) == (41, 2, 41), "what was used is told all the same"
    assert handler(batch(*ALL), context)["items"] == 40
    assert len(stations.written) == 40, "the retried batch ends it"


def test_no_answer_of_dynamodb_is_transient(stations: Services, context: Any, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    with pytest.raises(TransientFailure, match="DynamoDB did not answer for table stations"):
        handler(batch(key(1)), context)


@pytest.mark.parametrize(
    ("name", "status", "code", "failure"),
    [
        (key(3), 403, "AccessDenied", AccessDenied),
        (key(3), 404, "NoSuchBucket", NoSuchBucket),
        ("USC00000003", 400, "AccessDeniedException", AccessDenied),
        ("USC00000003", 400, "ResourceNotFoundException", NoSuchTable),
    ],
)
def test_what_fails_every_item_fails_the_batch_at_once_under_its_own_name(
    stations: Services, context: Any, name: str, status: int, code: str, failure: type[Exception]
) -> None:
    many = tuple(key(3) for _ in range(400))
    stations.fail(name, status, code, times=800)
    with pytest.raises(failure, match=code):
        handler(batch(*many), context)
    assert len(stations.requests) < 400, "items not begun are left"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({}, "BatchInput of the event must be an object, got None"),
        ([], "BatchInput of the event must be an object, got list"),
        ({"BatchInput": {"execution": "e"}, "Items": []}, "bucket of BatchInput must be a text that is not empty"),
        ({"BatchInput": {"bucket": "b"}, "Items": []}, "execution of BatchInput must be a text"),
        ({"BatchInput": {"bucket": "b", "execution": "e"}}, "Items of the event must be a list, got None"),
        (batch("a") | {"Items": [{"key": "a"}]}, "Key of Items[0] must be a text"),
        (batch("a") | {"Items": ["a"]}, "Key of Items[0] must be a text that is not empty, got str"),
        (batch("a", Size="big"), "Items[0].Size must be a number of bytes, got 'big'"),
    ],
)
def test_an_event_that_is_no_batch_is_refused(event: Any, told: str, context: Any) -> None:
    with pytest.raises(InvalidBatch) as raised:
        handler(event, context)
    assert told in str(raised.value)


def test_a_missing_setting_is_named(services: Services, context: Any, environment: pytest.MonkeyPatch) -> None:
    services.objects[key(1)] = station_file(1)
    environment.delenv("TABLE_NAME")
    with pytest.raises(InvalidBatch, match="TABLE_NAME is not set"):
        handler(batch(key(1)), context)


def test_an_empty_batch_is_done(services: Services, context: Any) -> None:
    assert handler(batch(), context) == {"items": 0, "outcomes": {}, "failed": []}


def test_one_line_of_the_log_tells_what_the_batch_used(stations: Services, context: Any, log: Any) -> None:
    handler(batch(*ALL), context)
    (line,) = log("batch")
    assert line["execution"] == EXECUTION
    assert line["function_request_id"] == context.aws_request_id
    assert (line["items"], line["failed"], line["s3_gets"], line["write_units"]) == (40, 0, 40, 40)
    assert line["s3_bytes"] == sum(map(len, stations.objects.values()))
    assert (line["read_units"], line["sqs_requests"]) == (0, 0)
    assert isinstance(line["cold_start"], bool)
    assert 0 < line["seconds"] < 10


def test_objects_are_read_at_the_same_time_and_within_bounds(stations: Services, context: Any) -> None:
    stations.delay = 0.1
    handler(batch(*ALL, *ALL), context)
    assert 20 <= stations.most_reading <= 32


def test_causes_give_way_when_the_answer_would_be_too_long_for_a_state(services: Services, context: Any) -> None:
    keys = [f"csv/{n:04d}{'x' * 80}.csv" for n in range(1000)]
    answer = handler(batch(*keys), context)
    assert len(answer["failed"]) == 1000, "every failed item is named"
    assert len(json.dumps(answer)) < 262_144
    assert answer["failed"][0]["cause"].endswith("it is in the function's log")


def test_importing_the_handler_needs_no_environment_and_no_network() -> None:
    program = "import socket; socket.socket.connect = None; import handlers.noaa.handler"
    subprocess.run([sys.executable, "-c", program], env={}, check=True, timeout=30, cwd=ROOT)
