"""Both functions over a store in memory and a queue that keeps what it is sent."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore

from handlers.common import queue, streams
from handlers.common.event import Item
from handlers.common.failures import NoSuchKey, TransientFailure
from handlers.common.meter import Meter
from handlers.common.streams import open_stream
from handlers.ssn_scan import batches, objects, single
from handlers.ssn_scan.finding import parse
from handlers.ssn_scan.identifiers import SSN_TOKEN

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:scan:one"
SECRET = b"900-21-4417"
DIRTY = b"text ssn=" + SECRET + b" text"


@dataclass
class Context:
    function_name: str = "scan"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:scan"
    aws_request_id: str = "r"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    made = MemoryStore()
    monkeypatch.setattr(streams, "store", lambda _bucket: made)
    monkeypatch.setattr(streams, "_BEYOND", "Invalid range")  # as this store says it
    monkeypatch.setattr(streams, "BLOCK_BYTES", 64)
    monkeypatch.setattr(objects, "wanted", lambda: (SSN_TOKEN,))
    monkeypatch.setenv("QUEUE_URL", "https://queue")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    return made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    bodies: list[str] = []

    class Client:
        def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
            assert QueueUrl == "https://queue"
            bodies.append(MessageBody)

    monkeypatch.setattr(queue, "client", Client)
    return bodies


def batch(*keys: str) -> dict[str, Any]:
    return {"BatchInput": {"bucket": "data", "execution": EXECUTION}, "Items": [{"Key": key} for key in keys]}


def scanned(*keys: str) -> Any:
    return batches.handler(batch(*keys), Context())


def test_a_batch_sends_a_message_for_each_object_that_holds_numbers(store: MemoryStore, sent: list[str]) -> None:
    obstore.put(store, "clean", b"nothing " * 40)
    obstore.put(store, "dirty", b"filler " * 40 + DIRTY)
    obstore.put(store, "empty", b"")
    obstore.put(store, "packed.gz", gzip.compress(DIRTY * 20))
    assert scanned("clean", "dirty", "empty", "packed.gz") == {
        "items": 4,
        "outcomes": {"clean": 2, "found": 2},
        "failed": [],
    }
    findings = sorted((parse(body) for body in sent), key=lambda finding: finding.key)
    assert [(each.key, each.count, set(each.found["ssn"].last_four)) for each in findings] == [
        ("dirty", 1, {"4417"}),
        ("packed.gz", 20, {"4417"}),
    ]
    assert {each.execution for each in findings} == {EXECUTION}
    assert not any(SECRET.decode() in body for body in sent)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (gzip.compress(bytes(range(256)) * 9)[:-9], "BrokenGzip"),
        (b"\x1f\x8b" + b"x" * 30, "BrokenGzip"),
        (None, "NoSuchKey"),
    ],
)
def test_an_object_that_cannot_be_scanned_fails_alone(
    store: MemoryStore, sent: list[str], body: bytes | None, error: str
) -> None:
    obstore.put(store, "dirty", DIRTY)
    if body is not None:
        obstore.put(store, "poison", body)
    answer = scanned("poison", "dirty")
    assert [(each["key"], each["error"]) for each in answer["failed"]] == [("poison", error)]
    assert len(sent) == 1, "the other one is scanned and told"


@pytest.mark.parametrize("body", [bytes(range(256)) * 8, b"\xff\xfe\xfd" * 300, b"x" * 5_000, b'[{"ssn": "9'])
def test_binary_invalid_and_endless_lines_are_scanned_as_they_are(
    store: MemoryStore, sent: list[str], body: bytes
) -> None:
    obstore.put(store, "odd", body + b" " + DIRTY + b" " + body)
    assert scanned("odd")["outcomes"] == {"found": 1}


def test_an_object_that_is_replaced_while_it_is_read_is_scanned_again(store: MemoryStore) -> None:
    obstore.put(store, "a", b"x" * 200)
    stream = open_stream(Item(bucket="data", key="a", size=None), Meter())
    blocks = iter(stream.blocks)
    next(blocks)
    obstore.put(store, "a", b"y" * 200)
    with pytest.raises(TransientFailure, match="replaced while it was read"):
        next(blocks)


def test_a_stream_reads_each_byte_once_and_meters_it(store: MemoryStore) -> None:
    for size in (0, 1, 63, 64, 65, 128, 1_000):
        obstore.put(store, "a", bytes(number % 251 for number in range(size)))
        meter = Meter()
        stream = open_stream(Item(bucket="data", key="a", size=None), meter)
        assert b"".join(stream.blocks) == bytes(number % 251 for number in range(size))
        assert (stream.size, meter.read()["s3_bytes"]) == (size, size)


def test_the_single_function_tells_what_the_machine_sends(store: MemoryStore, log_of: Any) -> None:
    log = log_of("ssn_scan")
    obstore.put(store, "a b.txt", DIRTY)
    answer = single.handler({"bucket": "data", "key": "a b.txt", "execution": EXECUTION}, Context())
    assert answer["count"] == 1
    assert parse(json.dumps(answer["message"])).key == "a b.txt"
    (line,) = log("batch")
    assert (line["execution"], line["items"], line["failed"], line["s3_gets"]) == (EXECUTION, 1, 0, 1)
    assert SECRET.decode() not in json.dumps(line) + json.dumps(answer)


def test_the_single_function_fails_by_the_name_that_the_machine_catches(store: MemoryStore, log_of: Any) -> None:
    log = log_of("ssn_scan")
    with pytest.raises(NoSuchKey):
        single.handler({"bucket": "data", "key": "gone", "execution": EXECUTION}, Context())
    assert [(line["key"], line["error"]) for line in log("item failed")] == [("gone", "NoSuchKey")]
    assert [line["failed"] for line in log("batch")] == [1]
