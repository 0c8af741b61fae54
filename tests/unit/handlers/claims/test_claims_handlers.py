"""Both functions: what becomes of files and claims whatever some of them meet, and what is told of it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from handlers.claims import claim_check, dynamodb, prefetch
from handlers.claims.load import handler as load
from handlers.claims.packed import unpack
from handlers.claims.rules import handler as rules
from handlers.common import table as tables
from handlers.common.failures import AccessDenied, InvalidBatch, NoSuchTable, RequestRefused, TransientFailure
from tests.unit.handlers.claims.examples import CLAIM, MISSING, claim, file
from tests.unit.handlers.claims.stand_ins import Bucket, Table

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:claims:run-7"
SHARED = {"bucket": "input", "execution": EXECUTION}
PERSONAL = ("Orla91", "0b6f6d8e", "EXAMPLE CLINIC", "782.17")


@pytest.fixture
def table(environment: pytest.MonkeyPatch) -> Table:
    made = Table()
    environment.setattr(tables, "client", lambda: made)
    environment.setenv("TABLE_NAME", "claims")
    environment.setenv("RULES", "{}")
    return made


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The longest that each wait could be; nobody waits."""
    longest: list[float] = []

    def uniform(_least: float, most: float) -> float:
        longest.append(most)
        return 0

    monkeypatch.setattr("handlers.claims.dynamodb.random.uniform", uniform)
    return longest


@pytest.fixture
def bucket(table: Table, environment: pytest.MonkeyPatch, waits: list[float]) -> Bucket:
    made = Bucket()
    environment.setenv("WORK_BUCKET", "work")
    environment.setenv("WORK_PREFIX", "claims/ids/")
    environment.setattr(prefetch, "open_stream", made.open_stream)
    environment.setattr(claim_check, "open_stream", made.open_stream)
    environment.setattr(claim_check, "_put", lambda _, key, data: made.objects.__setitem__(key, data))
    return made


def batch(*keys: str, **more: Any) -> dict[str, Any]:
    return {"BatchInput": SHARED, "Items": [{"Key": key, **more} for key in keys]}


def fill(bucket: Bucket, files: int = 12, claims: int = 30) -> tuple[str, ...]:
    """Files of claims, the totals of whose claims are from 4,000 up in steps of ten; their keys."""
    for number in range(files):
        first = number * claims
        totals = {each: claim(each, total__value=4_000 + 10 * each) for each in range(first, first + claims)}
        made = [{**each, "supportingInfo": []} for each in totals.values()]
        bucket.objects[f"claims/{number:03d}.json"] = file(*made)
    return tuple(bucket.objects)


def test_every_claim_of_every_file_is_in_the_table_and_named(bucket: Bucket, table: Table, context: Any) -> None:
    answer = load(batch(*fill(bucket)), context)
    assert answer == {
        "statusCode": 200,
        "items": 12,
        "outcomes": {"loaded": 12},
        "claims": 360,
        "duplicates": 0,
        "failed": [],
        "body": [f"claim-{number:06d}" for number in range(360)],
    }
    assert {own: item["total"]["N"] for own, item in table.items.items()} == {
        f"claim-{number:06d}": str(4_000 + 10 * number) for number in range(360)
    }
    assert table.calls.count(("write", 25)) == 360 // 25, "full batches"
    assert json.loads(unpack(table.items["claim-000007"]["claim"]["B"]))["id"] == "claim-000007"


