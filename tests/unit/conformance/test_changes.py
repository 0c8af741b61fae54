"""A change brings an old recording to today, and nothing more."""

from __future__ import annotations

from tests.conformance.cases import Case
from tests.conformance.changes import CHANGES, of_today
from tests.conformance.compare import differences
from tests.conformance.placeholders import Bindings


def case(recorded):
    return Case(id="g/t", group="g", recorded=recorded, calls=(), answers={})


def differing(recorded, expected, got):
    changed, seen = of_today(case(recorded), "answer", expected, got)
    return [difference.path for difference in differences(changed, seen, Bindings())]


def event(number, previous, kind, **details):
    return {"id": number, "previousEventId": previous, "type": kind, **details}


def named(number, previous, kind, name):
    return event(number, previous, kind, stateEnteredEventDetails={"name": name})


def parallel(*branches, tail=()):
    return {"events": [event(1, 0, "ParallelStateStarted"), *branches, *tail]}


RECORDED = parallel(
    named([0], 0, "PassStateEntered", "A"),
    named([0], 0, "PassStateEntered", "B"),
    tail=[event(5, 3, "ParallelStateExited")],
)


def ours(first, second, tail_previous=3):
    return parallel(
        named(2, 1, "PassStateEntered", first),
        named(3, 1, "PassStateEntered", second),
        tail=[event(4, 3, "ParallelStateSucceeded"), event(5, tail_previous, "ParallelStateExited")],
    )


def test_branches_may_run_in_any_order():
    assert differing("2023-12-15", RECORDED, ours("A", "B")) == []
    assert differing("2023-12-15", RECORDED, ours("B", "A")) == []


def test_branches_are_all_there():
    assert differing("2023-12-15", RECORDED, ours("A", "A")) != []


def test_events_after_the_branches_stay_exact():
    assert differing("2023-12-15", RECORDED, ours("A", "B", tail_previous=2)) == ["$.events[3].previousEventId"]


def map_history(previous):
    return {
        "events": [
            event(4, 3, "MapRunStarted"),
            event(5, 4, "MapRunSucceeded"),
            event(6, 5, "MapStateSucceeded"),
            event(7, previous, "MapStateExited"),
        ]
    }


def test_an_old_recording_has_its_maps_exit_follow_the_start_of_the_run():
    assert differing("2024-03-25", map_history(5), map_history(4)) == []
    assert differing("2024-03-25", map_history(5), map_history(5)) == ["$.events[3].previousEventId"], "today's counts"


def test_a_new_recording_stays_as_it_is():
    assert differing("2024-11-14", map_history(5), map_history(4)) == ["$.events[3].previousEventId"]


def test_an_inline_maps_exit_stays_as_it_is():
    inline = {"events": [event(8, 7, "MapStateSucceeded"), event(9, 8, "MapStateExited")]}
    assert differing("2023-07-17", inline, inline) == []


MACHINE = {"definition": {}, "loggingConfiguration": {"level": "OFF"}}
WITH_KEY = MACHINE | {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}


def test_descriptions_name_their_key_since_july_2024():
    assert differing("2023-06-22", MACHINE, WITH_KEY) == []
    assert differing("2023-06-22", MACHINE, MACHINE) == ["$.encryptionConfiguration"]
    assert differing("2024-11-20", WITH_KEY, WITH_KEY) == []


def test_map_runs_count_redrives_since_november_2023():
    old = {"itemCounts": {"total": 2}, "executionCounts": {"total": 2}}
    counts = {"total": 2, "failuresNotRedrivable": 0, "pendingRedrive": 0}
    new = {"itemCounts": counts, "executionCounts": counts, "redriveCount": 0}
    assert differing("2023-09-21", old, new) == []
    assert "$.redriveCount" in differing("2023-09-21", old, old)


def response(date, **headers):
    headers = {"Content-Type": "text/xml", "Content-Length": "106", "Date": "Thu, 18 Apr 2024 06:27:01 GMT"} | headers
    every = {name: [value] for name, value in headers.items()} | {"Date": date}
    return {"output": {"AllHttpHeaders": every, "HttpHeaders": headers, "HttpStatusCode": 200}}


def test_a_services_response_has_its_own_length_and_date_and_no_more():
    recorded = response("date")
    today = ["Mon, 23 Nov 2026 15:32:00 GMT"]
    assert differing("2024-04-18", recorded, response(today, **{"Content-Length": "99", "Date": today[0]})) == []
    assert differing("2024-04-18", recorded, response(today, **{"Content-Type": "text/html"})) != []
    assert differing("2024-04-18", recorded, response("soon")) != []


def test_only_the_link_of_a_message_is_free():
    link = "https://sns/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:000000000000:t:s"
    recorded = [{"Message": "m", "UnsubscribeURL": "<unsubscribe-domain>/?Action=Unsubscribe"}]
    ours = [{"Message": "m", "UnsubscribeURL": link}]
    changed, seen = of_today(case("2024-02-01"), "messages", recorded, ours)
    assert differences(changed, seen, Bindings()) == []
    changed, seen = of_today(case("2024-02-01"), "messages", recorded, [ours[0] | {"Message": "n"}])
    assert [difference.path for difference in differences(changed, seen, Bindings())] == ["$[0].Message"]


def test_each_change_tells_its_reason():
    assert all(len(change.reason) > 20 for change in CHANGES)
