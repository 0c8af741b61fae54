"""Failures grouped by error: all counted, a few kept."""

from __future__ import annotations

from operate.page.failures import SAMPLES_PER_ERROR, Tally, cause_text, failed_items, subject_text
from tests.unit.operate.answers import dumped


def test_every_failure_is_counted_and_few_are_kept():
    tally = Tally()
    for number in range(1_000):
        batch = dumped({"Items": [{"Key": f"{number}/{each}"} for each in range(7)]})
        tally.add_child(status="FAILED", error="Boom", cause="it broke", given=batch, child=f"arn:{number}")
    for number in range(40):
        tally.add_item({"key": f"k{number}", "error": "NotCsv", "cause": "is HTML"}, child="arn")
    boom, not_csv = tally.groups()
    assert (boom.error, boom.children, boom.items, boom.alone) == ("Boom", 1_000, 7_000, 0)
    assert (not_csv.error, not_csv.children, not_csv.items, not_csv.alone) == ("NotCsv", 0, 40, 40)
    assert len(boom.samples) == len(not_csv.samples) == SAMPLES_PER_ERROR
    assert boom.samples[0].subject == "7 items: 0/0, 0/1, 0/2, …"
    assert (not_csv.samples[0].subject, not_csv.samples[0].cause) == ("k0", "is HTML")


def test_a_child_without_an_error_name_is_known_by_its_status():
    tally = Tally()
    tally.add_child(status="ABORTED", error=None, cause="stopped", given="{}", child="a")
    tally.add_child(status="TIMED_OUT", error=None, cause=None, given="{}", child="b")
    assert [group.error for group in tally.groups()] == ["States.Timeout", "aborted"]


def test_failed_lists_are_found_inside_a_task_result_and_an_array():
    answer = {"items": 2, "failed": [{"key": "a", "error": "E", "cause": "c"}]}
    assert [each["key"] for each in failed_items({"Payload": answer, "x": [answer]})] == ["a", "a"]
    assert not list(failed_items({"failed": 3})), "a count of failures names none"
    assert not list(failed_items({"failed": ["a"]})), "a list of something else is no answer of a batch handler"


def test_the_cause_of_a_function_is_its_type_and_message():
    cause = dumped({"errorMessage": "no such key", "errorType": "NoSuchKey", "stackTrace": ["secret path"]})
    assert cause_text(cause) == "NoSuchKey: no such key"
    assert cause_text("plain") == "plain"
    assert cause_text(None) == "no cause given"


def test_the_subject_is_a_key_where_there_is_one():
    assert subject_text({"Bucket": "b", "Key": "a/b.csv", "Size": 3}) == "a/b.csv"
    assert subject_text({"rating": "5.0"}) == '{"rating":"5.0"}'
    assert subject_text({"Items": [{"rating": "5.0"}]}) == '1 item: {"rating":"5.0"}'