def test_a_claim_at_fault_fails_alone_and_is_told_by_file_claim_and_field(
    bucket: Bucket, table: Table, context: Any, log_of: Any
) -> None:
    log = log_of("claims_load")
    bucket.objects = {
        "a.json": file(claim(1), claim(2, total__value="much"), 7, claim(4, id=MISSING), claim(5)),
        "b.json": file(claim(6)),
    }
    answer = load(batch("a.json", "b.json"), context)
    assert answer["body"] == ["claim-000001", "claim-000005", "claim-000006"] == list(table.items)
    assert answer["outcomes"] == {"loaded": 1, "loaded_in_part": 1}
    assert [(each["key"], each["claim"], each["field"], each["error"]) for each in answer["failed"]] == [
        ("a.json", "claim-000002", "total.value", "InvalidClaim"),
        ("a.json", 2, "", "InvalidClaim"),
        ("a.json", 3, "id", "InvalidClaim"),
    ]
    assert answer["failed"][0]["cause"] == "error/value at Claim.total.value: must be a number, found other text"
    told = log("item failed")
    assert [(each["claim"], each["field"], each["level"]) for each in told] == [
        ("claim-000002", "total.value", "WARNING"),
        (2, "", "WARNING"),
        (3, "id", "WARNING"),
    ]
    (line,) = log("batch")
    assert (line["items"], line["failed"], line["claims"], line["failed_claims"]) == (2, 0, 3, 3)


WHOLE = file(*(claim(number) for number in range(900, 920)))
POISON = {
    "binary": (bytes(range(256)) * 40, "NotJson", 0),
    "empty": (b"", "EmptyObject", 0),
    "object": (json.dumps(claim()).encode(), "NotAList", 0),
    "lines": (b"\n".join(json.dumps(claim(n)).encode() for n in range(3)), "NotAList", 0),
    "gzip": (gzip.compress(bytes(50_000_000)), "NotJson", 0),
    "huge line": (b'[{"id": "' + b"x" * 9_000_000, "ClaimTooLarge", 0),
    "encoding": (WHOLE.replace(b"Orla91", b"Orl\xe1", 4).replace(b"Orl\xe1", b"Orla91", 3), "NotJson", 3),
    "truncated": (WHOLE[: int(len(WHOLE) * 0.58)], "Truncated", 11),
    "half a claim": (WHOLE[: WHOLE.index(b"claim-000913")], "Truncated", 13),
    "misspelt": (WHOLE.replace(b'"claim-000909",', b'"claim-000909"'), "NotJson", 9),
    "trailing": (WHOLE + WHOLE, "NotJson", 20),
}


@pytest.mark.parametrize("poison", POISON)
def test_a_poisoned_file_fails_alone_and_what_was_whole_before_is_loaded(
    poison: str, bucket: Bucket, table: Table, context: Any
) -> None:
    data, error, whole = POISON[poison]
    keys = fill(bucket, files=3, claims=5)
    bucket.piece = 1 << 20
    bucket.objects["claims/001.json"] = data
    answer = load(batch(*keys), context)
    (failed,) = answer["failed"]
    assert (failed["key"], failed["error"]) == ("claims/001.json", error)
    assert not [each for each in PERSONAL if each in failed["cause"]]
    assert answer["outcomes"] == {"loaded": 2}
    expected = {f"claim-{number:06d}" for number in (*range(5), *range(10, 15), *range(900, 900 + whole))}
    assert set(table.items) == set(answer["body"]) == expected


def test_objects_that_cannot_be_read_fail_alone(bucket: Bucket, table: Table, context: Any) -> None:
    answer = load(batch(*fill(bucket, files=2), "gone.json"), context)
    assert [(each["key"], each["error"]) for each in answer["failed"]] == [("gone.json", "NoSuchKey")]
    assert answer["items"] == sum(answer["outcomes"].values()) + 1


def test_a_claim_in_several_files_is_loaded_once(bucket: Bucket, table: Table, context: Any) -> None:
    bucket.objects = {"a.json": file(claim(1), claim(2), claim(1)), "b.json": file(claim(2), claim(3))}
    answer = load(batch("a.json", "b.json"), context)
    assert answer["body"] == ["claim-000001", "claim-000002", "claim-000003"]
    assert (answer["duplicates"], answer["failed"]) == (2, [])
    assert answer["outcomes"] == {"loaded": 2}
    assert table.items["claim-000002"]["source"]["S"] == "a.json", "the first file in the batch's order"


