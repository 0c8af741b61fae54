"""The comparison is exact, but for what a placeholder stands for."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.conformance.compare import ABSENT, differences
from tests.conformance.placeholders import Bindings

MACHINE = "arn:<partition>:states:<region>:111111111111:stateMachine:<ArnPart_0idx>"
OURS = "arn:aws:states:us-east-1:000000000000:stateMachine:orders"
UUID_A = "0391faf0-4572-4480-9da4-4a5e590cf6f0"
UUID_B = "0391faf0-4572-4480-9da4-4a5e590cf6f1"


def compared(expected, got, bindings=None):
    """The differences as (path, expected, got)."""
    found = differences(expected, got, Bindings() if bindings is None else bindings)
    return [(difference.path, difference.expected, difference.got) for difference in found]


def test_equal_answers_have_no_difference():
    answer = {"events": [{"id": 1, "type": "ExecutionStarted", "details": {"truncated": False}}], "error": None}
    assert compared(answer, dict(answer)) == []


def test_a_wrong_value_is_found_where_it_stands():
    expected = {"events": [{"id": 1}, {"id": 2, "previousEventId": 0}]}
    got = {"events": [{"id": 1}, {"id": 2, "previousEventId": 1}]}
    assert compared(expected, got) == [("$.events[1].previousEventId", 0, 1)]


def test_a_part_of_a_text_is_not_enough():
    assert compared("The value is too large", "Sorry. The value is too large") != [], "never 'contains'"


@pytest.mark.parametrize(("expected", "got"), [(1, 1.0), (1, True), (0, False), (1, "1"), (None, "null"), ("", None)])
def test_types_count(expected, got):
    assert compared(expected, got) == [("$", expected, got)]


def test_the_order_of_a_list_counts():
    assert [path for path, _, _ in compared(["a", "b"], ["b", "a"])] == ["$[0]", "$[1]"]


def test_the_order_of_keys_does_not_count():
    assert compared({"a": 1, "b": 2}, {"b": 2, "a": 1}) == []


def test_missing_and_surplus_keys_are_differences():
    assert compared({"a": 1}, {"b": 2}) == [("$.a", 1, ABSENT), ("$.b", ABSENT, 2)]


def test_missing_and_surplus_members_of_a_list_are_differences():
    assert compared([1, 2], [1]) == [("$[1]", 2, ABSENT)]
    assert compared([1], [1, 2]) == [("$[1]", ABSENT, 2)]


def test_a_json_text_is_compared_with_the_parsed_recording():
    assert compared({"input": {"a": 1, "b": [2]}}, {"input": '{"b": [2], "a":1}'}) == []
    assert compared({"input": {"a": 1}}, {"input": '{"a": 1.0}'}) == [("$.input.a", 1, 1.0)]


def test_two_json_texts_are_compared_by_what_they_say():
    assert compared('["Hello", "World"]', '["Hello","World"]') == []
    assert compared('["Hello", "World"]', '["World","Hello"]') != []


def test_a_recorded_text_is_not_an_object():
    assert compared('{"a": 1}', {"a": 1}) != [], "AWS gave a text here"


def test_a_json_text_of_a_scalar_keeps_its_type():
    assert compared('"1"', "1") != [], "the text is a JSON string, not a number"


def test_fixed_placeholders_are_our_partition_region_and_account():
    assert compared(MACHINE, OURS) == []
    assert compared(MACHINE, OURS.replace("us-east-1", "eu-west-1")) != []
    assert compared(MACHINE, OURS.replace("000000000000", "123456789012")) != []


def test_a_placeholder_keeps_what_it_stands_for():
    expected = {"stateMachineArn": MACHINE, "name": "<ArnPart_0idx>"}
    assert compared(expected, {"stateMachineArn": OURS, "name": "orders"}) == []
    assert compared(expected, {"stateMachineArn": OURS, "name": "bills"}) == [("$.name", "<ArnPart_0idx>", "bills")]


def test_a_placeholder_keeps_what_it_stands_for_within_one_text():
    assert compared("<uuid:1> and <uuid:1>", f"{UUID_A} and {UUID_A}") == []
    assert compared("<uuid:1> and <uuid:1>", f"{UUID_A} and {UUID_B}") != []


def test_a_placeholder_keeps_what_it_stands_for_from_answer_to_answer():
    bindings = Bindings()
    assert compared("<uuid:1>", UUID_A, bindings) == []
    assert compared("<uuid:1>", UUID_B, bindings) != []


def test_two_numbers_of_a_family_stand_for_two_values():
    assert compared(["<uuid:1>", "<uuid:2>"], [UUID_A, UUID_B]) == []
    assert compared(["<uuid:1>", "<uuid:2>"], [UUID_A, UUID_A]) == [("$[1]", "<uuid:2>", UUID_A)]


def test_a_placeholder_may_be_written_in_double_brackets():
    assert compared("<<task_token>:1> <<task_token>:1>", "AAAA= AAAA=") == []
    assert compared("<<task_token>:1> <<task_token>:1>", "AAAA= BBBB=") != []


def test_a_placeholder_has_a_form():
    assert compared("<uuid:1>", "no uuid") != []
    assert compared("activity_arn", "arn:aws:states:us-east-1:000000000000:activity:sort") == []
    assert compared("activity_arn", "arn:aws:states:us-east-1:000000000000:stateMachine:sort") != []


def test_a_text_that_did_not_match_binds_nothing():
    bindings = Bindings()
    assert compared("id <uuid:1> failed", f"id {UUID_A} passed", bindings) != []
    assert compared("<uuid:1>", UUID_B, bindings) == []


def test_a_bare_placeholder_within_a_text_is_one():
    expected = "Activity Does Not Exist: 'activity_arn'"
    assert compared(expected, "Activity Does Not Exist: 'arn:aws:states:us-east-1:000000000000:activity:sort'") == []


def test_a_bare_placeholder_within_a_word_is_none():
    assert compared("my_activity_arn", "my_arn:aws:states:us-east-1:000000000000:activity:sort") != []


def test_unknown_angle_brackets_are_text():
    assert compared("<class 'str'>", "<class 'str'>") == []
    assert compared("<nothing-known>", "something") != []


@pytest.mark.parametrize(
    "moment",
    [
        dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
        "2026-11-23T15:32:00.123Z",
        "Mon, 23 Nov 2026 15:32:00 GMT",
        1795448947.278,
        1795448947278,
        "1795448947278",
    ],
)
def test_a_moment_stands_for_any_moment(moment):
    assert compared("timestamp", moment) == []


@pytest.mark.parametrize("value", ["soon", 12, True, None, "2026", {"a": 1}])
def test_a_moment_stands_for_nothing_else(value):
    assert compared("datetime", value) == [("$", "datetime", value)]


def test_a_moment_within_a_text_is_text():
    assert compared("at timestamp", "at 2026-11-23T15:32:00Z") != []