def test_another_content_under_the_same_id_is_a_fault(bucket: Bucket, table: Table, context: Any) -> None:
    bucket.objects = {"a.json": file(claim(1), claim(1, use="other")), "b.json": file(claim(1, use="third"))}
    answer = load(batch("a.json", "b.json"), context)
    assert [(each["key"], each["claim"], each["field"]) for each in answer["failed"]] == [
        ("a.json", "claim-000001", "id"),
        ("b.json", "claim-000001", "id"),
    ]
    assert "'a.json' has other content under the same id" in answer["failed"][1]["cause"]
    assert json.loads(unpack(table.items["claim-000001"]["claim"]["B"])) == claim(1)


def test_a_batch_that_is_retried_leaves_the_same_table(bucket: Bucket, table: Table, context: Any) -> None:
    keys = fill(bucket)
    first = load(batch(*keys), context)
    before = json.dumps({own: repr(item) for own, item in table.items.items()})
    assert load(batch(*keys), context) == first
    assert json.dumps({own: repr(item) for own, item in table.items.items()}) == before


def test_writes_that_are_left_over_are_tried_again_with_growing_waits(
    bucket: Bucket, table: Table, waits: list[float], context: Any
) -> None:
    table.leave_over = 6
    answer = load(batch(*fill(bucket, files=1, claims=25)), context)
    assert set(table.items) == set(answer["body"]), "nothing is lost"
    assert table.calls == [("write", 25 - done) for done in range(7)]
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6]


def test_writes_that_are_left_over_for_long_fail_the_batch_after_all_others(
    bucket: Bucket, table: Table, context: Any, log_of: Any
) -> None:
    log = log_of("claims_load")
    table.leave_over = dynamodb.ATTEMPTS
    with pytest.raises(TransientFailure, match="table claims left 15 of 25 writes over 10 times: it is throttled"):
        load(batch(*fill(bucket, files=1, claims=25)), context)
    (line,) = log("batch")
    assert (line["items"], line["failed"]) == (1, 1), "the batch is told also when it fails"


def test_a_file_that_cannot_be_read_for_now_fails_the_batch_after_all_others(
    bucket: Bucket, table: Table, context: Any
) -> None:
    keys = fill(bucket, files=4, claims=30)
    bucket.failures[keys[1]] = TransientFailure("S3 answered 503 SlowDown")
    with pytest.raises(TransientFailure, match=r"1 of 4 files are to be retried, the first .*001.*503 SlowDown"):
        load(batch(*keys), context)
    assert len(table.items) == 90


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", AccessDenied),
        ("ResourceNotFoundException", NoSuchTable),
        ("ValidationException", RequestRefused),
        ("ThrottlingException", TransientFailure),
    ],
)
def test_a_table_that_refuses_fails_the_batch_by_its_name(
    code: str, kind: type[Exception], bucket: Bucket, table: Table, context: Any
) -> None:
    keys = fill(bucket)
    table.errors = [code]
    with pytest.raises(kind, match=code):
        load(batch(*keys), context)
    table.errors = [code]
    with pytest.raises(kind, match=code):
        rules({"BatchInput": SHARED, "body": ["claim-000001"]}, context)


def test_ids_that_are_too_many_for_an_answer_are_left_in_s3(bucket: Bucket, table: Table, context: Any) -> None:
    ids = [f"{number:05d}-{'x' * 58}" for number in range(3_200)]
    bucket.piece = 1 << 20
    bucket.objects["a.json"] = file(*({**CLAIM, "id": own} for own in ids))
    answer = load(batch("a.json"), context)
    at = answer.pop("body_at")
    assert "body" not in answer
    assert (answer["claims"], at["bucket"]) == (3_200, "work")
    assert at["key"].startswith("claims/ids/run-7/")
    assert json.loads(bucket.objects[at["key"]])["body"] == ids
    assert len(json.dumps(answer)) < 1_000
    assert load(batch("a.json"), context)["body_at"] == at, "a retry writes the same object"
    decided = rules({"BatchInput": SHARED, **answer, "body_at": at}, context)
    assert (decided["claims"], decided["approved"]) == (3_200, 3_200)


def test_failures_that_are_too_many_for_an_answer_are_in_s3_too(bucket: Bucket, table: Table, context: Any) -> None:
    bucket.piece = 1 << 20
    bucket.objects["a.json"] = file(*(claim(number, status="paid") for number in range(2_000)))
    answer = load(batch("a.json"), context)
    assert len(json.dumps(answer)) < 240_000
    assert len(answer["failed"]) == 100
    kept = json.loads(bucket.objects[answer["failed_at"]["key"]])["failed"]
    assert [each["claim"] for each in kept] == [f"claim-{number:06d}" for number in range(2_000)]


def decided_on(table: Table) -> dict[str, str]:
    return {own: item["decision"]["S"] for own, item in table.items.items() if "decision" in item}


@pytest.fixture
def loaded(bucket: Bucket, context: Any) -> dict[str, Any]:
    """The event of the second function: 360 claims, of which the first hundred are below the limit."""
    return {"BatchInput": SHARED, **load(batch(*fill(bucket)), context)}


def test_every_claim_is_decided_on_and_counted_by_its_reason(loaded: Any, table: Table, context: Any) -> None:
    assert rules(loaded, context) == {
        "claims": 360,
        "approved": 100,
        "rejected": {"limit_reached": 260},
        "unchanged": 0,
        "failed": [],
    }
    assert decided_on(table) == {
        f"claim-{number:06d}": "Approved" if number < 100 else "Rejected" for number in range(360)
    }
    item = table.items["claim-000100"]
    assert item["reason"]["S"].startswith(
        "The total reaches the limit of 5,000 USD, and supporting information is missing"
    )
    assert item["rule_version"] == {"S": "1"}
    assert item["decided_at"]["S"].endswith("Z")
    reads = [count for operation, count in table.calls if operation == "read"]
    assert sorted(reads) == [60, 100, 100, 100]


def test_deciding_again_changes_nothing_until_the_rules_do(
    loaded: Any, table: Table, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(loaded, context)
    before = json.dumps({own: repr(item) for own, item in table.items.items()})
    again = rules(loaded, context)
    assert (again["approved"], again["rejected"], again["unchanged"]) == (100, {"limit_reached": 260}, 360)
    assert json.dumps({own: repr(item) for own, item in table.items.items()}) == before
    monkeypatch.setenv("RULES", '{"version": "2", "limit": 4500}')
    changed = rules(loaded, context)
    assert (changed["approved"], changed["unchanged"]) == (50, 0)
    assert table.items["claim-000000"]["rule_version"] == {"S": "2"}


def test_a_decision_on_what_the_claim_was_does_not_stand(loaded: Any, table: Table, context: Any) -> None:
    own = "claim-000300"

    def replaced() -> None:
        table.before_update = lambda: None
        table.items[own] = {**table.items[own], "content": {"S": "newer"}, "total": {"N": "10"}}

    table.before_update = replaced
    answer = rules(loaded, context)
    assert decided_on(table)[own] == "Approved", "the newer content is what is decided on"
    assert (answer["approved"], answer["rejected"]) == (101, {"limit_reached": 259})


def test_a_claim_that_changes_all_the_time_is_to_be_retried(table: Table, loaded: Any, context: Any) -> None:
    def replaced() -> None:
        table.items["claim-000001"]["content"] = {"S": f"{len(table.calls)}"}

    table.before_update = replaced
    with pytest.raises(TransientFailure, match="1 claims changed 3 times while they were decided on"):
        rules({"BatchInput": SHARED, "body": ["claim-000001"]}, context)
    assert "decision" not in table.items["claim-000001"]


def test_a_claim_that_is_gone_is_named_and_the_others_are_decided(
    loaded: Any, table: Table, context: Any, log_of: Any
) -> None:
    log = log_of("claims_rules")
    del table.items["claim-000005"]
    answer = rules(loaded, context)
    assert answer["failed"] == [
        {
            "claim": "claim-000005",
            "error": "ClaimNotFound",
            "cause": "table claims has no claim claim-000005: it was deleted",
        }
    ]
    assert answer["claims"] == answer["approved"] + sum(answer["rejected"].values()) + len(answer["failed"])
    assert [each["claim"] for each in log("item failed")] == ["claim-000005"]


def test_reads_and_decisions_that_are_left_over_are_tried_again(
    loaded: Any, table: Table, waits: list[float], context: Any
) -> None:
    table.leave_over = 2
    table.statement_errors = ["ThrottlingError", "ProvisionedThroughputExceeded", "InternalServerError"]
    answer = rules({"BatchInput": SHARED, "body": loaded["body"][:5]}, context)
    assert answer["approved"] == 5
    assert len(decided_on(table)) == 5
    assert table.calls[-5:] == [("read", 5), ("read", 4), ("read", 3), ("update", 5), ("update", 3)]
    assert waits == [0.05, 0.1, 0.05]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AccessDenied", AccessDenied), ("ResourceNotFound", NoSuchTable), ("ValidationError", RequestRefused)],
)
def test_a_decision_that_is_refused_fails_the_batch_by_its_name(
    code: str, kind: type[Exception], loaded: Any, table: Table, context: Any
) -> None:
    table.statement_errors = [code]
    with pytest.raises(kind, match=f"DynamoDB answered {code} to a decision for table claims"):
        rules(loaded, context)


def test_reads_and_decisions_that_are_left_over_for_long_fail_the_batch(
    loaded: Any, table: Table, context: Any
) -> None:
    table.leave_over = dynamodb.ATTEMPTS
    with pytest.raises(TransientFailure, match="left 5 reads over 10 times"):
        rules({"BatchInput": SHARED, "body": loaded["body"][:15]}, context)
    table.statement_errors = ["ThrottlingError"] * dynamodb.ATTEMPTS
    with pytest.raises(TransientFailure, match="left 1 decisions over 10 times"):
        rules({"BatchInput": SHARED, "body": loaded["body"][:1]}, context)


@pytest.mark.parametrize(
    "event",
    [
        None,
        {"BatchInput": SHARED},
        {"BatchInput": SHARED, "body": "ids"},
        {"BatchInput": SHARED, "body": [1]},
        {"BatchInput": SHARED, "body_at": {"bucket": "work"}},
        {"BatchInput": {}, "body": []},
        {"body": []},
    ],
)
def test_an_event_without_ids_or_execution_is_refused(event: Any, bucket: Bucket, context: Any) -> None:
    with pytest.raises(InvalidBatch):
        rules(event, context)


@pytest.mark.parametrize("name", ["TABLE_NAME", "WORK_BUCKET", "WORK_PREFIX"])
def test_a_missing_setting_is_told(name: str, bucket: Bucket, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(InvalidBatch, match=name):
        load(batch("a.json"), context)


def test_rules_at_fault_are_told_before_anything_is_decided(
    loaded: Any, table: Table, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RULES", '{"limit": 0}')
    with pytest.raises(InvalidBatch, match="limit must be a number above 0"):
        rules(loaded, context)
    assert not decided_on(table)


def test_an_empty_list_of_ids_is_decided_at_once(bucket: Bucket, table: Table, context: Any) -> None:
    answer = rules({"BatchInput": SHARED, "body": []}, context)
    assert answer == {"claims": 0, "approved": 0, "rejected": {}, "unchanged": 0, "failed": []}
    assert table.calls == []


def test_no_line_of_the_log_repeats_what_a_claim_says(
    bucket: Bucket, table: Table, context: Any, log_of: Any, capfd: Any
) -> None:
    logs = [log_of("claims_load"), log_of("claims_rules")]
    bucket.objects = {
        "a.json": file(claim(1), claim(2, status="Orla91"), claim(3, created="Orla91"), claim(1, use="Orla91")),
        "b.json": file(claim(4)).replace(b'"display": "Orla91', b'"display: "Orla91'),
    }
    answer = load(batch("a.json", "b.json"), context)
    decided = rules({"BatchInput": SHARED, **answer}, context)
    lines = [line for log in logs for message in ("batch", "item failed") for line in log(message)]
    assert len(lines) == 6
    told = json.dumps([answer, decided, lines])
    assert not [each for each in PERSONAL if each in told]
